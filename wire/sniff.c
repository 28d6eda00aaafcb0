/* sniff.c - see sniff.h. */
#include "wire/sniff.h"

#include <string.h>

const char sniff_http1_answer[] =
	"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 57\r\n\r\n"
	"This port speaks gRPC (HTTP/2). Use sloth, or a gRPC one\n";

enum { TLS_HANDSHAKE = 0x16 };

/* 1: data begins with the word; 0: it may still become it; -1: no. */
static int match(const uint8_t *data, size_t n, const char *word)
{
	size_t len = strlen(word);

	if (memcmp(data, word, n < len ? n : len))
		return -1;
	return n >= len;
}

enum sniff_kind sniff_kind(const uint8_t *data, size_t n)
{
	static const struct {
		const char *word;
		enum sniff_kind kind;
	} words[] = {
		{ "PRI ", SNIFF_HTTP2 },
		{ SNIFF_REVERSE_LINE, SNIFF_REVERSE },
		{ "GET ", SNIFF_HTTP1 },
		{ "HEAD ", SNIFF_HTTP1 },
		{ "POST ", SNIFF_HTTP1 },
		{ "OPTIONS ", SNIFF_HTTP1 },
	};
	enum sniff_kind kind = SNIFF_UNKNOWN;

	if (n == 0)
		return SNIFF_MORE;
	if (data[0] == TLS_HANDSHAKE)
		return SNIFF_TLS;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		int m = match(data, n, words[i].word);

		if (m > 0)
			return words[i].kind;
		if (m == 0)
			kind = SNIFF_MORE;
	}
	return kind;
}
