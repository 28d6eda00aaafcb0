/*
 * deframe.c - the state of one message that is arriving: prefix bytes, then body bytes.
 *
 * Invariant: body holds bytes of the message in assembly only, or (delivered) the one handed out last;
 * its memory is at most about twice the bytes that came. n_prefix is 0 between messages, 5 while a body
 * is due. A refused prefix stays refused: every later call gives the same result.
 */
#include "wire/deframe.h"

#include <string.h>

enum { PREFIX_LEN = 5, KEEP_BYTES = 4096 };	/* what an idle stream may hold on to */

void deframe_init(struct deframe *d, size_t max_message)
{
	memset(d, 0, sizeof *d);
	d->max_message = max_message;
}

void deframe_done(struct deframe *d)
{
	buf_done(&d->body);
	d->delivered = false;
	d->n_prefix = 0;
}

static void forget_delivered(struct deframe *d)
{
	if (!d->delivered)
		return;
	d->delivered = false;
	buf_clear(&d->body);
	if (d->body.cap > KEEP_BYTES)
		buf_trim(&d->body);
}

static void take_prefix(struct deframe *d, const uint8_t **data, size_t *n)
{
	while (d->n_prefix < PREFIX_LEN && *n > 0) {
		d->prefix[d->n_prefix++] = *(*data)++;
		--*n;
	}
	if (d->n_prefix == PREFIX_LEN)
		d->need = (uint32_t)d->prefix[1] << 24 | (uint32_t)d->prefix[2] << 16 |
			  (uint32_t)d->prefix[3] << 8 | d->prefix[4];
}

static enum deframe_result check_prefix(const struct deframe *d)
{
	if (d->prefix[0] > 1)
		return DEFRAME_BAD_FLAG;
	if (d->need > d->max_message)
		return DEFRAME_TOO_LARGE;
	return d->prefix[0] ? DEFRAME_COMPRESSED : DEFRAME_MESSAGE;
}

/* Points *msg at the whole message, in the input if it lies there in one piece. False: more must come. */
static bool take_body(struct deframe *d, const uint8_t **data, size_t *n, const uint8_t **msg)
{
	size_t missing = d->need - buf_len(&d->body), taken = missing < *n ? missing : *n;

	if (d->need == 0) {
		*msg = d->prefix;		/* any address that is not NULL */
		return true;
	}
	if (taken == d->need) {
		*msg = *data;
	} else {
		buf_append(&d->body, *data, taken);
		*msg = buf_data(&d->body);
		d->delivered = taken == missing;
	}
	*data += taken;
	*n -= taken;
	return taken == missing;
}

enum deframe_result deframe_next(struct deframe *d, const uint8_t **data, size_t *n, const uint8_t **msg, size_t *msg_len)
{
	enum deframe_result result;
	const uint8_t *body = NULL;

	forget_delivered(d);
	take_prefix(d, data, n);
	if (d->n_prefix < PREFIX_LEN)
		return DEFRAME_MORE;
	result = check_prefix(d);
	if (result != DEFRAME_MESSAGE)
		return result;
	if ((*n == 0 && d->need > 0) || !take_body(d, data, n, &body))
		return DEFRAME_MORE;
	*msg = body;
	*msg_len = d->need;
	d->n_prefix = 0;
	return DEFRAME_MESSAGE;
}

bool deframe_is_idle(const struct deframe *d)
{
	return d->n_prefix == 0;
}

uint32_t deframe_declared(const struct deframe *d)
{
	return d->need;
}

void deframe_put_prefix(uint8_t out[5], uint32_t len)
{
	out[0] = 0;
	out[1] = (uint8_t)(len >> 24);
	out[2] = (uint8_t)(len >> 16);
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
}
