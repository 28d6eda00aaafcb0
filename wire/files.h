/*
 * files.h - files for clients that speak plain HTTP (curl, wget, a browser): GET and HEAD, read only, for anybody.
 *
 * They are served on TLS connections alone, over HTTP/2 and, to clients that name http/1.1 or nothing at all in ALPN,
 * over HTTP/1.x with one request for each connection. Who asks and what his certificate is worth plays no part: what
 * must not be everybody's is not to be found here. Without wire_serve_files() nothing changes for such clients: they
 * are told what this port speaks.
 *
 * A reader that is slow holds no more than what its connection has gathered for one write; one that is too slow, or
 * does not read at all, is cut off (WIRE_DOWNLOAD_* in limits.h).
 */
#ifndef WIRE_FILES_H
#define WIRE_FILES_H

#include "wire/wire.h"

struct wire_file {
	const char *type;		/* its media type; lives as long as the file is being read */
	uint64_t size;
	/*
	 * Up to n bytes from `offset` on to `to`, without blocking for long. How many, or -errno. None before the end,
	 * or an error: the download is broken off, which the client sees by its length.
	 */
	ssize_t (*read)(void *body, uint64_t offset, void *to, size_t n);
	void (*done)(void *body);	/* once: nobody reads it any more; NULL: nothing to do */
	void *body;
};

/*
 * Finds what is at `path`: of a request's target what stands before a '?', not decoded, at most WIRE_PATH_MAX bytes and
 * beginning with '/'. 0 with *file filled, -ENOENT, or another -errno: it cannot be read for now.
 */
typedef int wire_find_file(const struct wire_peer *peer, const char *path, struct wire_file *file, void *arg);
void wire_serve_files(struct wire *wire, wire_find_file *find, void *arg);

#endif
