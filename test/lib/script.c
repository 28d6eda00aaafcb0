#include "test/lib/script.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "wire/code.h"

static struct buf reaction;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	va_list ap;

	if (buf_len(&reaction))
		buf_append(&reaction, " ", 1);
	va_start(ap, fmt);
	buf_vprintf(&reaction, fmt, ap);
	va_end(ap);
}

static void say_block(struct raw *r)
{
	const char *fields = buf_string(&r->frame.payload), *end = r->frame.flags & ES ? "." : "";
	const char *status = strstr(fields, ":status: "), *grpc = strstr(fields, "grpc-status: ");

	if (status && !grpc)
		say("%u:%d%s", r->frame.stream, atoi(status + 9), end);
	else if (grpc)
		say("%u:trailers(%d)%s", r->frame.stream, atoi(grpc + 13), end);
	else
		say("%u:fields%s", r->frame.stream, end);
}

static void say_frame(struct raw *r)
{
	switch (r->frame.type) {
	case RAW_HEADERS:
		say_block(r);
		break;
	case RAW_DATA:
		say("%u:data(%zu)%s", r->frame.stream, buf_len(&r->frame.payload), r->frame.flags & ES ? "." : "");
		break;
	case RAW_RST_STREAM:
		say("%u:reset(%s)", r->frame.stream, wire_h2_error_name(raw_u32(r, 0)));
		break;
	case RAW_GOAWAY:
		say("goaway(%s)", wire_h2_error_name(raw_u32(r, 4)));
		break;
	case RAW_PING:
		say(r->frame.flags & RAW_ACK ? "pong" : "ping");
		break;
	case RAW_SETTINGS:
		if (r->frame.flags & RAW_ACK)
			say("settings");
		break;
	default:
		break;
	}
}

/* Frames up to the answer to a frame of ours, which is left out; false: closed. */
static bool hear_until(struct raw *r, uint8_t type, unsigned n)
{
	while (raw_next(r)) {
		if (r->frame.type == type && r->frame.flags & RAW_ACK && n-- == 0)
			return true;
		say_frame(r);
	}
	return false;
}

static void send_filled(struct raw *r, const struct step *step)
{
	char *data = mem_alloc(step->n);

	memset(data, 'x', step->n);
	raw_send_frame(r, step->type, step->flags, step->stream, data, step->n);
	free(data);
}

void script_send(struct raw *r, const struct step *step)
{
	if (step->kind == STEP_FRAME)
		raw_send_frame(r, step->type, step->flags, step->stream, step->data, step->n);
	else if (step->kind == STEP_FILLED)
		send_filled(r, step);
	else if (step->kind == STEP_BYTES)
		raw_send(r, step->data, step->n);
}

static bool asks(const struct step *step, uint8_t type)
{
	return step->kind == STEP_FRAME && step->type == type && !(step->flags & RAW_ACK) && step->stream == 0;
}

const char *script_play(struct raw *r, const struct step *steps)
{
	unsigned pings = 0, settings = 0;
	bool open = true;

	buf_clear(&reaction);
	for (size_t i = 0; i < STEPS_MAX && steps[i].kind && open; i++) {
		script_send(r, &steps[i]);
		pings += asks(&steps[i], RAW_PING);
		settings += asks(&steps[i], RAW_SETTINGS);
		if (steps[i].kind != STEP_SYNC)
			continue;
		raw_send_frame(r, RAW_SETTINGS, 0, 0, NULL, 0);
		open = hear_until(r, RAW_SETTINGS, settings);
		settings = 0;
	}
	if (open) {
		raw_send_frame(r, RAW_PING, 0, 0, "fence...", 8);
		open = hear_until(r, RAW_PING, pings);
	}
	if (open) {
		raw_send_frame(r, RAW_SETTINGS, 0, 0, NULL, 0);
		open = hear_until(r, RAW_SETTINGS, 0);
	}
	if (!open)
		say(r->cut ? "cut" : "closed");
	return buf_string(&reaction);
}

unsigned script_check(const struct script *scripts, size_t n)
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		struct raw r;
		const char *got;

		raw_open(&r, NULL);
		raw_handshake(&r);
		got = script_play(&r, scripts[i].steps);
		if (strcmp(got, scripts[i].reaction)) {
			printf("%s: \"%s\" instead of \"%s\"\n", scripts[i].name, got, scripts[i].reaction);
			bad++;
		}
		raw_close(&r);
	}
	fflush(stdout);		/* the process of a failed test does not come to its end */
	return bad;
}
