/*
 * papers.h - certificates for the members of a fleet, all of one key, which costs a master the same.
 *
 * Their CA is that of a master's state directory, or they come by Enroll with a token. What fails ends the program
 * with words.
 */
#ifndef TEST_TOOLS_FLEET_PAPERS_H
#define TEST_TOOLS_FLEET_PAPERS_H

#include <stddef.h>
#include <stdint.h>

#include "wire/proto/sloth.pb-c.h"

struct papers;
struct wire_tls;

/* One of the two is given, the other is NULL. */
struct papers *papers_open(const char *state_dir, const char *token_file);
/* Of who has no certificate yet. NULL: nobody needs to enrol. */
struct wire_tls *papers_first(const struct papers *p);
/* By the CA itself. The caller's. */
struct wire_tls *papers_sign(struct papers *p, const char *name);
/* Borrows from `p` and `name`. */
void papers_fill(const struct papers *p, const char *name, Sloth__V1__EnrollRequest *request);
/* What came of it. The caller's. */
struct wire_tls *papers_take(struct papers *p, const Sloth__V1__EnrollResponse *response);
/* After every connection. NULL is fine. */
void papers_free(struct papers *p);

#endif
