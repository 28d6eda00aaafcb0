/*
 * unpack_check.c - the wire bytes of a message held against its descriptor, before anything is unpacked.
 *
 * Accepts less than protobuf does: what no sane encoder emits and what makes protobuf-c slow or large is
 * refused. Allocates nothing, reads each byte about once; a refusal is a static phrase.
 */
#include "wire/unpack.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/utf8.h"

enum {
	VARINT_MAX = 10,
	TAG_MAX = 5,			/* bytes of a tag or length: protobuf-c takes no more either */
	FIELDS_PER_TYPE_MAX = 256
};

struct check {
	const uint8_t *at, *end;	/* end of the message that is being read */
	unsigned depth;
	size_t n_fields, n_unknown;	/* of the whole message */
	const char *why;
};

static bool check_message(struct check *s, const ProtobufCMessageDescriptor *type);

static bool refuse(struct check *s, const char *why)
{
	s->why = why;
	return false;
}

/* At most max_bytes; bits past the 64th are dropped, as every decoder does. */
static bool read_varint(struct check *s, unsigned max_bytes, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < max_bytes; i++) {
		if (s->at == s->end)
			return refuse(s, "truncated");
		value |= (uint64_t)(*s->at & 0x7f) << (7 * i);
		if (!(*s->at++ & 0x80)) {
			*out = value;
			return true;
		}
	}
	return refuse(s, "number of too many bytes");
}

static bool skip(struct check *s, size_t n)
{
	if (n > (size_t)(s->end - s->at))
		return refuse(s, "truncated");
	s->at += n;
	return true;
}

static bool count_field(struct check *s)
{
	return ++s->n_fields <= UNPACK_FIELDS_MAX || refuse(s, "too many fields");
}

static unsigned scalar_wire_type(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return PROTOBUF_C_WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return PROTOBUF_C_WIRE_TYPE_64BIT;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	default:
		return PROTOBUF_C_WIRE_TYPE_VARINT;
	}
}

static bool check_scalar(struct check *s, unsigned wire_type)
{
	uint64_t ignored;

	switch (wire_type) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return read_varint(s, VARINT_MAX, &ignored);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return skip(s, 8);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return skip(s, 4);
	default:
		return refuse(s, "wire type that does not exist");
	}
}

/* Elements count as fields: each of them costs memory. */
static bool check_packed(struct check *s, const ProtobufCFieldDescriptor *field)
{
	while (s->at < s->end)
		if (!count_field(s) || !check_scalar(s, scalar_wire_type(field->type)))
			return false;
	return true;
}

static bool check_string(struct check *s)
{
	size_t n = (size_t)(s->end - s->at);

	if (n > 0 && memchr(s->at, 0, n))
		return refuse(s, "string with a NUL byte");
	if (n > 0 && !utf8_valid(s->at, n))
		return refuse(s, "string that is not UTF-8");
	s->at = s->end;
	return true;
}

static bool check_submessage(struct check *s, const ProtobufCMessageDescriptor *type)
{
	bool ok;

	if (s->depth == UNPACK_DEPTH_MAX)
		return refuse(s, "nested too deep");
	s->depth++;
	ok = check_message(s, type);
	s->depth--;
	return ok;
}

/* The bytes [at, end) are one length-delimited value. field is NULL for an unknown one. */
static bool check_value(struct check *s, const ProtobufCFieldDescriptor *field)
{
	if (!field || field->type == PROTOBUF_C_TYPE_BYTES)
		return skip(s, (size_t)(s->end - s->at));
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return check_string(s);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_submessage(s, field->descriptor);
	return check_packed(s, field);
}

static bool check_length_delimited(struct check *s, const ProtobufCFieldDescriptor *field)
{
	const uint8_t *end = s->end;
	uint64_t n;
	bool ok;

	if (!read_varint(s, TAG_MAX, &n))
		return false;
	if (n > (uint64_t)(end - s->at))
		return refuse(s, "length beyond the end of its message");
	s->end = s->at + n;
	ok = check_value(s, field);
	s->end = end;
	return ok;
}

static bool wire_type_fits(const ProtobufCFieldDescriptor *field, unsigned wire_type)
{
	return wire_type == scalar_wire_type(field->type) ||
	       (wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && field->label == PROTOBUF_C_LABEL_REPEATED);
}

/* A second occurrence of a singular message would be merged, at the cost of the whole first one. */
static bool mark_seen(struct check *s, const ProtobufCFieldDescriptor *field, size_t index, uint64_t *seen)
{
	uint64_t bit = UINT64_C(1) << (index % 64);

	if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED)
		return true;
	if (seen[index / 64] & bit)
		return refuse(s, "message field given twice");
	seen[index / 64] |= bit;
	return true;
}

static bool check_field(struct check *s, const ProtobufCMessageDescriptor *type, uint64_t *seen)
{
	const ProtobufCFieldDescriptor *field;
	uint64_t tag;
	unsigned wire_type;

	if (!count_field(s) || !read_varint(s, TAG_MAX, &tag))
		return false;
	if (tag >> 3 == 0 || tag > UINT32_MAX)
		return refuse(s, "field number that does not exist");
	wire_type = tag & 7;
	field = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
	if (!field && ++s->n_unknown > UNPACK_UNKNOWN_MAX)
		return refuse(s, "too many unknown fields");
	if (field && !wire_type_fits(field, wire_type))
		return refuse(s, "wire type that does not fit its field");
	if (field && !mark_seen(s, field, (size_t)(field - type->fields), seen))
		return false;
	if (wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
		return check_length_delimited(s, field);
	return check_scalar(s, wire_type);
}

static bool check_message(struct check *s, const ProtobufCMessageDescriptor *type)
{
	uint64_t seen[FIELDS_PER_TYPE_MAX / 64] = { 0 };

	assert(type->n_fields <= FIELDS_PER_TYPE_MAX);
	while (s->at < s->end)
		if (!check_field(s, type, seen))
			return false;
	return true;
}

int unpack_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len, const char **why)
{
	static const uint8_t nothing;
	struct check s = { .at = data ? data : &nothing, .depth = 1 };

	s.end = s.at + len;
	if (check_message(&s, type))
		return 0;
	*why = s.why;
	return -EBADMSG;
}
