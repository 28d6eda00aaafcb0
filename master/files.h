/*
 * files.h - what the master gives to everybody who asks for it on its TLS port, with curl, wget or a browser: what a
 * machine needs to become an agent, and nothing else. Read only.
 *
 *   /ca.crt                 the certificate of the CA: whoever has a pin compares it with that
 *   /bootstrap.sh           DIST/bootstrap.sh
 *   /dist/SHA256SUMS        DIST/SHA256SUMS
 *   /dist/ARCH/NAME         DIST/ARCH/NAME
 *   /healthz                "ok"; 503 while the master stops
 *
 * DIST is --dist-dir. It may be missing, and filled later.
 */
#ifndef MASTER_FILES_H
#define MASTER_FILES_H

struct master;
struct options;

/* Fills m->files; behind secure_open(). EXIT_OK, or an exit status with *error set to owned words. */
int files_serve(struct master *m, const struct options *o, char **error);
/* DIST; NULL: there is none, or it is not to be trusted. */
const char *files_dir(const struct master *m);
/* After wire_free(). */
void files_free(struct master *m);

#endif
