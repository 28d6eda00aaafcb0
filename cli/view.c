/*
 * view.c - choosing a view, and the two live ones: raw and frame.
 */
#include "cli/view.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/terminal.h"
#include "common/mem.h"
#include "common/str.h"

static void on_sink(struct sink *sink, void *arg)
{
	struct view *v = arg;

	(void)sink;
	v->on_event(v, v->arg);
}

static bool is_same_place(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino &&
	       sa.st_rdev == sb.st_rdev;
}

static bool frames(const struct run_request *request, bool is_terminal)
{
	return is_terminal && !request->options->quiet && !request->options->tty && request->kind != RUN_KIND_OBSERVE;
}

static const struct view_ops *find_ops(const struct run_request *request, bool is_terminal)
{
	static const struct view_ops *const views[] = { &view_raw, &view_frame, &view_box, &view_json };
	const char *format = request->options->global.format;

	if (!format || str_equal(format, "text"))
		return request->options->detach ? &view_detached : frames(request, is_terminal) ? &view_frame : &view_raw;
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		if (str_equal(format, views[i]->format))
			return request->options->detach && views[i] != &view_json ? &view_detached : views[i];
	}
	return NULL;
}

int view_init(struct view *v, const struct run_request *request, char **error)
{
	const struct run_options *options = request->options;
	enum style_when when;

	*v = (struct view){ .request = request };
	if (style_parse_when(options->global.color, &when)) {
		*error = mem_printf("--color: %s is none of auto, always, never", str_quote(options->global.color));
		return -EINVAL;
	}
	v->style.is_terminal = isatty(STDOUT_FILENO);
	v->ops = find_ops(request, v->style.is_terminal);
	if (!v->ops) {
		*error = mem_printf("-o: %s is none of raw, frame, box, json", str_quote(options->global.format));
		return -EINVAL;
	}
	if (v->ops == &view_frame || v->ops == &view_box)
		v->style = style_of(STDOUT_FILENO, when);
	v->has_notices = !options->quiet && isatty(STDERR_FILENO);
	v->dim_notices = v->has_notices && style_of(STDERR_FILENO, when).color;
	v->joins_stderr = is_same_place(STDOUT_FILENO, STDERR_FILENO);
	return 0;
}

void view_attach(struct view *v, struct ev_loop *loop, void (*on_event)(struct view *, void *), void *arg)
{
	v->on_event = on_event;
	v->arg = arg;
	sink_init(&v->sinks[FRAME_STDOUT], loop, STDOUT_FILENO, on_sink, v);
	sink_init(&v->sinks[FRAME_STDERR], loop, STDERR_FILENO, on_sink, v);
	frame_init(&v->frame, &v->style, &v->drawn);
}

bool view_is_busy(const struct view *v)
{
	return sink_is_busy(&v->sinks[FRAME_STDOUT]) || sink_is_busy(&v->sinks[FRAME_STDERR]);
}

bool view_discard(struct view *v)
{
	bool has_stdout = sink_discard(&v->sinks[FRAME_STDOUT]), has_stderr = sink_discard(&v->sinks[FRAME_STDERR]);

	return has_stdout || has_stderr;
}

int view_error(const struct view *v)
{
	if (v->finish_error)
		return v->finish_error;
	return v->sinks[FRAME_STDOUT].error ? v->sinks[FRAME_STDOUT].error : v->sinks[FRAME_STDERR].error;
}

void view_done(struct view *v)
{
	for (int i = 0; i < FRAME_STREAMS; i++) {
		sink_done(&v->sinks[i]);
		buf_done(&v->collected[i]);
	}
	frame_done(&v->frame);
	buf_done(&v->drawn);
}

static char *view_cut_text(const struct view *v)
{
	return mem_printf("%s: output was cut: a process that the command left behind still holds it open",
			  v->request->agent);
}

/* The master says which agent it could not call. */
static bool names_agent(const char *error, const char *agent)
{
	static const char *const before[] = { "agent not found or inactive: ", "agent " };

	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		size_t n = strlen(before[i]), end = n + strlen(agent);

		if (str_has_prefix(error, before[i]) && str_has_prefix(error + n, agent) && (!error[end] || strchr(": ", error[end])))
			return true;
	}
	return false;
}

/* A command that was interrupted, or whose reader went away, needs no obituary: shells keep quiet too. */
void view_report(const struct view *v, const struct run_result *result)
{
	bool is_quiet_signal = result->outcome == RESULT_SIGNALLED &&
		(result->signal == SIGINT || result->signal == SIGPIPE) && result->status == 128 + result->signal;

	if (!result->error || is_quiet_signal)
		return;
	if (names_agent(result->error, v->request->agent))
		report_error("%s", result->error);
	else
		report_error("%s: %s", v->request->agent, result->error);
	if (result->hint)
		report_hint("%s", result->hint);
}

static void write_notice(struct view *v, const char *text)
{
	struct buf line = { 0 };

	if (terminal_is_raw())
		buf_append_str(&line, "\r");
	report_format_notice(&line, v->dim_notices, text);
	if (terminal_is_raw())
		buf_append_str(&line, "\r");
	sink_write(&v->sinks[FRAME_STDERR], buf_data(&line), buf_len(&line));
	buf_done(&line);
}

void view_notice(struct view *v, const char *text)
{
	if (v->has_notices)
		write_notice(v, text);
}

/* Who sees notices has seen where it is missing. */
static void report_missing(struct view *v, const struct run_result *result)
{
	char *text;

	if (!result->missing || result->is_incomplete || v->has_notices)
		return;
	text = mem_printf("%s: %llu bytes of its output are missing: its agent has them no more", v->request->agent,
			  (unsigned long long)result->missing);
	write_notice(v, text);
	free(text);
}

void view_report_cut(struct view *v, const struct run_result *result)
{
	char *text;

	if (v->request->options->quiet)
		return;
	report_missing(v, result);
	if (!result->is_cut)
		return;
	text = view_cut_text(v);
	write_notice(v, text);
	free(text);
}

/* ---- raw ---- */

static int raw_started(struct view *v)
{
	(void)v;
	return 0;
}

static int raw_output(struct view *v, enum frame_stream stream, const void *data, size_t n)
{
	return sink_write(&v->sinks[stream], data, n);
}

static void raw_finish(struct view *v, const struct run_result *result)
{
	if (result->is_silent)
		return;
	view_report_cut(v, result);
	view_report(v, result);
}

const struct view_ops view_raw = {
	.format = "raw",
	.started = raw_started,
	.output = raw_output,
	.notice = view_notice,
	.finish = raw_finish,
};

/* ---- frame ---- */

static int flush_drawn(struct view *v)
{
	int ret = buf_len(&v->drawn) ? sink_write(&v->sinks[FRAME_STDOUT], buf_data(&v->drawn), buf_len(&v->drawn)) : 0;

	buf_clear(&v->drawn);
	return ret;
}

static int frame_started(struct view *v)
{
	v->is_framed = true;
	frame_open(&v->frame, v->request->agent, v->request->command);
	return flush_drawn(v);
}

static int frame_output(struct view *v, enum frame_stream stream, const void *data, size_t n)
{
	if (stream == FRAME_STDERR && !v->joins_stderr)
		return raw_output(v, stream, data, n);
	frame_text(&v->frame, stream, data, n);
	return flush_drawn(v);
}

static void framed_notice(struct view *v, const char *text)
{
	if (!v->is_framed || !v->joins_stderr) {
		view_notice(v, text);
		return;
	}
	frame_notice(&v->frame, text);
	flush_drawn(v);
}

static void frame_cut(struct view *v)
{
	char *text = view_cut_text(v);

	frame_notice(&v->frame, text);
	free(text);
}

static void frame_finish(struct view *v, const struct run_result *result)
{
	char *summary;

	if (!v->is_framed || !v->joins_stderr)
		raw_finish(v, result);
	if (!v->is_framed || result->is_silent)
		return;
	summary = run_result_summary(result);
	if (result->is_cut && v->joins_stderr && !v->request->options->quiet)
		frame_cut(v);
	if (result->error && !result->is_plain)
		frame_error(&v->frame, result->error);
	frame_close(&v->frame, result->status == 0, summary);
	flush_drawn(v);
	free(summary);
}

const struct view_ops view_frame = {
	.format = "frame",
	.started = frame_started,
	.output = frame_output,
	.notice = framed_notice,
	.finish = frame_finish,
};

/* ---- detached ---- */

static int detached_output(struct view *v, enum frame_stream stream, const void *data, size_t n)
{
	(void)v;
	(void)stream;
	(void)data;
	(void)n;
	return 0;
}

static void detached_finish(struct view *v, const struct run_result *result)
{
	char id[2 * RUN_ID_SIZE + 2];

	if (result->outcome == RESULT_RUNNING && !result->error) {
		str_hex(v->request->id, RUN_ID_SIZE, id);
		id[2 * RUN_ID_SIZE] = '\n';
		sink_write(&v->sinks[FRAME_STDOUT], id, 2 * RUN_ID_SIZE + 1);
	}
	if (!result->is_silent)
		view_report(v, result);
}

const struct view_ops view_detached = {
	.format = "text",
	.started = raw_started,
	.output = detached_output,
	.notice = view_notice,
	.finish = detached_finish,
};
