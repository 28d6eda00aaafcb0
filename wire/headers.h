/*
 * headers.h - a list of header fields in the making, and the reading of received metadata.
 */
#ifndef WIRE_HEADERS_H
#define WIRE_HEADERS_H

#include <string.h>

#include "common/buf.h"
#include "wire/h2.h"
#include "wire/meta.h"

enum { HEADERS_MAX = 128 + 16 };

struct headers {
	struct h2_field fields[HEADERS_MAX];
	size_t n;
	size_t bytes;		/* as SETTINGS_MAX_HEADER_LIST_SIZE counts */
	size_t max;		/* of them: fields that do not fit are left out; 0: all fit */
	struct buf encoded[2];	/* base64 of "-bin" values, one for each headers_add_meta() */
	size_t n_encoded;
};

/* Borrows name and value until the fields are used. */
void headers_add(struct headers *h, const char *name, const void *value, size_t len, bool no_index);
void headers_add_text(struct headers *h, const char *name, const char *value);
/* At most twice for one list. */
void headers_add_meta(struct headers *h, const struct meta *m);
void headers_done(struct headers *h);

/* One received metadata field: "-bin" values are split at ',' and decoded, bad ones dropped. False: split up it is
 * over the limits of a header block. */
bool headers_take_meta(struct meta *m, const char *name, size_t name_len, const uint8_t *value, size_t len);

#define HEADERS_IS(name, len, literal) ((len) == sizeof(literal) - 1 && !memcmp(name, literal, sizeof(literal) - 1))

#endif
