/*
 * roll.c - see roll.h.
 */
#include "master/roll.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "master/identities.h"
#include "wire/identity.h"

static char empty[] = "";

void roll_add(struct roll *r, const struct identity_record *record)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->records = mem_realloc(r->records, r->cap * sizeof *r->records);
	}
	r->records[r->n++] = *record;
}

static void on_identity(const struct identity_record *record, void *arg)
{
	roll_add(arg, record);
}

int roll_read(struct roll *r, struct store *store)
{
	return store_each_identity(store, on_identity, r);
}

/* As the store sorts them. */
static int compare(const struct identity_record *a, const struct identity_record *b)
{
	int order = strcmp(identity_kind_name(a->kind), identity_kind_name(b->kind));

	return order ? order : strcmp(a->name, b->name);
}

/* The first of those that have the record's kind and name, or where they would be. */
static size_t find(const struct roll *all, const struct identity_record *record)
{
	size_t low = 0, high = all->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&all->records[middle], record) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Owned; NULL: nobody has the name. */
static char *holder_of(const struct roll *all, const struct identity_record *record)
{
	for (size_t i = find(all, record); i < all->n && !compare(&all->records[i], record); i++) {
		const struct identity_record *h = &all->records[i];

		if (h->state == IDENTITY_ACCEPTED)
			return mem_printf("%s %s", *h->address ? h->address : h->from, h->key);
	}
	return NULL;
}

static void fill(Sloth__V1__Identity *message, struct identity_record *record, int64_t now_s)
{
	sloth__v1__identity__init(message);
	message->kind = (char *)(uintptr_t)identity_kind_name(record->kind);
	message->name = record->name;
	message->state = (char *)(uintptr_t)identity_state_names[record->state];
	message->fingerprint = record->key;
	message->address = record->address;
	message->from = record->from;
	message->asked = record->asked_s;
	message->not_after = record->not_after_s;
	message->trust = (char *)(uintptr_t)identity_trust_names[record->trust];
	message->is_renewal_late = identities_is_late(record, now_s);
}

Sloth__V1__Identity **roll_messages(struct roll *r, const struct roll *all, int64_t now_s)
{
	r->messages = mem_array(r->n, sizeof *r->messages);
	r->pointers = mem_array(r->n, sizeof(Sloth__V1__Identity *));
	r->holders = mem_array(r->n, sizeof(char *));
	for (size_t i = 0; i < r->n; i++) {
		r->pointers[i] = &r->messages[i];
		fill(&r->messages[i], &r->records[i], now_s);
		if (all && r->records[i].state == IDENTITY_DENIED)
			r->holders[i] = holder_of(all, &r->records[i]);
		if (r->holders[i])
			r->messages[i].holder = r->holders[i];
	}
	return r->pointers;
}

void roll_leave_out_addresses(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++)
		r->messages[i].address = r->messages[i].from = r->messages[i].holder = empty;
}

void roll_done(struct roll *r)
{
	for (size_t i = 0; i < r->n && r->holders; i++)
		free(r->holders[i]);
	free(r->holders);
	free(r->pointers);
	free(r->messages);
	free(r->records);
	*r = (struct roll){ .n = 0 };
}
