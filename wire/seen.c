/* seen.c - see seen.h. */
#include "wire/seen.h"

#include "wire/census.h"

bool seen_first(struct seen *s, const struct sockaddr *sa)
{
	uint64_t key = census_key(sa);
	unsigned n = s->n < SEEN_MAX ? s->n : SEEN_MAX;

	for (unsigned i = 0; i < n; i++)
		if (s->keys[i] == key)
			return false;
	s->keys[s->n++ % SEEN_MAX] = key;
	return true;
}
