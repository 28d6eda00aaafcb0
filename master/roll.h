/*
 * roll.h - a list of identities, in memory and as messages.
 */
#ifndef MASTER_ROLL_H
#define MASTER_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "master/store_trust.h"
#include "wire/proto/sloth.pb-c.h"

struct roll {			/* zeroed: empty */
	struct identity_record *records;
	size_t n;
	size_t cap;
	Sloth__V1__Identity *messages, **pointers;
	char **holders;
};

void roll_add(struct roll *r, const struct identity_record *record);
/* Every identity of the store. -errno of it. */
int roll_read(struct roll *r, struct store *store);
/*
 * The messages of all records, valid until roll_done(); nothing is added afterwards. `all`: where the holders of names
 * are looked up, sorted as roll_read() leaves it; NULL: nowhere.
 */
Sloth__V1__Identity **roll_messages(struct roll *r, const struct roll *all, int64_t now_s);
void roll_leave_out_addresses(struct roll *r);
void roll_done(struct roll *r);

#endif
