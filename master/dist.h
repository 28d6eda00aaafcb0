/*
 * dist.h - what the master has to install agents from. It is looked at when it is asked for: it may be filled later.
 */
#ifndef MASTER_DIST_H
#define MASTER_DIST_H

#include <stddef.h>

enum { DIST_ARCHITECTURES_MAX = 64 };

struct dist {
	char *architectures[DIST_ARCHITECTURES_MAX];	/* owned, as uname -m says it; at least one */
	size_t n;
};

/*
 * Of the directory DIR with bootstrap.sh, SHA256SUMS and the programs that it lists. An architecture counts when both of
 * its programs are there. 0, or -ENOENT with *why set to owned words.
 */
int dist_look(const char *dir, struct dist *out, char **why);
void dist_done(struct dist *d);

#endif
