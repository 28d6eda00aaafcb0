/*
 * fuzz_field.c - header field texts: any bytes are taken, what comes out keeps its promises, and what
 * we write ourselves is read back as it was.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"
#include "test/fuzz/fuzz.h"
#include "wire/field.h"

static void try_message(const uint8_t *data, size_t n)
{
	char *decoded = field_decode_message(data, n), *again, *raw = mem_strndup((const char *)data, n);
	struct buf encoded = { 0 };

	assert(utf8_valid(decoded, strlen(decoded)));
	field_encode_message(raw, SIZE_MAX, &encoded);
	assert(buf_len(&encoded) <= 3 * 1024 + 1);
	for (size_t i = 0; i < buf_len(&encoded); i++)
		assert(buf_data(&encoded)[i] >= 0x20 && buf_data(&encoded)[i] <= 0x7e);

	/* What is short comes back as it was. */
	buf_clear(&encoded);
	field_encode_message(decoded, SIZE_MAX, &encoded);
	again = field_decode_message(buf_len(&encoded) ? buf_data(&encoded) : (const uint8_t *)"", buf_len(&encoded));
	assert(strncmp(again, decoded, strlen(again)) == 0);
	assert(strlen(decoded) > 1024 || strcmp(again, decoded) == 0);
	free(again);
	free(decoded);
	free(raw);
	buf_done(&encoded);
}

static void try_bin(const uint8_t *data, size_t n)
{
	struct buf text = { 0 }, back = { 0 };

	if (field_decode_bin(data, n, &back) != 0)
		assert(buf_len(&back) == 0);
	buf_clear(&back);
	field_encode_bin(data, n, &text);
	assert(n == 0 || field_decode_bin(buf_data(&text), buf_len(&text), &back) == 0);
	assert(buf_len(&back) == n && (n == 0 || memcmp(buf_data(&back), data, n) == 0));
	buf_done(&text);
	buf_done(&back);
}

static void try_timeout(const uint8_t *data, size_t n)
{
	uint64_t ns, again, us = 0;
	char text[16];

	if (field_parse_timeout(data, n, &ns) == 0)
		us = ns / 1000;
	else
		memcpy(&us, data, n < sizeof us ? n : sizeof us);
	field_format_timeout(us, text);
	assert(field_parse_timeout((const uint8_t *)text, strlen(text), &again) == 0);
	assert(again == UINT64_MAX || again / 1000 >= us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *name = mem_strndup((const char *)data, n);
	long odd;
	int code = field_parse_status(data, n, &odd);

	assert(code >= 0 && code <= 16 && odd >= -1 && (odd == 0 || odd == -1 || odd > 16));
	if (field_name_is_valid(name))
		assert(field_value_is_valid(name, strlen(name)));
	field_value_is_valid(data, n);
	field_is_bin(name, strlen(name));
	field_content_type(data, n);
	try_message(data, n);
	try_bin(data, n);
	try_timeout(data, n);
	free(name);
	return 0;
}
