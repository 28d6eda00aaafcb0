/*
 * thin_tls.h - stands in for TLS at a server: its handshake is two bytes of the client, its records are what is in
 * them. So tests can cut and hold back what comes inside TLS byte by byte, and no time goes into keys.
 *
 *   wire_set_tls(raw.wire, &thin_tls);
 *   raw_send(&raw, THIN_HTTP1 "GET / HTTP/1.0\r\n\r\n", ...);
 */
#ifndef TEST_LIB_THIN_TLS_H
#define TEST_LIB_THIN_TLS_H

#include "wire/transport.h"

/* The handshakes: what the client names in ALPN. */
#define THIN_H2		"\x16" "2"
#define THIN_HTTP1	"\x16" "1"
#define THIN_NONE	"\x16" "0"
enum { THIN_LEN = 2 };

extern struct wire_tls thin_tls;

#endif
