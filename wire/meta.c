/* meta.c - see meta.h. */
#include "wire/meta.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void meta_add(struct meta *m, const char *name, size_t name_len, const void *value, size_t len)
{
	char *block = mem_alloc(name_len + 1 + len + 1);

	memcpy(block, name, name_len);
	if (len)
		memcpy(block + name_len + 1, value, len);
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 4;
		m->fields = mem_realloc(m->fields, m->cap * sizeof *m->fields);
	}
	m->fields[m->n++] = (struct wire_field){ block, block + name_len + 1, len };
	m->bytes += name_len + len + 32;
}

const struct wire_field *meta_find(const struct meta *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->fields[i].name, name))
			return &m->fields[i];
	return NULL;
}

void meta_done(struct meta *m)
{
	for (size_t i = 0; i < m->n; i++)
		free((void *)(uintptr_t)m->fields[i].name);
	free(m->fields);
	*m = (struct meta){ 0 };
}
