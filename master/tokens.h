/*
 * tokens.h - tokens that let in whoever has them: made, listed, revoked, checked.
 *
 * The master keeps the SHA-256 of a secret only; the text of a token exists once, in the answer to its making.
 */
#ifndef MASTER_TOKENS_H
#define MASTER_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/token.h"
#include "master/store_trust.h"

enum {
	TOKENS_MAX = 4096,
	TOKENS_USES_MAX = 1000000,
	TOKENS_TTL_S = 3600,				/* unless said otherwise */
	TOKENS_KEEP_S = 30 * 24 * 3600			/* that long an expired one can still be told from an unknown one */
};
#define TOKENS_TTL_MAX_S (INT64_C(3650) * 24 * 3600)

struct token_wish {
	uint64_t ttl_s;			/* 0: TOKENS_TTL_S */
	uint32_t uses;			/* 0: one */
	const char *role;		/* "agent", "operator"; "": agent */
	const char *name_glob;		/* "": any; an operator's, and one that replaces, is for somebody */
	bool replace;
	const char *by;
};

/*
 * Makes a token of the cluster whose CA has fingerprint `pin` (hex). -EINVAL (the wish), -ENOSPC (too many), -errno of
 * the store, with *why set to owned words. `text` is secret: token_wipe() and the like are the caller's.
 */
int tokens_create(struct store *store, const struct token_wish *wish, const char *pin, int64_t now_s,
		  struct token_record *out, char text[TOKEN_TEXT_LEN + 1], char **why);
/* -ENOENT: there is no such token; -EALREADY: it is revoked. */
int tokens_revoke(struct store *store, const char *id);

/*
 * Finds the token that somebody shows: "ID.SECRET", or the whole of it. -EINVAL: it is none; -EACCES: it is not, or no
 * longer, good here; -errno of the store. *why: static words. A token that is used up is found: see uses_left.
 */
int tokens_check(struct store *store, const char *text, const char *pin, int64_t now_s, struct token_record *out,
		 const char **why);
bool tokens_fit(const struct token_record *token, const char *name);

#endif
