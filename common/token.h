/*
 * token.h - the form of a token: sloth1.PIN.ID.SECRET, in lower-case hex; the pin is SHA-256 of the CA's
 * certificate, so that the string alone tells whom to trust and proves the right to enrol. Pure.
 */
#ifndef COMMON_TOKEN_H
#define COMMON_TOKEN_H

#include <stdint.h>

enum {
	TOKEN_PIN_LEN = 32, TOKEN_ID_LEN = 4, TOKEN_SECRET_LEN = 16,	/* bytes */
	TOKEN_TEXT_LEN = 6 + 1 + 64 + 1 + 8 + 1 + 32			/* characters */
};

struct token {
	uint8_t pin[TOKEN_PIN_LEN];
	uint8_t id[TOKEN_ID_LEN];
	uint8_t secret[TOKEN_SECRET_LEN];
};

/* Space around it is ignored. 0, or -EINVAL with *why (static): what is wrong, never with any of its text. */
int token_parse(const char *text, struct token *out, const char **why);
/* Without prefix and pin: "ID.SECRET", what travels to the master. */
int token_parse_short(const char *text, struct token *out, const char **why);
void token_format(const struct token *token, char out[TOKEN_TEXT_LEN + 1]);
void token_format_short(const struct token *token, char out[8 + 1 + 32 + 1]);
/* Overwrites it, also where a compiler would not see the use. */
void token_wipe(struct token *token);

/* From a file (its first line, at most 4 KiB), "-": standard input. The file may not be readable for all: that is
 * -EPERM. 0, or -errno with *error set to owned words. */
int token_read(const char *path, struct token *out, char **error);

#endif
