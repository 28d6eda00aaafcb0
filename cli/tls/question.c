/* question.c - see question.h. */
#include "cli/tls/question.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/str.h"
#include "wire/credential.h"
#include "wire/identity.h"
#include "wire/proto/sloth.pb-c.h"

struct asking {
	const struct question *question;
	struct answer *answer;
	struct wire_conn *conn;		/* NULL when it is down */
	char *ca;			/* of the connection, hex */
	bool is_done;
	char *error;			/* NULL with is_done: all went well */
};

static void end(struct asking *a, char *error)
{
	if (a->is_done) {
		free(error);
		return;
	}
	a->is_done = true;
	a->error = error;
	if (a->conn)
		wire_conn_close(a->conn, 0, "answered");
}

/* The certificate of the CA that has just proved itself, and no other. */
static char *take(const struct asking *a, const Sloth__V1__EnrollResponse *r)
{
	char fingerprint[WIRE_FINGERPRINT_LEN + 1], *error = NULL;

	identity_fingerprint(r->ca.data, r->ca.len, fingerprint);
	if (!str_equal(a->ca, fingerprint))
		return mem_strdup("the master's answer has another CA than its connection");
	if (credential_take(a->question->files, WIRE_KIND_OPERATOR, NULL, r->certificate.data, r->certificate.len, r->ca.data, r->ca.len, &error))
		return error;
	return NULL;
}

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	struct asking *a = arg;
	const Sloth__V1__EnrollResponse *r = NULL;

	a->answer->is_answered = code != WIRE_UNAVAILABLE && code != WIRE_DEADLINE_EXCEEDED;
	a->answer->code = code;
	if (code == WIRE_OK)
		r = wire_unpack(call, &sloth__v1__enroll_response__descriptor, data, len);
	if (code != WIRE_OK)
		end(a, mem_strdup(*why ? why : wire_code_name(code)));
	else if (!r)
		end(a, mem_strdup("the master's answer cannot be decoded"));
	else if (r->state == SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED)
		end(a, take(a, r));
	else
		end(a, mem_printf("the master gives no certificate: %s", r->message));
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct asking *a = arg;
	const struct question *q = a->question;
	struct wire_request request = { .path = q->path, .timeout_ms = q->timeout_ms };
	char *error = NULL;
	uint8_t *csr;
	size_t len;

	mem_set_string(&a->ca, peer->ca);
	if (credential_request(q->files, &csr, &len, &error)) {
		end(a, error);
		return;
	}
	*q->csr = (ProtobufCBinaryData){ len, csr };
	a->answer->is_asked = true;
	wire_unary(conn, &request, q->message, on_answer, a);
	*q->csr = (ProtobufCBinaryData){ 0 };
	free(csr);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct asking *a = arg;

	if (!a->answer->is_asked)
		a->answer->fault = wire_conn_fault(conn);
	a->conn = NULL;
	end(a, mem_strdup(why));
}

int question_ask(const struct question *question, struct answer *answer, char **error)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	struct asking a = { .question = question, .answer = answer };
	const struct wire_dial dial = {
		.address = question->address, .role = WIRE_CLIENT, .tls = question->tls, .expect = WIRE_KIND_MASTER,
		.timeout_ms = question->timeout_ms,
	};
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct wire *wire;

	*answer = (struct answer){ 0 };
	if (!loop) {
		*error = mem_strdup("no event loop: out of file descriptors?");
		return -EMFILE;
	}
	wire = wire_new(loop);
	a.conn = wire_dial(wire, &dial, &ops, &a);
	ev_run(loop, 0);
	wire_free(wire);
	ev_loop_destroy(loop);
	free(a.ca);
	*error = a.error;
	return a.error ? -EACCES : 0;
}
