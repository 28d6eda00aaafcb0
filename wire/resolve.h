/*
 * resolve.h - names to addresses without blocking the loop (c-ares).
 */
#ifndef WIRE_RESOLVE_H
#define WIRE_RESOLVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ev_loop;
struct resolver;
struct resolve_query;

/* Addresses in the order to try them; n == 0: `why` says why not. Called from the loop, once. */
typedef void resolve_done(const struct sockaddr_storage *addrs, size_t n, const char *why, void *arg);

struct resolver *resolver_new(struct ev_loop *loop);
/* Queries under way end without a callback. NULL is fine. */
void resolver_free(struct resolver *r);
struct resolve_query *resolve_start(struct resolver *r, const char *host, uint16_t port, resolve_done *done, void *arg);
/* No callback follows. */
void resolve_cancel(struct resolve_query *q);

#endif
