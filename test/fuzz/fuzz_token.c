/*
 * fuzz_token.c - tokens. What is taken is written as it was; what is refused has words. Input: the text.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/token.h"
#include "test/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = mem_strndup((const char *)data, n), again[TOKEN_TEXT_LEN + 1];
	const char *why = NULL;
	struct token token;

	if (token_parse(text, &token, &why) == 0) {
		token_format(&token, again);
		assert(strlen(again) == TOKEN_TEXT_LEN && strstr(text, again));
	} else {
		assert(why);
	}
	why = NULL;
	if (token_parse_short(text, &token, &why) == 0) {
		token_format_short(&token, again);
		assert(strstr(text, again));
	} else {
		assert(why);
	}
	free(text);
	return 0;
}
