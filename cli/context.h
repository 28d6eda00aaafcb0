/*
 * context.h - the logins of this user: ROOT/contexts/NAME holds the master's address and, as wire/credential.h has them,
 * the operator's key and certificate and the CA's; the file ROOT/context names the login in use.
 *
 * ROOT is ~/.config/sloth. Functions return 0, or -errno with *error set to owned words; -ENOENT: there is none.
 */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "wire/addr.h"

enum { CONTEXT_NAME_MAX = STR_NAME_MAX, CONTEXT_PORT = 50053 };

/* Like an agent's name, and not beginning with a dot or dash. */
bool context_is_name(const char *name);
extern const char context_name_rule[];

char *context_dir(const char *root, const char *name);		/* owned */
/* Where a login is made: what is there is not one yet. Owned. */
char *context_staging_dir(const char *root, const char *name);

/* As wire_dial() takes it. */
int context_read_address(const char *root, const char *name, char out[WIRE_ADDR_MAX], char **error);
/* Written into a directory that becomes a login later. */
int context_write_address(const char *dir, const char *address, char **error);

int context_read_current(const char *root, char out[CONTEXT_NAME_MAX + 1], char **error);
/* NULL: none is in use. */
int context_write_current(const char *root, const char *name, char **error);
/* The login at this address; of several the one in use, else the first by name. */
int context_find(const char *root, const char *address, char out[CONTEXT_NAME_MAX + 1], char **error);

struct context_list {
	char **names;		/* owned, in order */
	size_t n;
};
int context_list_read(const char *root, struct context_list *out, char **error);
void context_list_done(struct context_list *list);

/* The staged login becomes NAME, in place of an older one. */
int context_publish(const char *root, const char *name, char **error);
/* With its key. Where it was in use, none is any more. */
int context_remove(const char *root, const char *name, char **error);
void context_remove_staged(const char *root, const char *name);

#endif
