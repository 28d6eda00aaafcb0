/*
 * http1.h - the head of an HTTP/1.x request (RFC 9112), byte by byte: GET and HEAD without content. Pure.
 *
 * Strict: what two readers could understand in two ways is refused. Whatever the pieces it comes in, a request has one
 * result, at the same byte.
 */
#ifndef WIRE_HTTP1_H
#define WIRE_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "wire/download.h"
#include "wire/limits.h"

/* Zeroed: nothing has come yet. */
struct http1 {
	unsigned status;		/* of the result, see http1_take(); 0: none yet */
	enum download_method method;
	char target[WIRE_PATH_MAX + 1];	/* origin form; "" for what only other methods have ("*", host:port) */
	/* Private. */
	struct buf line;		/* the one that is not complete */
	size_t taken;
	unsigned n_lines, n_hosts, n_lengths;
	bool after_cr;
	bool is_1_0, has_content, has_coding;
};

void http1_done(struct http1 *h);
/*
 * Takes bytes until there is a result; *used says how many. 0: more has to come. 200: the request is whole, method and
 * target are set. Another status is the answer to what came, and method is set as far as it is known.
 */
unsigned http1_take(struct http1 *h, const uint8_t *data, size_t n, size_t *used);

#endif
