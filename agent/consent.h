/*
 * consent.h - the agent's own policy, which has the last word on what its master asks for. See sloth-policy(5).
 */
#ifndef AGENT_CONSENT_H
#define AGENT_CONSENT_H

#include <stdbool.h>

struct agent;
struct user;
struct wire_call;

/* Reads the policy; the one before goes. EXIT_OK, or EXIT_CONFIG with *error set to owned words: then it stays. */
int consent_load(struct agent *agent, char **error);
void consent_close(struct agent *agent);

/*
 * Each false: not allowed, the call has been ended with PERMISSION_DENIED and words. `asked` is the name of a user
 * as the caller wrote it, "" for the agent's own; once that name is looked up, consent_to_user() asks about the other
 * name that the user may have.
 */
bool consent_to_run(struct agent *agent, struct wire_call *call, const char *principal, const char *asked);
bool consent_to_user(struct agent *agent, struct wire_call *call, const char *principal, const struct user *user);
bool consent_to_stop(struct agent *agent, struct wire_call *call, const char *principal);

#endif
