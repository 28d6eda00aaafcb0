/* test_fields.c - the fields of header blocks, as both ends write and read them: order, limits, metadata. */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/lib/pair.h"
#include "test/lib/script.h"
#include "test/lib/unit.h"
#include "wire/limits.h"

/* ---- what our client writes ---- */

static void begin_server(struct raw *r, const char *settings, size_t n)
{
	raw_accept(r, 0);
	raw_send_frame(r, RAW_SETTINGS, 0, 0, settings, n);
	raw_send_frame(r, RAW_SETTINGS, RAW_ACK, 0, NULL, 0);
}

static void ask(struct raw *r, uint64_t timeout_ms, const struct wire_field *metadata, size_t n, struct record *rec)
{
	const struct wire_request request = {
		.path = "/test.Echo/Any", .timeout_ms = timeout_ms, .metadata = metadata, .n_metadata = n,
	};

	*rec = (struct record){ .call = NULL };
	rec->call = wire_call(r->conn, &request, &record_ops, rec);
	ck_assert(raw_wait(r, RAW_HEADERS));
}

static void end(struct raw *r, struct record *rec)
{
	raw_close(r);
	record_done(rec);
}

/* PROTOCOL-HTTP2: reserved fields first, the timeout at once behind the pseudo fields, metadata last. */
START_TEST(request_fields_have_their_order)
{
	const struct wire_field metadata[] = { WIRE_FIELD("x-text", "a b"), { "x-raw-bin", "\0\1\377\376", 4 } };
	struct record rec;
	struct raw r;
	char *expected;

	begin_server(&r, NULL, 0);
	ask(&r, 100000000, metadata, 2, &rec);
	expected = mem_printf(":method: POST\n:scheme: http\n:path: /test.Echo/Any\n:authority: %s\n"
			      "grpc-timeout: 100000S\nte: trailers\ncontent-type: application/grpc\n"
			      "user-agent: sloth/" SLOTH_VERSION " grpc-c/" SLOTH_VERSION "\n"
			      "grpc-accept-encoding: identity\nx-text: a b\nx-raw-bin: AAH//g\n",
			      wire_conn_peer(r.conn)->address);
	ck_assert_str_eq(buf_string(&r.frame.payload), expected);
	free(expected);
	end(&r, &rec);
}
END_TEST

START_TEST(request_without_a_deadline_has_no_timeout)
{
	struct record rec;
	struct raw r;

	begin_server(&r, NULL, 0);
	ask(&r, 0, NULL, 0, &rec);
	ck_assert_ptr_null(strstr(buf_string(&r.frame.payload), "grpc-timeout"));
	end(&r, &rec);
}
END_TEST

/* What differs from call to call does not push what does not out of the server's table. */
START_TEST(values_of_a_call_stay_out_of_the_table)
{
	size_t size = 0;
	struct raw r;

	begin_server(&r, NULL, 0);
	for (int i = 0; i < 5; i++) {
		char text[20];
		struct wire_field id = { "x-id", text, 1 };
		struct record rec;

		snprintf(text, sizeof text, "%d", i);
		ask(&r, 1000 + (uint64_t)i, &id, 1, &rec);
		wire_end(rec.call, WIRE_CANCELLED, NULL);
		pair_run(&(struct pair){ .loop = r.loop }, pair_is, &rec.ended);
		record_done(&rec);
		if (i == 0)
			size = nghttp2_hd_inflate_get_dynamic_table_size(r.inflater);
		ck_assert_uint_gt(size, 0);
		ck_assert_uint_eq(nghttp2_hd_inflate_get_dynamic_table_size(r.inflater), size);
	}
	raw_close(&r);
}
END_TEST

START_TEST(names_and_values_that_are_none_are_not_sent)
{
	const struct wire_field metadata[] = {
		WIRE_FIELD("X-Upper", "a"), WIRE_FIELD("grpc-status", "0"), WIRE_FIELD(":path", "/"), WIRE_FIELD("x-line", "a\r\nb: c"),
		WIRE_FIELD("te", "gzip"), WIRE_FIELD("x-good", "yes"),
	};
	struct record rec;
	struct raw r;

	begin_server(&r, NULL, 0);
	ask(&r, 0, metadata, sizeof metadata / sizeof *metadata, &rec);
	ck_assert_ptr_nonnull(strstr(buf_string(&r.frame.payload), "grpc-accept-encoding: identity\nx-good: yes\n"));
	ck_assert_ptr_null(strstr(buf_string(&r.frame.payload), "pper"));
	ck_assert_ptr_null(strstr(buf_string(&r.frame.payload), "x-line"));
	end(&r, &rec);
}
END_TEST

/* The server said how much it takes; a call over that is not sent. */
START_TEST(metadata_over_the_servers_limit_is_refused)
{
	char text[1000];
	const struct wire_field metadata = { "x-long", text, sizeof text };
	struct wire_request request = { .path = "/test.Echo/Any", .metadata = &metadata, .n_metadata = 1 };
	struct pair turn = { .loop = NULL };
	struct record rec = { .call = NULL };
	struct raw r;

	memset(text, 'x', sizeof text);
	begin_server(&r, SET_HEADER_LIST "\0\0\4\0", 6);
	turn.loop = r.loop;
	pair_run(&turn, pair_is, &r.up);
	rec.call = wire_call(r.conn, &request, &record_ops, &rec);
	pair_run(&turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_RESOURCE_EXHAUSTED);
	record_done(&rec);
	ask(&r, 0, NULL, 0, &rec);
	ck_assert_uint_eq(r.frame.stream, 1);
	end(&r, &rec);
}
END_TEST

/* ---- what our client reads ---- */

static void answer(struct raw *r, const char *status, const char *message, struct record *rec)
{
	struct pair turn = { .loop = NULL };
	struct buf block = { 0 };

	begin_server(r, NULL, 0);
	turn.loop = r->loop;
	ask(r, 0, NULL, 0, rec);
	raw_field(&block, ":status", "200");
	raw_field(&block, "content-type", "application/grpc");
	raw_field(&block, "grpc-status", status);
	if (message)
		raw_field(&block, "grpc-message", message);
	raw_send_frame(r, RAW_HEADERS, EH | ES, 1, buf_data(&block), buf_len(&block));
	pair_run(&turn, pair_is, &rec->ended);
	buf_done(&block);
}

/* A status that nobody knows is told together with the words that came with it. */
START_TEST(odd_status_and_its_words_are_both_told)
{
	static const struct {
		const char *status, *message;
		enum wire_code code;
		const char *why;
	} cases[] = {
		{ "0", NULL, WIRE_OK, "" },
		{ "5", "no%20such", WIRE_NOT_FOUND, "no such" },
		{ "99", NULL, WIRE_UNKNOWN, "unknown status 99" },
		{ "99", "no such", WIRE_UNKNOWN, "unknown status 99: no such" },
		{ "x", "no such", WIRE_UNKNOWN, "status is not a number: no such" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct record rec;
		struct raw r;

		answer(&r, cases[i].status, cases[i].message, &rec);
		ck_assert_int_eq(rec.code, cases[i].code);
		ck_assert_str_eq(rec.why, cases[i].why);
		end(&r, &rec);
	}
}
END_TEST

/* A 1xx response is not the beginning of the real one: whatever it says belongs to nobody. */
START_TEST(fields_of_an_interim_response_are_dropped)
{
	static const char *const interim[][2] = {
		{ ":status", "103" }, { "content-type", "text/html" }, { "grpc-status", "99" }, { "grpc-message", "early" },
		{ "grpc-encoding", "gzip" }, { "x-header", "early" }, { "x-trailer", "early" },
	};
	struct pair turn = { .loop = NULL };
	struct buf block = { 0 };
	struct record rec;
	struct raw r;

	begin_server(&r, NULL, 0);
	turn.loop = r.loop;
	ask(&r, 0, NULL, 0, &rec);
	for (size_t i = 0; i < sizeof interim / sizeof *interim; i++)
		raw_field(&block, interim[i][0], interim[i][1]);
	for (int i = 0; i < 2; i++)
		raw_send_frame(&r, RAW_HEADERS, EH, 1, buf_data(&block), buf_len(&block));
	buf_clear(&block);
	raw_field(&block, ":status", "200");
	raw_field(&block, "content-type", "application/grpc");
	raw_field(&block, "x-header", "late");
	raw_send_frame(&r, RAW_HEADERS, EH, 1, buf_data(&block), buf_len(&block));
	raw_turn(&r);
	ck_assert(!rec.ended);
	buf_clear(&block);
	raw_field(&block, "grpc-status", "7");
	raw_send_frame(&r, RAW_HEADERS, EH | ES, 1, buf_data(&block), buf_len(&block));
	pair_run(&turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_PERMISSION_DENIED);
	ck_assert_str_eq(rec.why, "");
	ck_assert_str_eq(rec.header, "late");
	ck_assert_str_eq(rec.trailer, "");
	buf_done(&block);
	end(&r, &rec);
}
END_TEST

/* ---- what our server writes ---- */

/* Words of a status, with what they are to become at the other end. */
START_TEST(words_with_spaces_at_their_ends_arrive)
{
	struct pair p;
	struct record r;

	pair_open(&p, PAIR_UNIX);
	pair_unary(&p, "/test.Echo/Fail", "5   two words  ", 15, &r);
	ck_assert_msg(r.code == WIRE_NOT_FOUND, "%s: %s", wire_code_name(r.code), r.why);
	ck_assert_str_eq(r.why, "  two words  ");
	record_done(&r);
	pair_close(&p);
}
END_TEST

/* A request to `path` that wants "x-header: head" and "x-trailer: tail" back; `limit`: of the client, bytes. */
static void request(struct raw *r, uint32_t limit, const char *path, const char *body)
{
	const uint8_t settings[] = { 0, 6, (uint8_t)(limit >> 24), (uint8_t)(limit >> 16), (uint8_t)(limit >> 8), (uint8_t)limit };
	struct buf block = { 0 };

	raw_open(r, NULL);
	raw_handshake(r);
	raw_send_frame(r, RAW_SETTINGS, 0, 0, settings, sizeof settings);
	raw_request(&block, path, NULL);
	raw_field(&block, "x-header", "head");
	raw_field(&block, "x-trailer", "tail");
	raw_send_frame(r, RAW_HEADERS, EH, 1, buf_data(&block), buf_len(&block));
	raw_send_message(r, 1, body, ES);
	ck_assert(raw_wait(r, RAW_HEADERS));
	buf_done(&block);
}

START_TEST(response_has_headers_data_and_trailers)
{
	struct raw r;

	request(&r, 100000, "/test.Echo/Unary", "x");
	ck_assert_str_eq(buf_string(&r.frame.payload), ":status: 200\ncontent-type: application/grpc\nx-header: head\n");
	ck_assert_uint_eq(r.frame.flags & ES, 0);
	ck_assert(raw_next(&r));
	ck_assert_uint_eq(r.frame.type, RAW_DATA);
	ck_assert_uint_eq(r.frame.flags & ES, 0);
	ck_assert(raw_next(&r));
	ck_assert_uint_eq(r.frame.type, RAW_HEADERS);
	ck_assert_uint_eq(r.frame.flags & ES, ES);
	ck_assert_str_eq(buf_string(&r.frame.payload), "grpc-status: 0\nx-trailer: tail\n");
	raw_close(&r);
}
END_TEST

START_TEST(error_before_any_message_is_one_header_block)
{
	struct raw r;

	request(&r, 100000, "/test.Echo/Fail", "5 no\n");
	ck_assert_uint_eq(r.frame.flags & ES, ES);
	ck_assert_str_eq(buf_string(&r.frame.payload), ":status: 200\ncontent-type: application/grpc\ngrpc-status: 5\n"
			 "grpc-message: no%0A\nx-header: head\nx-trailer: tail\n");
	raw_close(&r);
	request(&r, 100000, "/test.Echo/Fail", "5");
	ck_assert_ptr_null(strstr(buf_string(&r.frame.payload), "grpc-message"));
	raw_close(&r);
}
END_TEST

/* Words are shortened first, then metadata is left out; the status never is. */
START_TEST(response_keeps_to_the_clients_limit)
{
	static const struct {
		size_t words;
		uint32_t limit;
		bool has_metadata;
	} cases[] = { { 200, 650, true }, { 48, 450, true }, { 0, 190, true }, { 0, 150, false }, { 0, 0, false } };
	char body[300];

	memset(body, 'w', sizeof body);
	memcpy(body, "5 ", 2);
	body[202] = '\0';
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *words;
		struct raw r;

		request(&r, cases[i].limit, "/test.Echo/Fail", body);
		ck_assert_uint_eq(r.frame.flags & ES, ES);
		ck_assert_ptr_nonnull(strstr(buf_string(&r.frame.payload), "grpc-status: 5\n"));
		words = strstr(buf_string(&r.frame.payload), "grpc-message: ");
		ck_assert_uint_eq(words ? strspn(words + 14, "w") : 0, cases[i].words);
		ck_assert_int_eq(strstr(buf_string(&r.frame.payload), "x-header: head\n") != NULL, cases[i].has_metadata);
		raw_close(&r);
	}
}
END_TEST

START_TEST(compression_is_refused_with_what_is_understood)
{
	struct buf block = { 0 };
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	raw_request(&block, "/test.Echo/Unary", NULL);
	raw_field(&block, "grpc-encoding", "gzip");
	raw_send_frame(&r, RAW_HEADERS, EH, 1, buf_data(&block), buf_len(&block));
	raw_send_frame(&r, RAW_DATA, ES, 1, "\1\0\0\0\1x", 6);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "12");
	ck_assert_ptr_nonnull(strstr(buf_string(&r.frame.payload), "grpc-accept-encoding: identity\n"));
	raw_close(&r);
	buf_done(&block);
}
END_TEST

/* ---- what our server reads ---- */

/* Answers with the metadata that a handler gets to see: "name=value" or, of -bin names, "name=length". */
static void show(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const struct wire_field *f;
	struct buf text = { 0 };

	(void)data, (void)len, (void)arg;
	for (size_t i = 0; (f = wire_call_field_at(call, i)); i++)
		if (strstr(f->name, "-bin"))
			buf_printf(&text, "%s=%zu ", f->name, f->len);
		else
			buf_printf(&text, "%s=%s ", f->name, (const char *)f->value);
	wire_send(call, buf_string(&text), buf_len(&text));
	wire_end(call, WIRE_OK, NULL);
	buf_done(&text);
}

static const char *shown(const char *const (*fields)[2], size_t n)
{
	static const struct wire_method method = { .path = "/test.Fields/Show", .roles = WIRE_ANYONE, .unary = true, .start = show };
	static char text[400];
	struct buf block = { 0 };
	struct raw r;

	raw_open(&r, NULL);
	wire_serve(r.wire, &method, 1, NULL);
	raw_handshake(&r);
	raw_request(&block, method.path, NULL);
	for (size_t i = 0; i < n; i++)
		raw_field(&block, fields[i][0], fields[i][1]);
	raw_send_frame(&r, RAW_HEADERS, EH, 1, buf_data(&block), buf_len(&block));
	raw_send_message(&r, 1, "", ES);
	ck_assert(raw_wait(&r, RAW_DATA));
	snprintf(text, sizeof text, "%.*s", (int)buf_len(&r.frame.payload) - 5, (const char *)buf_data(&r.frame.payload) + 5);
	raw_close(&r);
	buf_done(&block);
	return text;
}

START_TEST(handlers_see_metadata_and_nothing_else)
{
	static const char *const fields[][2] = {
		{ "grpc-accept-encoding", "gzip" }, { "x-a", "1" }, { "grpc-tomorrow", "2" }, { "user-agent", "u" }, { "x-a", "3" },
		{ "grpc-trace-bin", "AAAA" }, { "x-high", "caf\xc3\xa9" },
	};

	ck_assert_str_eq(shown(fields, sizeof fields / sizeof *fields), "x-a=1 x-a=3 x-high=caf\xc3\xa9 ");
}
END_TEST

/* A list is split before it is decoded; what is no base64 is left out, and the call goes on. */
START_TEST(binary_values_are_split_at_commas)
{
	static const char *const fields[][2] = {
		{ "a-bin", "AAE,AAECAw" }, { "b-bin", "AA==,!,AAE=" }, { "c-bin", "" }, { "d-bin", "AA," }, { "e-bin", "A" },
	};

	ck_assert_str_eq(shown(fields, sizeof fields / sizeof *fields),
			 "a-bin=2 a-bin=4 b-bin=1 b-bin=2 c-bin=0 d-bin=1 d-bin=0 ");
}
END_TEST

UNIT_MAIN(request_fields_have_their_order, request_without_a_deadline_has_no_timeout, values_of_a_call_stay_out_of_the_table,
	  names_and_values_that_are_none_are_not_sent, metadata_over_the_servers_limit_is_refused,
	  odd_status_and_its_words_are_both_told, fields_of_an_interim_response_are_dropped, words_with_spaces_at_their_ends_arrive,
	  response_has_headers_data_and_trailers, error_before_any_message_is_one_header_block,
	  response_keeps_to_the_clients_limit, compression_is_refused_with_what_is_understood,
	  handlers_see_metadata_and_nothing_else, binary_values_are_split_at_commas)
