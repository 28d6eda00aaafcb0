/*
 * fuzz_deframe.c - the same bytes cut in two ways give the same messages, and memory stays within
 * twice the bytes that came. Input: one byte, the size of the pieces; then the stream.
 */
#include <assert.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "wire/deframe.h"

enum { LIMIT = 64 * 1024, CAP_MIN = 512 };

/* Appends each message behind its length; returns the last result. */
static enum deframe_result run(const uint8_t *data, size_t n, size_t piece, struct buf *out)
{
	enum deframe_result result = DEFRAME_MORE;
	struct deframe d;

	deframe_init(&d, LIMIT);
	for (size_t off = 0; off < n && result == DEFRAME_MORE; off += piece) {
		const uint8_t *at = data + off, *msg;
		size_t left = n - off < piece ? n - off : piece, len;

		while ((result = deframe_next(&d, &at, &left, &msg, &len)) == DEFRAME_MESSAGE) {
			assert(len <= LIMIT && len == deframe_declared(&d));
			buf_append(out, &len, sizeof len);
			buf_append(out, msg, len);
		}
		assert(result != DEFRAME_MORE || left == 0);
		assert(d.body.cap <= 2 * n + CAP_MIN);
	}
	buf_append(out, &(uint8_t){ deframe_is_idle(&d) }, 1);
	deframe_done(&d);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf whole = { 0 }, cut = { 0 };

	if (n < 2)
		return 0;
	assert(run(data + 1, n - 1, n, &whole) == run(data + 1, n - 1, (size_t)data[0] + 1, &cut));
	assert(buf_len(&whole) == buf_len(&cut));
	assert(memcmp(buf_data(&whole), buf_data(&cut), buf_len(&whole)) == 0);
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
