/*
 * trust.h - whether root may keep its things at a place: only root, and nobody else, can have put there what is
 * there, and can put something else there later.
 *
 * Trusted are root, we ourselves, and whoever owns "/" (in a user namespace root may not), because that one
 * has the machine anyway. Symbolic links on the way are followed when a trusted one has made them.
 *
 * Users other than root use their own places at their own risk: for them each of these is NULL at once, but for
 * trust_file(). All results are NULL or owned words that say what is wrong and what to do. What is missing is
 * fine, and so is what cannot be looked at: whoever opens it will say.
 */
#ifndef COMMON_TRUST_H
#define COMMON_TRUST_H

/* Every directory on the way belongs to a trusted one, and not everybody can write to it (or it is sticky, like
 * /tmp); so does, and is, the directory or file at its end. */
char *trust_path(const char *path);
/* And only its owner can write to the directory at the end. */
char *trust_dir(const char *path);
/* A file in a directory of which trust_dir() said NULL: a regular file, nothing else that could block or lead
 * elsewhere; root's: no link, of a trusted owner, written by nobody else. */
char *trust_file(const char *path);

#endif
