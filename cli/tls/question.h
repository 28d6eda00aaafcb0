/*
 * question.h - asking a master for a certificate: one call on a connection and a loop of its own, which are gone when it
 * returns.
 */
#ifndef CLI_TLS_QUESTION_H
#define CLI_TLS_QUESTION_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/wire.h"

struct credential;

struct question {
	const char *address;
	struct wire_tls *tls;
	const struct credential *files;		/* the new key is made there, the certificate goes there */
	const char *path;			/* the method, Enroll or Renew */
	const ProtobufCMessage *message;	/* all but `csr` is filled in */
	ProtobufCBinaryData *csr;		/* in `message`: filled in here */
	uint32_t timeout_ms;
};

struct answer {
	bool is_asked;		/* the request was sent: the master may have answered, even if nothing came */
	bool is_answered;
	enum wire_code code;	/* with is_answered */
	enum wire_fault fault;	/* without is_asked: what the connection met */
};

/* The certificate is in its place: 0; else -errno with *error set to owned words. */
int question_ask(const struct question *question, struct answer *answer, char **error);

#endif
