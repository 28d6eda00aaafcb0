/* A master may answer with what it likes: nothing of it reaches the terminal. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/trust_output.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

START_TEST(a_token_is_one_clean_line)
{
	Sloth__V1__CreateTokenResponse response = SLOTH__V1__CREATE_TOKEN_RESPONSE__INIT;
	char token[] = "sloth1.\x1b]0;a\x07\nb\xc2\x9b" "31m", *path = mem_strdup(tmp_path("stdout")), *text;
	const struct output to = { 0 };

	response.token = token;
	ck_assert_ptr_nonnull(freopen(path, "w", stdout));
	trust_text_token(&to, &response);
	ck_assert_int_eq(fflush(stdout), 0);
	text = tmp_read(path);
	ck_assert_str_eq(text, "sloth1.?]0;a? b?31m\n");
	free(text);
	free(path);
}
END_TEST

UNIT_MAIN(a_token_is_one_clean_line)
