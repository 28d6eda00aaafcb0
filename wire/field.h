/*
 * field.h - the text forms inside gRPC header fields (PROTOCOL-HTTP2 "Requests", "Responses"). Pure.
 */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* Timeouts: 1 to 8 digits and one of H M S m u n -> nanoseconds, saturating at UINT64_MAX. 0 or -EINVAL. */
int field_parse_timeout(const uint8_t *text, size_t n, uint64_t *ns);
/* Microseconds as a grpc-timeout, rounded up to the finest unit that fits eight digits. `out`: 16 bytes. */
void field_format_timeout(uint64_t us, char *out);

/* grpc-message: truncated to 1 KiB at a UTF-8 boundary, then bytes outside 0x20..0x7e, '%' and a space at
 * either end as %XX; truncated further, between characters again, where that could be more than `max` bytes. */
void field_encode_message(const char *text, size_t max, struct buf *out);
/* Lenient: broken escapes stand for themselves, NUL and invalid UTF-8 become U+FFFD. All else is what the
 * peer sent, control characters included: whoever prints it cleans it. Owned. */
char *field_decode_message(const uint8_t *text, size_t n);

/* Base64 without padding (what gRPC sends). */
void field_encode_bin(const void *data, size_t n, struct buf *out);
/* One "-bin" value, padded or not. 0 or -EINVAL. The caller has split at ','. */
int field_decode_bin(const uint8_t *text, size_t n, struct buf *out);
bool field_is_bin(const char *name, size_t n);		/* ends with "-bin" */

/* "application/grpc", "application/grpc+proto", "application/grpc;...": what we can serve. */
enum field_content { FIELD_CONTENT_OK, FIELD_CONTENT_OTHER_CODEC, FIELD_CONTENT_FOREIGN };
enum field_content field_content_type(const uint8_t *text, size_t n);

/* A metadata name we may send: [0-9a-z_.-]+, not reserved ("grpc-", ":", connection-specific). */
bool field_name_is_valid(const char *name);
/* Printable ASCII 0x20..0x7e without leading or trailing space. */
bool field_value_is_valid(const void *value, size_t n);
/* A decimal status as in grpc-status. 0..16 as they are, a larger number WIRE_UNKNOWN with *odd = the
 * number; not a number: WIRE_UNKNOWN with *odd = -1; otherwise *odd = 0. */
int field_parse_status(const uint8_t *text, size_t n, long *odd);

#endif
