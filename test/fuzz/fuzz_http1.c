/*
 * fuzz_http1.c - heads of HTTP/1.x requests. Whatever comes has one result, in whatever pieces; a target that is taken
 * is a path or nothing. Input: the length of the pieces, then the peer's bytes.
 */
#include <assert.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "wire/http1.h"

static size_t take(struct http1 *h, const uint8_t *data, size_t n, size_t piece)
{
	size_t at = 0, used;

	while (at < n && !h->status) {
		size_t k = n - at < piece ? n - at : piece;
		unsigned status = http1_take(h, data + at, k, &used);

		assert(status == h->status && used <= k && (status || used == k));
		at += used;
	}
	return at;
}

static void check(const struct http1 *h, size_t taken)
{
	assert(h->status == 0 || h->status == 200 || (h->status >= 400 && h->status <= 505));
	assert(taken <= WIRE_HTTP1_HEAD_MAX + 1 && strlen(h->target) <= WIRE_PATH_MAX);
	if (h->status == 200)
		assert(h->target[0] == '/' || (!h->target[0] && h->method == DOWNLOAD_OTHER));
	for (const char *c = h->target; *c; c++)
		assert(*c > ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct http1 whole = { 0 }, pieces = { 0 };
	size_t taken;

	if (n == 0)
		return 0;
	taken = take(&whole, data + 1, n - 1, n);
	check(&whole, taken);
	assert(take(&pieces, data + 1, n - 1, data[0] % 16 + 1) == taken);
	assert(pieces.status == whole.status && pieces.method == whole.method && !strcmp(pieces.target, whole.target));
	http1_done(&whole);
	http1_done(&pieces);
	return 0;
}
