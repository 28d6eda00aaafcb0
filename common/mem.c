/*
 * mem.c - the only caller of malloc(3) and its family.
 *
 * Fails by abort(): a program that could not get a few kilobytes cannot tidy up either, and whoever
 * supervises it starts it again.
 */
#include "common/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *check(void *p)
{
	static const char text[] = "out of memory\n";

	if (p)
		return p;
	if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
		/* Nothing is left to do about it. */
	}
	abort();
}

void *mem_alloc(size_t n)
{
	return check(calloc(1, n ? n : 1));
}

void *mem_array(size_t n, size_t size)
{
	if (!n || !size)
		return mem_alloc(0);
	return check(calloc(n, size));	/* calloc checks the product */
}

void *mem_realloc(void *p, size_t n)
{
	return check(realloc(p, n ? n : 1));
}

void *mem_dup(const void *p, size_t n)
{
	void *copy = check(malloc(n ? n : 1));

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *mem_strdup(const char *s)
{
	return s ? mem_dup(s, strlen(s) + 1) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	const char *end = n ? memchr(s, 0, n) : NULL;
	size_t len = end ? (size_t)(end - s) : n;
	char *copy = mem_alloc(len + 1);

	if (len)
		memcpy(copy, s, len);
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return check(text);
}

void mem_set_string(char **s, const char *value)
{
	char *copy = mem_strdup(value);	/* before free: value may be *s or lie inside it */

	free(*s);
	*s = copy;
}
