/*
 * test_token.c - tokens: what is written is read, everything else is refused with words that do not give it away.
 */
#include "common/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/lib/tmp.h"
#include "test/lib/unit.h"

#define PIN "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef"
#define ID "deadbeef"
#define SECRET "f00dfacef00dfacef00dfacef00dface"
#define GOOD "sloth1." PIN "." ID "." SECRET

static const struct {
	const char *text;
	int err;
} table[] = {
	{ GOOD, 0 },
	{ "  \t" GOOD "\r\n", 0 },
	{ "", -EINVAL },
	{ " \n", -EINVAL },
	{ "sloth1", -EINVAL },
	{ "sloth1.", -EINVAL },
	{ "sloth1." PIN, -EINVAL },
	{ "sloth1." PIN "." ID, -EINVAL },
	{ "sloth1." PIN "." ID "." "f00dfacef00dfacef00dfacef00dfac", -EINVAL },
	{ GOOD "0", -EINVAL },
	{ GOOD " x", -EINVAL },
	{ GOOD "." ID, -EINVAL },
	{ "sloth2." PIN "." ID "." SECRET, -EINVAL },
	{ "Sloth1." PIN "." ID "." SECRET, -EINVAL },
	{ PIN "." ID "." SECRET, -EINVAL },
	{ "sloth1." PIN "." ID "." "F00DFACEF00DFACEF00DFACEF00DFACE", -EINVAL },
	{ "sloth1." PIN "." "DEADBEEF" "." SECRET, -EINVAL },
	{ "sloth1." "00112233445566778899AABBCCDDEEFF0123456789abcdef0123456789abcdef" "." ID "." SECRET, -EINVAL },
	{ "sloth1." PIN "0." ID "." "f00dfacef00dfacef00dfacef00dfac", -EINVAL },
	{ "sloth1." PIN "." ID "f." "f00dfacef00dfacef00dfacef00dfac", -EINVAL },
	{ "sloth1." PIN ":" ID "." SECRET, -EINVAL },
	{ "sloth1." PIN "." ID ":" SECRET, -EINVAL },
	{ "sloth1." PIN "." ID "." "g00dfacef00dfacef00dfacef00dface", -EINVAL },
	{ "sloth1." PIN "." ID "." "f00dface f00dfacef00dfacef00dfac", -EINVAL },
	{ "sloth1." PIN "." ID "." "f00dfacef00dfacef00dfacef00dfac\xc3", -EINVAL },
};

static void assert_discreet(const char *words)
{
	ck_assert_ptr_nonnull(words);
	ck_assert_ptr_null(strcasestr(words, "f00dface"));
	ck_assert_ptr_null(strcasestr(words, ID));
	ck_assert_ptr_null(strcasestr(words, "00112233"));
}

START_TEST(token_refuses_what_is_none)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct token untouched = { .id = { 1 } }, token = untouched;
		const char *why = NULL;
		int err = token_parse(table[i].text, &token, &why);

		ck_assert_msg(err == table[i].err, "row %zu: %d", i, err);
		if (err) {
			assert_discreet(why);
			ck_assert_mem_eq(&token, &untouched, sizeof token);
		}
	}
}
END_TEST

START_TEST(token_is_read_as_it_is_written)
{
	char text[TOKEN_TEXT_LEN + 1], part[8 + 1 + 32 + 1];
	struct token token, again;
	const char *why;

	ck_assert_uint_eq(strlen(GOOD), TOKEN_TEXT_LEN);
	ck_assert_int_eq(token_parse(GOOD, &token, &why), 0);
	ck_assert_int_eq(token.pin[1], 0x11);
	ck_assert_int_eq(token.id[0], 0xde);
	ck_assert_int_eq(token.secret[15], 0xce);
	token_format(&token, text);
	ck_assert_str_eq(text, GOOD);
	token_format_short(&token, part);
	ck_assert_str_eq(part, ID "." SECRET);
	ck_assert_int_eq(token_parse_short(part, &again, &why), 0);
	ck_assert_mem_eq(again.id, token.id, TOKEN_ID_LEN);
	ck_assert_mem_eq(again.secret, token.secret, TOKEN_SECRET_LEN);
}
END_TEST

START_TEST(token_short_form_is_nothing_else)
{
	static const char *const bad[] = { "", ID, ID ".", ID "." "f00d", GOOD, ID ":" SECRET, ID "." SECRET "0",
					   "DEADBEEF." SECRET, "deadbee." SECRET "0" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct token token;
		const char *why = NULL;

		ck_assert_int_eq(token_parse_short(bad[i], &token, &why), -EINVAL);
		assert_discreet(why);
	}
}
END_TEST

START_TEST(token_wipe_leaves_nothing)
{
	struct token token, nothing = { 0 };
	const char *why;

	ck_assert_int_eq(token_parse(GOOD, &token, &why), 0);
	token_wipe(&token);
	ck_assert_mem_eq(&token, &nothing, sizeof token);
}
END_TEST

static int read_file(const char *content, mode_t mode, char **error)
{
	const char *path = tmp_file("token", content);
	struct token token;

	*error = NULL;
	ck_assert_int_eq(chmod(path, mode), 0);
	return token_read(path, &token, error);
}

START_TEST(token_file_gives_its_first_line)
{
	static char many[5000];
	char *error;

	ck_assert_int_eq(read_file(GOOD, 0600, &error), 0);
	ck_assert_int_eq(read_file(GOOD "\n", 0640, &error), 0);
	ck_assert_int_eq(read_file("  " GOOD "\r\nsomething else\n", 0400, &error), 0);
	memset(many, ' ', sizeof many - 1);
	ck_assert_int_eq(read_file(many, 0600, &error), -EFBIG);
	free(error);
	memcpy(many, GOOD "\n", TOKEN_TEXT_LEN + 1);
	ck_assert_int_eq(read_file(many, 0600, &error), 0);
}
END_TEST

START_TEST(token_file_is_refused_with_words)
{
	char *error;
	struct token token;

	ck_assert_int_eq(read_file(GOOD, 0604, &error), -EPERM);
	ck_assert_ptr_nonnull(strstr(error, "token: everybody can read"));
	assert_discreet(strstr(error, "everybody"));
	free(error);
	ck_assert_int_eq(read_file(GOOD "0", 0600, &error), -EINVAL);
	assert_discreet(strstr(error, "too long"));
	free(error);
	ck_assert_int_eq(read_file("\n" GOOD, 0600, &error), -EINVAL);
	free(error);
	ck_assert_int_eq(token_read(tmp_path("missing"), &token, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "missing: "));
	free(error);
	ck_assert_int_eq(token_read(tmp_path("."), &token, &error), -EISDIR);
	free(error);
}
END_TEST

START_TEST(token_comes_from_standard_input)
{
	struct token token;
	char *error = NULL;
	int ends[2], was = dup(STDIN_FILENO);

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], GOOD "\nrest", sizeof GOOD + 4), sizeof GOOD + 4);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	ck_assert_int_eq(token_read("-", &token, &error), 0);
	ck_assert_int_eq(token_read("-", &token, &error), -EINVAL);	/* at its end */
	ck_assert_str_eq(error, "standard input: there is no token");
	free(error);
	dup2(was, STDIN_FILENO);
	close(was);
	close(ends[0]);
}
END_TEST

UNIT_MAIN(token_refuses_what_is_none, token_is_read_as_it_is_written, token_short_form_is_nothing_else,
	  token_wipe_leaves_nothing, token_file_gives_its_first_line, token_file_is_refused_with_words,
	  token_comes_from_standard_input)
