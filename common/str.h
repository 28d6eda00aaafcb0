/*
 * str.h - checking, parsing and quoting of text.
 */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STR_NAME_MAX = 64, STR_QUOTE_MAX = 200 };

/* An agent's name: letters, digits, '.', '_', '-', 1 to STR_NAME_MAX bytes, and not "." or "..". */
bool str_is_name(const char *s);
/* The rule above in words, for error messages. */
extern const char str_name_rule[];

bool str_has_prefix(const char *s, const char *prefix);
bool str_equal(const char *a, const char *b);	/* NULL equals NULL only */

/* Decimal, nothing around it, within [min, max]. 0, -EINVAL or -ERANGE; *out untouched on error. */
int str_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);
/* "90", "90s", "1500ms", "5m", "2h", "1d", fractions as in "0.5s" -> milliseconds, rounded up; a bare
 * number is seconds. At most 100 years, so that sums do not overflow. 0, -EINVAL or -ERANGE. */
#define STR_DURATION_MAX_MS (UINT64_C(36500) * 24 * 3600 * 1000)
int str_parse_duration(const char *s, uint64_t *ms);

/*
 * `s` in double quotes, control bytes, quotes, backslashes and invalid UTF-8 escaped (\n, \x1b), cut
 * to STR_QUOTE_MAX bytes with "..." behind. For log lines and messages. The result is in one of eight
 * static buffers used in turn.
 */
const char *str_quote(const char *s);
const char *str_quote_n(const void *data, size_t n);

/*
 * `data` into out, at most `cap` bytes and no NUL behind: control bytes and invalid UTF-8 escaped as
 * above, each byte of `special` after a backslash. What does not fit is cut between characters and
 * replaced by "...". Returns the bytes written.
 */
size_t str_escape(char *out, size_t cap, const void *data, size_t n, const char *special);

/* `n` bytes as lower-case hex into out (2n + 1 bytes). */
void str_hex(const uint8_t *data, size_t n, char *out);
/* Exactly n bytes from 2n hex digits. 0 or -EINVAL. */
int str_unhex(const char *hex, uint8_t *out, size_t n);

/* "1.5 MiB", "412 B"; "41 ms", "3.2 s", "5m 10s", "2h 5m", "3d 4h". Static buffers as above. */
const char *str_bytes(uint64_t n);
const char *str_duration_ms(uint64_t ms);

/* n bytes from getrandom(2). */
void random_bytes(void *out, size_t n);
/* Uniform in [0, bound); bound > 0. */
uint64_t random_below(uint64_t bound);

#endif
