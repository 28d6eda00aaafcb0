/*
 * addr.h - addresses in text: "host:port", "[v6]:port", "unix:/path". Pure.
 */
#ifndef WIRE_ADDR_H
#define WIRE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { WIRE_ADDR_MAX = 280, WIRE_HOST_MAX = 253 };

struct wire_addr {
	bool is_unix;
	char host[WIRE_HOST_MAX + 1];			/* no brackets; empty for unix */
	uint16_t port;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];	/* unix only, NUL-terminated */
};

/*
 * Parses `text`. default_port is used when the text has none; 0: a port is required. 0 or -EINVAL with
 * *why set to a static phrase ("no port", "port is not in 1..65535", "path is longer than 107 bytes").
 * A written port 0 passes (listeners: any free port); whoever dials or stores an address refuses it.
 */
int wire_addr_parse(const char *text, uint16_t default_port, struct wire_addr *out, const char **why);
/* An IP address alone, an IPv6 one with or without brackets, as users write the address to listen on; out->port is 0.
 * 0 or -EINVAL. */
int wire_addr_parse_literal(const char *text, struct wire_addr *out);
/* Text form, brackets around IPv6 literals; out has WIRE_ADDR_MAX bytes. */
void wire_addr_format(const struct wire_addr *a, char *out);
/* A socket address as text: "10.0.0.7:50051", "[::1]:50051", "unix:/path", "unix" for an unnamed peer. */
void wire_addr_from_sockaddr(const struct sockaddr *sa, socklen_t len, char *out);
/* host is a literal of 127.0.0.0/8 or ::1, or the name "localhost". */
bool wire_addr_is_loopback(const struct wire_addr *a);
bool wire_sockaddr_is_loopback(const struct sockaddr *sa);
/* Of one machine, and not the loopback interface of this one: neither 127.0.0.0/8 or ::1, nor unspecified, multicast or
 * broadcast. */
bool wire_sockaddr_is_elsewhere(const struct sockaddr *sa);
/* The same of a literal. A name counts as such until it is looked up, but for "localhost" and what ends in ".localhost". */
bool wire_addr_is_elsewhere(const struct wire_addr *a);
/* host is 0.0.0.0, :: or empty. */
bool wire_addr_is_any(const struct wire_addr *a);
/* The literal at which a server listens on every address of the kind that host has: "[::]" for IPv6, else "0.0.0.0". */
const char *wire_addr_any_of(const struct wire_addr *a);
/* The literal as a socket address; -EINVAL when host is a name. */
int wire_addr_to_sockaddr(const struct wire_addr *a, struct sockaddr_storage *sa, socklen_t *len);

#endif
