/*
 * audit_record.c - see audit_record.h. Written by hand rather than by jansson: it is on the way of every run.
 *
 * Each text is cut to AUDIT_VALUE_MAX bytes ("truncated") and made valid UTF-8 ("invalid_utf8"); both marks are
 * members of the record. Six bytes for each byte at worst keep a record below AUDIT_RECORD_MAX, because a run has
 * either a command or an argument vector.
 */
#include "master/audit_record.h"

#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "common/utf8.h"
#include "master/audit.h"
#include "master/principal.h"

enum { NAME_MAX_BYTES = 512 };		/* of names, paths, rules */

struct record {
	struct buf *out;
	bool is_cut, is_invalid;
};

/* ---- values ---- */

static void put_char(struct buf *out, const uint8_t *at, size_t n, uint32_t cp)
{
	static const char shorts[] = "\"\"\\\\\nn\tt\rr";
	const char *s = n == 1 ? memchr(shorts, (int)cp, sizeof shorts - 1) : NULL;

	if (s && (s - shorts) % 2 == 0 && cp)
		buf_append(out, (char[]){ '\\', s[1] }, 2);
	else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		buf_printf(out, "\\u%04x", (unsigned)cp);
	else
		buf_append(out, at, n);
}

/* At most `max` bytes of the text, in quotes. Returns how many were taken. */
static size_t put_text(struct record *r, const void *text, size_t len, size_t max)
{
	const uint8_t *p = text, *end, *plain;
	size_t take = len;

	if (len > max) {
		take = utf8_cut(text, len, max);
		r->is_cut = true;
	}
	buf_append(r->out, "\"", 1);
	for (end = p + take; p < end;) {
		uint32_t cp;
		int n;

		for (plain = p; p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\'; p++)
			;
		buf_append(r->out, plain, (size_t)(p - plain));
		if (p == end)
			break;
		n = utf8_decode(p, (size_t)(end - p), &cp);
		if (n > 0) {
			put_char(r->out, p, (size_t)n, cp);
			p += n;
		} else {
			r->is_invalid = true;
			buf_append_str(r->out, "\xef\xbf\xbd");
			p = n ? p - n : end;
		}
	}
	buf_append(r->out, "\"", 1);
	return take;
}

/* ---- members ---- */

static void put_key(struct record *r, const char *key)
{
	buf_append_str(r->out, ",\"");
	buf_append_str(r->out, key);
	buf_append_str(r->out, "\":");
}

static void put_string(struct record *r, const char *key, const char *text, size_t max)
{
	if (!text || !*text)
		return;
	put_key(r, key);
	put_text(r, text, strlen(text), max);
}

/* An agent may tell any number; readers take no more than 63 bits. */
static void put_number(struct record *r, const char *key, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;

	if (value > INT64_MAX)
		value = INT64_MAX;
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	put_key(r, key);
	buf_append(r->out, digits + at, sizeof digits - at);
}

/* A list of texts that share one limit; what is over it is left out. */
static void put_list(struct record *r, const char *key, const ProtobufCBinaryData *items, size_t n, bool names_only)
{
	size_t left = AUDIT_VALUE_MAX;

	if (!n)
		return;
	put_key(r, key);
	for (size_t i = 0; i < n; i++) {
		const char *equal = names_only && items[i].len ? memchr(items[i].data, '=', items[i].len) : NULL;
		size_t len = equal ? (size_t)(equal - (const char *)items[i].data) : items[i].len;

		if (left < 4) {
			r->is_cut = true;
			break;
		}
		buf_append(r->out, i ? "," : "[", 1);
		left -= put_text(r, items[i].data, len, left - 3) + 3;
	}
	buf_append(r->out, "]", 1);
}

static void put_roles(struct record *r, unsigned roles)
{
	static const struct { unsigned role; const char *name; } names[] = {
		{ WIRE_STRANGER, "stranger" }, { WIRE_EXPIRED, "expired" }, { WIRE_AGENT, "agent" },
		{ WIRE_OPERATOR, "operator" }, { WIRE_ADMIN, "admin" }, { WIRE_MASTER, "master" },
	};
	const char *separator = "[";

	put_key(r, "roles");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!(roles & names[i].role))
			continue;
		buf_append_str(r->out, separator);
		put_text(r, names[i].name, strlen(names[i].name), NAME_MAX_BYTES);
		separator = ",";
	}
	buf_append_str(r->out, *separator == '[' ? "[]" : "]");
}

static void put_who(struct record *r, const struct principal *who)
{
	put_string(r, "who", who ? who->name : "master", NAME_MAX_BYTES);
	if (!who)
		return;
	put_string(r, "claims", who->claims, NAME_MAX_BYTES);
	put_string(r, "from", who->from, NAME_MAX_BYTES);
	if (who->from)
		put_roles(r, who->roles);
}

static void put_result(struct record *r, const struct audit_result *result)
{
	put_string(r, "result", result->state, NAME_MAX_BYTES);
	if (str_equal(result->state, "exited"))
		put_number(r, "exit_code", result->code);
	else if (str_equal(result->state, "signalled"))
		put_number(r, "signal", result->code);
	if (!result->has_counts)
		return;
	put_number(r, "stdout_bytes", result->stdout_bytes);
	put_number(r, "stderr_bytes", result->stderr_bytes);
	put_number(r, "duration_ms", result->duration_ms);
}

static void put_run_id(struct record *r, const struct audit_event *e)
{
	char hex[2 * AUDIT_RUN_ID_MAX + 1];

	if (!e->run_id_len || e->run_id_len > AUDIT_RUN_ID_MAX)
		return;
	str_hex(e->run_id, e->run_id_len, hex);
	put_string(r, "run_id", hex, sizeof hex);
}

void audit_record_format(struct buf *out, const struct audit_event *e, int64_t at_us)
{
	struct record r = { .out = out };
	char now[WALL_TEXT_MAX];

	wall_format(at_us, now);
	buf_append_str(out, "{\"time\":\"");
	buf_append_str(out, now);
	buf_append_str(out, "\"");
	put_string(&r, "event", e->event, NAME_MAX_BYTES);
	put_run_id(&r, e);
	put_who(&r, e->who);
	put_string(&r, "agent", e->agent, NAME_MAX_BYTES);
	put_string(&r, "object", e->object, NAME_MAX_BYTES);
	put_string(&r, "command", e->command, AUDIT_VALUE_MAX);
	put_list(&r, "argv", e->argv, e->n_argv, false);
	put_list(&r, "env", e->env, e->n_env, true);
	put_string(&r, "run_as", e->run_as, NAME_MAX_BYTES);
	put_string(&r, "cwd", e->cwd, NAME_MAX_BYTES);
	if (e->is_decided)
		put_string(&r, "decision", e->is_denied ? "denied" : "allowed", NAME_MAX_BYTES);
	put_string(&r, "rule", e->rule, NAME_MAX_BYTES);
	if (e->result)
		put_result(&r, e->result);
	put_string(&r, "reason", e->reason, NAME_MAX_BYTES);
	if (r.is_cut)
		buf_append_str(out, ",\"truncated\":true");
	if (r.is_invalid)
		buf_append_str(out, ",\"invalid_utf8\":true");
	buf_append_str(out, "}\n");
}
