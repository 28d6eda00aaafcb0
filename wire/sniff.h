/*
 * sniff.h - what the first bytes of an accepted connection say about the peer. Pure.
 */
#ifndef WIRE_SNIFF_H
#define WIRE_SNIFF_H

#include <stddef.h>
#include <stdint.h>

enum sniff_kind {
	SNIFF_MORE,		/* too few bytes to tell */
	SNIFF_HTTP2,		/* "PRI ": a client */
	SNIFF_REVERSE,		/* the line "SLOTH-RH2 1": the peer takes the server role */
	SNIFF_TLS,		/* a TLS handshake record */
	SNIFF_HTTP1,		/* a request line of HTTP/1.x */
	SNIFF_UNKNOWN
};

#define SNIFF_REVERSE_LINE "SLOTH-RH2 1\r\n"
enum { SNIFF_REVERSE_LEN = sizeof SNIFF_REVERSE_LINE - 1 };

enum sniff_kind sniff_kind(const uint8_t *data, size_t n);
/* What a browser or curl is told. */
extern const char sniff_http1_answer[];

#endif
