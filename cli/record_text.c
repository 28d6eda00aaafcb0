/*
 * record_text.c - the record of a run in words and as a table.
 */
#include "cli/record_text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_text.h"
#include "cli/frame.h"
#include "cli/table.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

enum { LABEL_WIDTH = 13, COMMAND_COLUMNS = 60, ID_COLUMNS = 8, ID_BYTES_MAX = 32 };

const char *const record_open_states[RECORD_OPEN_STATES] = { "queued", "running", "unreachable", "lost-contact" };

static const struct {
	const char *name;
	bool is_over;
} states[] = {
	{ "queued", false }, { "running", false }, { "exited", true }, { "signalled", true }, { "timed-out", true },
	{ "cancelled", true }, { "rejected", true }, { "unreachable", false }, { "lost-contact", false },
	{ "unknown", true }, { "never-began", true },
};
enum { N_STATES = sizeof states / sizeof *states };

/* What provably never began is over, however its agent was missed. A state of a newer master can change. */
bool record_is_over(const Sloth__V1__RunRecord *record)
{
	if (record->ended_ms)
		return true;
	for (size_t i = 0; i < N_STATES; i++) {
		if (str_equal(states[i].name, record->state))
			return states[i].is_over;
	}
	return false;
}

char *record_id_text(const Sloth__V1__RunRecord *record)
{
	char hex[2 * ID_BYTES_MAX + 1];
	size_t n = record->run_id.len < ID_BYTES_MAX ? record->run_id.len : ID_BYTES_MAX;

	str_hex(record->run_id.data, n, hex);
	return mem_strdup(hex);
}

static char *signal_text(uint32_t number)
{
	const char *name = number < 65 ? sigabbrev_np((int)number) : NULL;

	return name ? mem_printf("signal %u (%s)", number, name) : mem_printf("signal %u", number);
}

static char *since_text(int64_t ms, int64_t now_s)
{
	char *at = agent_clock_text(ms / 1000, now_s), *text = mem_printf("since %s", at);

	free(at);
	return text;
}

char *record_state_text(const Sloth__V1__RunRecord *record, int64_t now_s)
{
	char *detail, *text;

	if (str_equal(record->state, "exited"))
		return mem_printf("exited %u", record->code);
	if (str_equal(record->state, "signalled"))
		detail = signal_text(record->code ? record->code : record->signal);
	else if (!record_is_over(record) && record->since_ms)
		detail = since_text(record->since_ms, now_s);
	else
		detail = mem_strdup(record->reason);
	text = mem_printf("%s%s%s", record->state, *detail ? ": " : "", detail);
	free(detail);
	return text;
}

/* ---- the table ---- */

/* In a column: why, and since when, `sloth run show` tells. */
static char *state_cell(const Sloth__V1__RunRecord *r)
{
	uint32_t number = r->code ? r->code : r->signal;
	const char *name = number && number < 65 ? sigabbrev_np((int)number) : NULL;

	if (str_equal(r->state, "exited"))
		return mem_printf("exited %u", r->code);
	if (!str_equal(r->state, "signalled"))
		return mem_strdup(r->state);
	return name ? mem_printf("signalled %s", name) : mem_printf("signalled %u", number);
}

static const char *state_color(const Sloth__V1__RunRecord *r)
{
	if (!record_is_over(r))
		return str_equal(r->state, "running") || str_equal(r->state, "queued") ? STYLE_BOLD : STYLE_RED;
	return str_equal(r->state, "exited") && r->code == 0 ? STYLE_GREEN : STYLE_RED;
}

/* How long it took, or has been going on. */
static char *time_text(const Sloth__V1__RunRecord *r, int64_t now_ms)
{
	if (r->ended_ms || r->duration_ms)
		return mem_strdup(str_duration_ms(r->duration_ms));
	if (!r->started_ms || record_is_over(r))
		return mem_strdup("-");
	return mem_strdup(str_duration_ms(now_ms > r->started_ms ? (uint64_t)(now_ms - r->started_ms) : 0));
}

/* In a list the beginning is enough. Line breaks become spaces, so that one run is one line. */
static char *command_text(const struct style *style, const char *command)
{
	struct buf text = { 0 }, clean = { 0 };

	style_append_clean(&clean, command);
	frame_append_cut(style, &text, buf_string(&clean), COMMAND_COLUMNS);
	buf_done(&clean);
	return buf_take_string(&text);
}

static void add_row(struct table *table, const struct style *style, const Sloth__V1__RunRecord *r, int64_t now_s)
{
	char *id = record_id_text(r), *state = state_cell(r), *time = time_text(r, now_s * 1000);
	char *started = r->started_ms ? agent_clock_text(r->started_ms / 1000, now_s) : mem_strdup("-");
	char *command = command_text(style, r->command);
	const char *cells[] = { id, r->agent_name, *r->principal ? r->principal : "-", started, time, state, command };

	if (strlen(id) > ID_COLUMNS)
		id[ID_COLUMNS] = '\0';
	table_add(table, cells, 5, state_color(r));
	free(id);
	free(state);
	free(time);
	free(started);
	free(command);
}

void record_text_runs(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error)
{
	static const char *const columns[] = { "ID", "AGENT", "BY", "STARTED", "TIME", "STATE", "COMMAND" };
	struct table *table = table_new(&to->style, columns, sizeof columns / sizeof *columns);
	int64_t now = wall_s();

	(void)error;
	for (size_t i = 0; i < runs->n_runs; i++)
		add_row(table, &to->style, runs->runs[i], now);
	if (runs->n_runs)
		table_print(table);
	table_free(table);
}

/* ---- one run ---- */

static void print_row(const char *label, char *text)
{
	struct buf line = { 0 };

	if (*text) {
		style_append_clean(&line, text);
		printf("%s:%*s%s\n", label, (int)(LABEL_WIDTH - 1 - strlen(label)), "", buf_string(&line));
	}
	buf_done(&line);
	free(text);
}

static char *clock_text(int64_t ms, int64_t now_s)
{
	return ms ? agent_clock_text(ms / 1000, now_s) : mem_strdup("");
}

static char *output_text_of(const Sloth__V1__RunRecord *r)
{
	return mem_printf("%s out, %s err%s", str_bytes(r->stdout_bytes), str_bytes(r->stderr_bytes),
			  r->has_output ? "; its agent has it" : "");
}

void record_text_run(const struct output *to, const Sloth__V1__RunRecord *r)
{
	int64_t now = wall_s();

	(void)to;
	print_row("Id", record_id_text(r));
	print_row("Agent", mem_strdup(r->agent_name));
	print_row("Command", mem_strdup(r->command));
	print_row("State", record_state_text(r, now));
	if (*r->reason && (str_equal(r->state, "signalled") || !record_is_over(r)))
		print_row("Reason", mem_strdup(r->reason));
	print_row("By", mem_strdup(r->principal));
	print_row("Runs as", mem_strdup(r->run_as));
	print_row("Started", clock_text(r->started_ms, now));
	print_row("Ended", clock_text(r->ended_ms, now));
	print_row("Time", time_text(r, now * 1000));
	print_row("Output", output_text_of(r));
	print_row("Detached", mem_strdup(r->detached ? "yes" : ""));
	print_row("Held by", mem_strdup(r->containment));
}
