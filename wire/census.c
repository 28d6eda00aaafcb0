/*
 * census.c - see census.h. Counts are in a chained hash table, whose entries live while they are above zero.
 * Rates outlive connections, so they are in a table of fixed size: where a row is full, the address that has
 * been quiet for longest is forgotten, which errs on its side. The hash is seeded, so a peer cannot choose
 * addresses that share a chain or a row.
 */
#include "wire/census.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "wire/guard.h"
#include "wire/limits.h"

enum { BUCKETS = 1024, ROW = 4, ROWS = WIRE_ARRIVALS_KNOWN / ROW };

struct entry {
	struct entry *next;
	uint64_t key;
	unsigned count;
};

struct arrival {
	uint64_t key;
	struct guard_bucket left;	/* burst 0: free */
};

struct census {
	struct entry *buckets[BUCKETS];
	struct arrival (*arrivals)[ROW];	/* ROWS, made for the first one */
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
	free(c->arrivals);
	free(c);
}

/* IPv4 (also mapped into IPv6): the address; IPv6: the network half. */
uint64_t census_key(const struct sockaddr *sa)
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
	return key ? key : 1;
}

/* FNV-1a, 64 bits. */
static uint64_t add_text(uint64_t key, const char *text)
{
	for (; *text; text++)
		key = (key ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return key;
}

uint64_t census_key_of_identity(const struct wire_identity *who)
{
	uint64_t key = add_text(UINT64_C(0xcbf29ce484222325) + who->kind, who->name);

	return key ? key : 1;
}

/* Finalizer of splitmix64. */
static uint64_t hash(const struct census *c, uint64_t key)
{
	uint64_t x = key ^ c->seed;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct entry **find(struct census *c, uint64_t key)
{
	struct entry **at = &c->buckets[hash(c, key) % BUCKETS];

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

void census_enter(struct census *c, uint64_t key)
{
	struct entry **at = find(c, key);

	if (!*at) {
		*at = mem_new(struct entry);
		(*at)->key = key;
	}
	(*at)->count++;
}

unsigned census_count(struct census *c, uint64_t key)
{
	const struct entry *e = *find(c, key);

	return e ? e->count : 0;
}

void census_leave(struct census *c, uint64_t key)
{
	struct entry **at = find(c, key);
	struct entry *e = *at;

	if (e && --e->count == 0) {
		*at = e->next;
		free(e);
	}
}

/* Of the key in its row: its own place, else a free one, else the one that was quiet for longest. */
static struct arrival *arrival_of(struct census *c, uint64_t key, uint64_t now_ms)
{
	struct arrival *row = c->arrivals[hash(c, key) % ROWS], *victim = row;
	uint32_t quiet_ms = 0;

	for (struct arrival *a = row; a < row + ROW; a++) {
		uint32_t ms = a->left.burst ? (uint32_t)now_ms - a->left.level.at_ms : UINT32_MAX;

		if (a->left.burst && a->key == key)
			return a;
		if (ms > quiet_ms) {
			quiet_ms = ms;
			victim = a;
		}
	}
	victim->key = key;
	guard_bucket_init(&victim->left, WIRE_ARRIVALS, now_ms);
	return victim;
}

bool census_admit(struct census *c, uint64_t key, uint64_t now_ms)
{
	if (!c->arrivals)
		c->arrivals = mem_array(ROWS, sizeof *c->arrivals);
	return guard_bucket_take(&arrival_of(c, key, now_ms)->left, now_ms);
}

void census_excuse(struct census *c, uint64_t key, uint64_t now_ms)
{
	if (c->arrivals)
		guard_bucket_give(&arrival_of(c, key, now_ms)->left, now_ms);
}
