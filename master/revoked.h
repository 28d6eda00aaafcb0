/*
 * revoked.h - the certificates that are void: in memory for every handshake, and in a file of their own.
 *
 * STATE/revoked is only ever appended to, and synced before a revocation is answered; it is never moved aside, so
 * that a database that was damaged, lost or restored from a backup does not bring anybody back. The first line says
 * since when the file is complete; then a line for each certificate: SERIAL KIND NAME TIME NOT_AFTER. At the start
 * file and database are merged into each other. A last line that was cut is ended; what cannot be read as a line still
 * revokes the serial it begins with.
 */
#ifndef MASTER_REVOKED_H
#define MASTER_REVOKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

struct revoked;
struct revoked_record;
struct store;

/* A file that is missing is made. 0, or -errno with *error set to owned words: it is there and cannot be read or written. */
int revoked_open(const char *path, struct store *store, int64_t now_s, struct revoked **out, char **error);
void revoked_free(struct revoked *r);

/* For wire_tls_set_revoked(); `revoked` is a struct revoked. */
bool revoked_has(const char *serial, void *revoked);
/* Whether what a name had before a time was revoked, whatever the serials. */
bool revoked_covers(const struct revoked *r, enum wire_kind kind, const char *name, int64_t issued_s);
/* A certificate issued from this time on is in the file if it is revoked. */
int64_t revoked_since_s(const struct revoked *r);

/* On disk, then in memory. The database is the caller's. -errno: nothing was added. */
int revoked_add(struct revoked *r, const struct revoked_record *records, size_t n);

#endif
