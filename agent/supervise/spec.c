/*
 * spec.c - a run's specification as bytes and back.
 *
 * One table has every field: its tag, its kind and where it is in struct spec. Tags are never used again for
 * something else. Strings have their NUL in the file, so that what is read needs no copy. Unpacking fails on
 * a field that reaches beyond the end, on a string without its NUL and on a number of the wrong size.
 */
#include "agent/supervise/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

enum kind { KIND_STRING, KIND_LIST, KIND_BOOL, KIND_U32, KIND_U64, KIND_ID, KIND_GROUPS, KIND_LIMIT };

static const struct field {
	enum kind kind;
	size_t offset;
} fields[] = {		/* the index is the tag */
	[1]  = { KIND_LIST, offsetof(struct spec, paths) },
	[2]  = { KIND_LIST, offsetof(struct spec, argv) },
	[3]  = { KIND_LIST, offsetof(struct spec, env) },
	[4]  = { KIND_STRING, offsetof(struct spec, script) },
	[5]  = { KIND_STRING, offsetof(struct spec, cwd) },
	[6]  = { KIND_BOOL, offsetof(struct spec, cwd_may_fail) },
	[7]  = { KIND_BOOL, offsetof(struct spec, no_input) },
	[8]  = { KIND_BOOL, offsetof(struct spec, is_own_user) },
	[9]  = { KIND_U32, offsetof(struct spec, uid) },
	[10] = { KIND_U32, offsetof(struct spec, gid) },
	[11] = { KIND_GROUPS, offsetof(struct spec, groups) },
	[12] = { KIND_U32, offsetof(struct spec, nice) },
	[13] = { KIND_LIMIT, offsetof(struct spec, limits) },
	[14] = { KIND_U64, offsetof(struct spec, timeout_ms) },
	[15] = { KIND_U64, offsetof(struct spec, grace_ms) },
	[16] = { KIND_U64, offsetof(struct spec, lost_ms) },
	[17] = { KIND_U64, offsetof(struct spec, spool_max) },
	[18] = { KIND_U64, offsetof(struct spec, free_min) },
	[19] = { KIND_BOOL, offsetof(struct spec, is_detached) },
	[20] = { KIND_BOOL, offsetof(struct spec, has_terminal) },
	[21] = { KIND_U32, offsetof(struct spec, rows) },
	[22] = { KIND_U32, offsetof(struct spec, columns) },
	[23] = { KIND_STRING, offsetof(struct spec, cgroup) },
	[24] = { KIND_ID, offsetof(struct spec, id) },
	[25] = { KIND_STRING, offsetof(struct spec, user) },
	[26] = { KIND_STRING, offsetof(struct spec, principal) },
	[27] = { KIND_STRING, offsetof(struct spec, command) },
	[28] = { KIND_U64, offsetof(struct spec, reconnect_ms) },
	[29] = { KIND_U64, offsetof(struct spec, asked_ms) },
	[30] = { KIND_BOOL, offsetof(struct spec, keeps_when_lost) },
};

enum { N_FIELDS = sizeof fields / sizeof *fields, ID_BYTES = sizeof ((struct spec *)0)->id };

/* ---- to bytes ---- */

static void put(struct buf *out, uint32_t tag, const void *data, size_t n)
{
	uint32_t head[2] = { tag, (uint32_t)n };

	buf_append(out, head, sizeof head);
	buf_append(out, data, n);
}

static void put_string(struct buf *out, uint32_t tag, const char *s)
{
	put(out, tag, s, strlen(s) + 1);
}

/* An empty list is told apart from none by a field without bytes. */
static void put_list(struct buf *out, uint32_t tag, char *const *list)
{
	if (list && !*list)
		put(out, tag, NULL, 0);
	for (; list && *list; list++)
		put_string(out, tag, *list);
}

/* A number that is not 0. */
static void put_number(struct buf *out, uint32_t tag, const void *data, size_t n)
{
	static const uint8_t zero[sizeof(uint64_t)];

	if (memcmp(data, zero, n) != 0)
		put(out, tag, data, n);
}

static void put_field(struct buf *out, uint32_t tag, const struct spec *s)
{
	const void *at = (const char *)s + fields[tag].offset;

	switch (fields[tag].kind) {
	case KIND_STRING:
		if (*(const char *const *)at)
			put_string(out, tag, *(const char *const *)at);
		break;
	case KIND_LIST:
		put_list(out, tag, *(char *const *const *)at);
		break;
	case KIND_BOOL:
		put_number(out, tag, at, sizeof(bool));
		break;
	case KIND_U32:
		put_number(out, tag, at, sizeof(uint32_t));
		break;
	case KIND_U64:
		put_number(out, tag, at, sizeof(uint64_t));
		break;
	case KIND_ID:
		put(out, tag, at, ID_BYTES);
		break;
	case KIND_GROUPS:
		if (s->n_groups)
			put(out, tag, s->groups, s->n_groups * sizeof *s->groups);
		break;
	case KIND_LIMIT:
		for (size_t i = 0; i < s->n_limits; i++)
			put(out, tag, &s->limits[i], sizeof *s->limits);
		break;
	}
}

void spec_pack(const struct spec *s, struct buf *out)
{
	for (uint32_t tag = 1; tag < N_FIELDS; tag++)
		put_field(out, tag, s);
}

/* ---- from bytes ---- */

static bool is_string(const char *data, size_t n)
{
	return n > 0 && memchr(data, '\0', n) == data + n - 1;
}

/* `room`: how many fields there are of this tag, counted before. */
static int add_to_list(char ***list, size_t room, size_t *n, char *data, size_t length)
{
	if (!*list)
		*list = mem_array(room + 1, sizeof **list);
	if (length == 0)
		return 0;
	if (!is_string(data, length))
		return -EBADMSG;
	(*list)[(*n)++] = data;
	return 0;
}

static int take_groups(struct spec *s, const void *data, size_t n)
{
	if (n % sizeof *s->groups || s->groups)
		return -EBADMSG;
	s->n_groups = n / sizeof *s->groups;
	s->groups = mem_dup(data, n);
	return 0;
}

static int take_number(void *at, const void *data, size_t n, size_t size)
{
	if (n != size)
		return -EBADMSG;
	memcpy(at, data, n);
	return 0;
}

static int take_bool(bool *at, const uint8_t *data, size_t n)
{
	if (n != 1)
		return -EBADMSG;
	*at = *data != 0;
	return 0;
}

static int take_limit(struct spec *s, const void *data, size_t n)
{
	if (n != sizeof *s->limits || s->n_limits == SPEC_LIMITS_MAX)
		return -EBADMSG;
	memcpy(&s->limits[s->n_limits++], data, n);
	return 0;
}

/* How many fields there are of each tag, and how many were taken. */
struct counts {
	size_t all[N_FIELDS], taken[N_FIELDS];
};

static int take_field(struct spec *s, uint32_t tag, char *data, size_t n, struct counts *counts)
{
	void *at = (char *)s + fields[tag].offset;

	switch (fields[tag].kind) {
	case KIND_STRING:
		if (!is_string(data, n))
			return -EBADMSG;
		*(const char **)at = data;
		return 0;
	case KIND_LIST:
		return add_to_list(at, counts->all[tag], &counts->taken[tag], data, n);
	case KIND_BOOL:
		return take_bool(at, (const uint8_t *)data, n);
	case KIND_U32:
		return take_number(at, data, n, sizeof(uint32_t));
	case KIND_U64:
		return take_number(at, data, n, sizeof(uint64_t));
	case KIND_ID:
		return take_number(at, data, n, ID_BYTES);
	case KIND_GROUPS:
		return take_groups(s, data, n);
	case KIND_LIMIT:
		return take_limit(s, data, n);
	}
	return -EBADMSG;
}

/* The next field, whose data begins at *at afterwards. 0 or -EBADMSG. */
static int next_field(char **at, size_t *left, uint32_t head[2])
{
	if (*left < 2 * sizeof *head)
		return -EBADMSG;
	memcpy(head, *at, 2 * sizeof *head);
	*at += 2 * sizeof *head;
	*left -= 2 * sizeof *head;
	return head[1] > *left ? -EBADMSG : 0;
}

static bool is_known(uint32_t tag)
{
	return tag > 0 && tag < N_FIELDS;
}

/* Counts, or takes when *s is given. */
static int walk(struct spec *s, char *at, size_t left, struct counts *counts)
{
	uint32_t head[2];
	int err;

	while (left > 0) {
		if ((err = next_field(&at, &left, head)))
			return err;
		if (is_known(head[0]) && !s)
			counts->all[head[0]]++;
		else if (is_known(head[0]) && (err = take_field(s, head[0], at, head[1], counts)))
			return err;
		at += head[1];
		left -= head[1];
	}
	return 0;
}

int spec_unpack(struct spec *s, const void *data, size_t n)
{
	struct counts counts = { { 0 }, { 0 } };
	int err;

	*s = (struct spec){ 0 };
	err = walk(NULL, (char *)(uintptr_t)data, n, &counts);
	return err ? err : walk(s, (char *)(uintptr_t)data, n, &counts);
}

void spec_done(struct spec *s)
{
	free(s->paths);
	free(s->argv);
	free(s->env);
	free(s->groups);
	free(s->text);
	*s = (struct spec){ 0 };
}
