/*
 * passport.h - who the CLI is to a master, and whom it takes for the master: TLS. There are two of it, and a program
 * has one:
 *
 *   passport_exec.c  of sloth, which links no TLS and so starts fast: it becomes sloth-tls, with the same words
 *   tls/             of sloth-tls
 */
#ifndef CLI_PASSPORT_H
#define CLI_PASSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct library;
struct passport;
struct target;
struct wire_tls;

/* First of all: argv is about to be put into another order. */
void passport_init(int argc, char **argv);
/*
 * The identity and the trust of target->context. 0, or -errno with *error and *hint set to owned lines. Nothing has
 * been read from stdin or written to stdout: the process may become another program.
 */
int passport_open(const struct target *target, struct passport **out, char **error, char **hint);
struct wire_tls *passport_tls(const struct passport *p);		/* for wire_dial(); NULL for NULL */
/*
 * After everything that used it. may_renew: the master was there, so the certificate is renewed when two thirds of its
 * life are over; failing is worth a word only near its end. NULL is fine.
 */
void passport_close(struct passport *p, bool may_renew);

/* The TLS library, where this program has one. How many: 0 or 1. */
size_t passport_library(struct library *out);

/* `sloth login`, the command; see login_options.h. */
int passport_login(void *options, int argc, char **argv);

#endif
