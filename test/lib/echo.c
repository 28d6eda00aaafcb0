#include "test/lib/echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct echo_seen echo_seen;

struct chat {
	uint64_t left, bytes;
	bool closed;
};

static void note_start(struct wire_call *call)
{
	const struct wire_field *bin = wire_call_field(call, "x-data-bin");
	const char *text;

	echo_seen.n_started++;
	echo_seen.left_ms = wire_call_left_ms(call);
	if (bin && bin->len <= sizeof echo_seen.bin) {
		memcpy(echo_seen.bin, bin->value, bin->len);
		echo_seen.bin_len = bin->len;
	}
	if ((text = wire_call_text(call, "x-header", NULL)))
		wire_add_header(call, &WIRE_FIELD("x-header", text));
	if ((text = wire_call_text(call, "x-trailer", NULL)))
		wire_add_trailer(call, &WIRE_FIELD("x-trailer", text));
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	(void)call;
	echo_seen.n_ended++;
	echo_seen.last_code = code;
	snprintf(echo_seen.last_why, sizeof echo_seen.last_why, "%s", why);
	free(arg);
}

static void unary(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	note_start(call);
	wire_send(call, data, len);
	wire_end(call, WIRE_OK, NULL);
}

static void chat_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	if (!wire_send(call, data, len))
		wire_pause(call);
}

static void chat_drain(struct wire_call *call, void *arg)
{
	(void)arg;
	wire_resume(call);
}

static void chat_half_close(struct wire_call *call, void *arg)
{
	(void)arg;
	wire_end(call, WIRE_OK, NULL);
}

static void chat(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = {
		.on_message = chat_message, .on_drain = chat_drain, .on_half_close = chat_half_close, .on_end = on_end
	};

	(void)data;
	(void)len;
	(void)arg;
	note_start(call);
	wire_accept(call, &ops, mem_new(struct chat));
}

static void count_more(struct wire_call *call, void *arg)
{
	static const char block[1000];
	struct chat *c = arg;
	bool go_on = true;

	while (c->left && go_on) {
		c->left--;
		go_on = wire_send(call, block, sizeof block);
	}
	if (!c->left)
		wire_end(call, WIRE_OK, NULL);
}

static void count(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_drain = count_more, .on_end = on_end };
	struct chat *c = mem_new(struct chat);
	char text[24];

	(void)arg;
	snprintf(text, sizeof text, "%.*s", (int)len, (const char *)data);
	c->left = strtoull(text, NULL, 10);
	note_start(call);
	wire_accept(call, &ops, c);
	count_more(call, c);
}

static void sink_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct chat *c = arg;

	(void)call;
	(void)data;
	c->bytes += len;
}

static void sink_half_close(struct wire_call *call, void *arg)
{
	struct chat *c = arg;
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)c->bytes);
	wire_send(call, text, strlen(text));
	wire_end(call, WIRE_OK, NULL);
}

static void sink(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = {
		.on_message = sink_message, .on_half_close = sink_half_close, .on_end = on_end
	};

	(void)data;
	(void)len;
	(void)arg;
	note_start(call);
	wire_accept(call, &ops, mem_new(struct chat));
}

static void fail(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	char *text = mem_strndup((const char *)data, len);
	char *words;
	unsigned long code = strtoul(text, &words, 10);

	(void)arg;
	note_start(call);
	wire_end(call, (enum wire_code)code, *words ? words + 1 : "");
	free(text);
}

static void silent(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_end = on_end };

	(void)data;
	(void)len;
	(void)arg;
	note_start(call);
	wire_accept(call, &ops, NULL);
}

static void stuck(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	chat(call, data, len, arg);
	wire_pause(call);
	echo_seen.stuck = call;
}

static void once_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
	echo_seen.n_once++;
	wire_end(call, WIRE_OK, NULL);
}

static void once_half_close(struct wire_call *call, void *arg)
{
	(void)call;
	(void)arg;
	echo_seen.n_once += 100;
}

static void once(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_message = once_message, .on_half_close = once_half_close, .on_end = on_end };

	(void)data;
	(void)len;
	(void)arg;
	note_start(call);
	wire_accept(call, &ops, NULL);
}

void echo_serve(struct wire *wire)
{
	static const struct wire_method methods[] = {
		{ .path = "/test.Echo/Unary", .roles = WIRE_ANYONE, .unary = true, .start = unary },
		{ .path = "/test.Echo/Chat", .roles = WIRE_ANYONE, .start = chat },
		{ .path = "/test.Echo/Count", .roles = WIRE_ANYONE, .unary = true, .start = count },
		{ .path = "/test.Echo/Sink", .roles = WIRE_ANYONE, .start = sink },
		{ .path = "/test.Echo/Fail", .roles = WIRE_ANYONE, .unary = true, .start = fail },
		{ .path = "/test.Echo/Once", .roles = WIRE_ANYONE, .start = once },
		{ .path = "/test.Echo/Silent", .roles = WIRE_ANYONE, .runs_long = true, .start = silent },
		{ .path = "/test.Echo/Stuck", .roles = WIRE_ANYONE, .runs_long = true, .start = stuck },
	};

	echo_seen = (struct echo_seen){ 0 };
	wire_serve(wire, methods, sizeof methods / sizeof *methods, NULL);
}
