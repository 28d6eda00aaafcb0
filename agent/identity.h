/*
 * identity.h - the two random ids of an agent, each 16 bytes in a file of 32 hex digits.
 *
 *   instance  in the state directory: which agent this is; a restarted agent takes its name over with it
 *   epoch     in the runtime directory: made whenever that is found without one; what was running under
 *             another epoch is not known here
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include <stdint.h>

enum { IDENTITY_BYTES = 16 };

struct identity {
	uint8_t instance[IDENTITY_BYTES];
	uint8_t epoch[IDENTITY_BYTES];
};

/* Reads or makes both files; the directories exist. 0, or -errno with *error set to owned words. */
int identity_load(struct identity *id, const char *state_dir, const char *runtime_dir, char **error);

#endif
