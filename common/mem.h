/*
 * mem.h - memory that never fails: out of memory aborts with a line on stderr.
 *
 * Sizes that a peer controls are checked against a limit before they come here.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

/* n zeroed bytes; n == 0 gives a pointer that may be freed. */
void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));
/* An array of n elements of `size` zeroed bytes; aborts on overflow. */
void *mem_array(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *p, size_t n) __attribute__((returns_nonnull));
void *mem_dup(const void *p, size_t n) __attribute__((malloc, returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc));	/* NULL stays NULL */
char *mem_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...) __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Replaces the owned string *s by a copy of `value` (NULL allowed, may be *s itself). */
void mem_set_string(char **s, const char *value);

#define mem_new(type) ((type *)mem_alloc(sizeof(type)))

#endif
