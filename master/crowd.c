/*
 * crowd.c - see crowd.h. Who comes anew takes the place of who was quiet for the longest time.
 */
#include "master/crowd.h"

#include "wire/addr.h"
#include "wire/census.h"

void crowd_init(struct crowd *c, uint64_t now_ms)
{
	*c = (struct crowd){ .hosts[0].key = 0 };
	guard_bucket_init(&c->all, CROWD_ALL_BURST, CROWD_ALL_PER_S, now_ms);
	guard_bucket_init(&c->lines, CROWD_LINES_BURST, CROWD_LINES_PER_S, now_ms);
}

/* Never 0. What is no address shares one place. */
static uint64_t key_of(const char *host)
{
	struct wire_addr addr;
	struct sockaddr_storage sa;
	socklen_t len;
	uint64_t key = 0;

	if (!wire_addr_parse_literal(host, &addr) && !wire_addr_to_sockaddr(&addr, &sa, &len))
		key = census_key((struct sockaddr *)&sa);
	return key ? key : 1;
}

static struct crowd_host *find(struct crowd *c, uint64_t key, uint64_t now_ms)
{
	struct crowd_host *oldest = c->hosts;

	for (struct crowd_host *h = c->hosts; h < c->hosts + CROWD_HOSTS; h++) {
		if (h->key == key)
			return h;
		if (h->used_ms < oldest->used_ms)
			oldest = h;
	}
	oldest->key = key;
	guard_bucket_init(&oldest->bucket, CROWD_BURST, CROWD_PER_S, now_ms);
	return oldest;
}

bool crowd_may_ask(struct crowd *c, const char *host, uint64_t now_ms)
{
	struct crowd_host *h = find(c, key_of(host), now_ms);

	h->used_ms = now_ms;
	return guard_bucket_take(&h->bucket, now_ms) && guard_bucket_take(&c->all, now_ms);
}

bool crowd_may_be_said(struct crowd *c, uint64_t now_ms)
{
	return guard_bucket_take(&c->lines, now_ms);
}
