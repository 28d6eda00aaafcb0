/*
 * block.h - HTTP/2 frames and header blocks by hand, for what no real peer sends. Fields are literals without
 * indexing (RFC 7541 section 6.2.2), so a block depends on nothing that was sent before.
 */
#ifndef TEST_LIB_BLOCK_H
#define TEST_LIB_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum { RAW_DATA, RAW_HEADERS, RAW_PRIORITY, RAW_RST_STREAM, RAW_SETTINGS, RAW_PUSH_PROMISE, RAW_PING, RAW_GOAWAY,
       RAW_WINDOW_UPDATE, RAW_CONTINUATION };
enum { RAW_END_STREAM = 1, RAW_ACK = 1, RAW_END_HEADERS = 4, RAW_PADDED = 8, RAW_PRIORITIZED = 32 };

#define RAW_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* Appends the nine bytes before a payload of n bytes. */
void raw_head(struct buf *out, uint8_t type, uint8_t flags, uint32_t stream, size_t n);
/* Appends an integer of HPACK behind `first`, whose low `bits` bits it begins in. */
void raw_integer(struct buf *block, uint8_t first, unsigned bits, size_t value);
/* Appends one field to a block. */
void raw_field(struct buf *block, const char *name, const char *value);
/* Headers of a gRPC request to `path`; content_type NULL: application/grpc. */
void raw_request(struct buf *block, const char *path, const char *content_type);

#endif
