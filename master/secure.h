/*
 * secure.h - the master's side of TLS: its CA, its certificate, and what peers are to it.
 *
 * The certificate is made anew when it has lived two thirds of its time, also when the clock was set meanwhile.
 */
#ifndef MASTER_SECURE_H
#define MASTER_SECURE_H

#include <stdbool.h>

struct ca;
struct master;
struct options;
struct wire_peer;
struct wire_tls;

/* Fills m->secure and makes m->wire speak TLS. EXIT_OK, or an exit status with *error set to owned words. */
int secure_open(struct master *m, const struct options *o, char **error);
/* SIGHUP: reads the files again; what is wrong is logged, and all stays as it was. Looks at the age of certificates. */
void secure_reload(struct master *m);
/* No timer any more. */
void secure_stop(struct master *m);
/* After wire_free(). */
void secure_free(struct master *m);

struct ca *secure_ca(const struct master *m);
struct wire_tls *secure_tls(const struct master *m);

/* Whether a peer came without TLS over TCP: it and what it says is shown as INSECURE. */
bool secure_is_plaintext(const struct wire_peer *peer);

#endif
