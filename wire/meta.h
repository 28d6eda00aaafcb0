/*
 * meta.h - the metadata of one direction of a call: names and values, owned.
 */
#ifndef WIRE_META_H
#define WIRE_META_H

#include <stddef.h>

#include "wire/wire.h"

struct meta {
	struct wire_field *fields;	/* each name, NUL, value, NUL lies in one block that `name` begins */
	size_t n, cap;
	size_t bytes;			/* as SETTINGS_MAX_HEADER_LIST_SIZE counts */
};

void meta_add(struct meta *m, const char *name, size_t name_len, const void *value, size_t len);
const struct wire_field *meta_find(const struct meta *m, const char *name);
void meta_done(struct meta *m);

#endif
