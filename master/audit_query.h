/*
 * audit_query.h - sloth.v1.Master/Audit: records for whoever may read them, oldest first.
 *
 * Globs know "*" (any text) and "?" (one byte); the time a match takes has a bound. At most AUDIT_QUERIES_MAX calls
 * at a time; each reads a piece at a turn of the loop and waits while its caller does not take more.
 */
#ifndef MASTER_AUDIT_QUERY_H
#define MASTER_AUDIT_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct master;
struct wire_call;

enum { AUDIT_QUERIES_MAX = 16 };

/* Handler of the method; `master` is struct master. */
void audit_query_start(struct wire_call *call, const uint8_t *data, size_t len, void *master);
/* The master stops: calls that follow the log would go on. */
void audit_query_stop(struct master *m);

bool audit_query_matches(const char *glob, const char *text);

#endif
