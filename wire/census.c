/*
 * census.c - see census.h. A chained hash table; entries live while their count is above zero. The
 * hash is seeded, so a peer cannot choose addresses that share a chain.
 */
#include "wire/census.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

enum { BUCKETS = 1024 };

struct entry {
	struct entry *next;
	uint64_t key;
	unsigned count;
};

struct census {
	struct entry *buckets[BUCKETS];
	uint64_t seed;
};

struct census *census_new(void)
{
	struct census *c = mem_new(struct census);

	random_bytes(&c->seed, sizeof c->seed);
	return c;
}

void census_free(struct census *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (c->buckets[i]) {
			struct entry *e = c->buckets[i];

			c->buckets[i] = e->next;
			free(e);
		}
	free(c);
}

/* IPv4 (also mapped into IPv6): the address; IPv6: the network half. */
static uint64_t key_of(const struct sockaddr *sa)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	uint64_t key = 0;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof v4);
		return UINT64_C(1) << 32 | v4.sin_addr.s_addr;
	}
	memcpy(&v6, sa, sizeof v6);
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
		memcpy(&key, v6.sin6_addr.s6_addr + 12, 4);
		return UINT64_C(1) << 32 | (key & UINT32_MAX);
	}
	memcpy(&key, v6.sin6_addr.s6_addr, sizeof key);
	return key;
}

/* Finalizer of splitmix64. */
static size_t bucket_of(const struct census *c, uint64_t key)
{
	uint64_t x = key ^ c->seed;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((x ^ x >> 31) % BUCKETS);
}

static struct entry **find(struct census *c, uint64_t key)
{
	struct entry **at = &c->buckets[bucket_of(c, key)];

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

void census_enter(struct census *c, const struct sockaddr *sa)
{
	uint64_t key = key_of(sa);
	struct entry **at = find(c, key);

	if (!*at) {
		*at = mem_new(struct entry);
		(*at)->key = key;
	}
	(*at)->count++;
}

unsigned census_count(struct census *c, const struct sockaddr *sa)
{
	const struct entry *e = *find(c, key_of(sa));

	return e ? e->count : 0;
}

void census_leave(struct census *c, const struct sockaddr *sa)
{
	struct entry **at = find(c, key_of(sa));
	struct entry *e = *at;

	if (e && --e->count == 0) {
		*at = e->next;
		free(e);
	}
}
