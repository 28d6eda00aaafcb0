/*
 * script.h - what a raw peer sends as a list of steps, and what the other side makes of it as text.
 *
 *   { HEADERS(1, ES | EH, GET), DATA(1, ES, "late") }      ->      "goaway(STREAM_CLOSED) closed"
 *
 * Nothing is timed: script_play() ends with a PING and a SETTINGS frame, and whatever comes before they are
 * acknowledged is the reaction. Words of it, in order of arrival:
 *
 *   1:405  1:trailers(12)  1:fields    a header block: its :status, its grpc-status, neither
 *   1:data(16)                         DATA and its length
 *   1:reset(CANCEL)                    RST_STREAM
 *   goaway(NO_ERROR)                   GOAWAY
 *   pong  settings                     PING and SETTINGS with ACK, those for the script's own steps
 *   closed  cut                        the connection: in order, by a TCP reset
 *
 * A "." behind a word is END_STREAM. WINDOW_UPDATE is left out.
 */
#ifndef TEST_LIB_SCRIPT_H
#define TEST_LIB_SCRIPT_H

#include "test/lib/raw.h"

enum { ES = RAW_END_STREAM, EH = RAW_END_HEADERS };

enum step_kind {
	STEP_NONE,
	STEP_FRAME,
	STEP_FILLED,		/* a frame with n bytes 'x' */
	STEP_BYTES,		/* as they are */
	STEP_SYNC		/* everything so far has been taken and answered */
};

struct step {
	enum step_kind kind;
	uint8_t type, flags;
	uint32_t stream;
	const char *data;
	size_t n;
};

enum { STEPS_MAX = 12 };

/* Payloads are string literals, NUL bytes in them count. */
#define FRAME(type_, flags_, stream_, literal_) \
	{ STEP_FRAME, (type_), (flags_), (stream_), "" literal_, sizeof(literal_) - 1 }
#define FILLED(type_, flags_, stream_, n_)	{ STEP_FILLED, (type_), (flags_), (stream_), NULL, (n_) }
#define BYTES(literal_)				{ STEP_BYTES, 0, 0, 0, "" literal_, sizeof(literal_) - 1 }
#define SYNC					{ STEP_SYNC, 0, 0, 0, NULL, 0 }
#define DATA(stream_, flags_, literal_)		FRAME(RAW_DATA, flags_, stream_, literal_)
#define HEADERS(stream_, flags_, literal_)	FRAME(RAW_HEADERS, flags_, stream_, literal_)
#define CONTINUATION(stream_, flags_, literal_)	FRAME(RAW_CONTINUATION, flags_, stream_, literal_)
#define PRIORITY(stream_, literal_)		FRAME(RAW_PRIORITY, 0, stream_, literal_)
#define RESET(stream_, literal_)		FRAME(RAW_RST_STREAM, 0, stream_, literal_)
#define SETTINGS(literal_)			FRAME(RAW_SETTINGS, 0, 0, literal_)
#define PING(flags_, literal_)			FRAME(RAW_PING, flags_, 0, literal_)
#define GOAWAY(literal_)			FRAME(RAW_GOAWAY, 0, 0, literal_)
#define WINDOW(stream_, literal_)		FRAME(RAW_WINDOW_UPDATE, 0, stream_, literal_)

/* Header blocks: static table, and :authority "test" as a literal. */
#define TARGET	"\x86\x84\x01\4test"		/* http, /, test */
#define GET	"\x82" TARGET
#define POST	"\x83" TARGET
#define GRPC	"\x83\x86\x04\x10/test.Echo/Unary\x01\4test" "\x0f\x10\x10" "application/grpc"

/* Settings and numbers in them. */
#define SET_HEADER_TABLE	"\0\1"
#define SET_PUSH		"\0\2"
#define SET_STREAMS		"\0\3"
#define SET_WINDOW		"\0\4"
#define SET_FRAME		"\0\5"
#define SET_HEADER_LIST		"\0\6"

struct script {
	const char *name;		/* "RFC section: what" */
	struct step steps[STEPS_MAX];
	const char *reaction;
};

void script_send(struct raw *r, const struct step *step);
/* Sends the steps to a peer that is up; the reaction. Static. */
const char *script_play(struct raw *r, const struct step *steps);
/* Plays each script on a connection of its own after a handshake; prints and counts what differs. */
unsigned script_check(const struct script *scripts, size_t n);
#define SCRIPT_CHECK(table_) ck_assert_uint_eq(script_check(table_, sizeof(table_) / sizeof *(table_)), 0)

#endif
