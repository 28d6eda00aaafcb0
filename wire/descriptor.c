/*
 * descriptor.c - finds files and symbols in the embedded descriptor set.
 *
 * protobuf-c has no descriptor.proto, so the few fields that matter are read by hand. Field numbers are
 * those of google/protobuf/descriptor.proto. The input is our own; a reader that runs off its end stops.
 */
#include <stdbool.h>
#include <string.h>

#include "wire/reflection.h"

enum { SET_FILE = 1, NAME = 1, FILE_PACKAGE = 2, FILE_MESSAGE = 4, FILE_ENUM = 5, FILE_SERVICE = 6,
       MESSAGE_NESTED = 3, MESSAGE_ENUM = 4, SERVICE_METHOD = 2, LENGTH_DELIMITED = 2 };

static bool read_varint(struct reflection_bytes *b, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; b->len && shift < 64; shift += 7) {
		uint8_t byte = *b->data++;

		b->len--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool skip(struct reflection_bytes *b, uint64_t n)
{
	if (n > b->len)
		return false;
	b->data += n;
	b->len -= (size_t)n;
	return true;
}

/* Next length-delimited field; others are passed over. */
static bool next_field(struct reflection_bytes *b, uint64_t *number, struct reflection_bytes *value)
{
	static const uint8_t fixed[] = { [1] = 8, [5] = 4 };
	uint64_t tag, n;

	while (read_varint(b, &tag)) {
		unsigned type = tag & 7;

		if (type == LENGTH_DELIMITED) {
			if (!read_varint(b, &n) || n > b->len)
				return false;
			*number = tag >> 3;
			*value = (struct reflection_bytes){ b->data, (size_t)n };
			return skip(b, n);
		}
		if (type == 0 ? !read_varint(b, &n) : !(type == 1 || type == 5) || !skip(b, fixed[type]))
			return false;
	}
	return false;
}

static struct reflection_bytes find_field(struct reflection_bytes b, uint64_t wanted)
{
	struct reflection_bytes value;
	uint64_t number;

	while (next_field(&b, &number, &value))
		if (number == wanted)
			return value;
	return (struct reflection_bytes){ NULL, 0 };
}

static bool is_text(struct reflection_bytes b, const char *text)
{
	return b.data && b.len == strlen(text) && !memcmp(b.data, text, b.len);
}

/* Takes "prefix." off `symbol`; the rest, or NULL when it does not begin so. */
static const char *after_prefix(const char *symbol, struct reflection_bytes prefix)
{
	if (prefix.len == 0)
		return symbol;
	if (strncmp(symbol, (const char *)prefix.data, prefix.len) || symbol[prefix.len] != '.')
		return NULL;
	return symbol + prefix.len + 1;
}

static bool has_named(struct reflection_bytes parent, uint64_t field, const char *name)
{
	struct reflection_bytes value;
	uint64_t number;

	while (next_field(&parent, &number, &value))
		if (number == field && is_text(find_field(value, NAME), name))
			return true;
	return false;
}

static bool defines_in_message(struct reflection_bytes message, const char *symbol)
{
	struct reflection_bytes name = find_field(message, NAME), value;
	const char *rest = after_prefix(symbol, name);
	uint64_t number;

	if (is_text(name, symbol))
		return true;
	if (!rest)
		return false;
	if (has_named(message, MESSAGE_ENUM, rest))
		return true;
	while (next_field(&message, &number, &value))
		if (number == MESSAGE_NESTED && defines_in_message(value, rest))
			return true;
	return false;
}

static bool defines_in_service(struct reflection_bytes service, const char *symbol)
{
	struct reflection_bytes name = find_field(service, NAME);
	const char *rest = after_prefix(symbol, name);

	return is_text(name, symbol) || (rest && has_named(service, SERVICE_METHOD, rest));
}

static bool defines(struct reflection_bytes file, const char *symbol)
{
	const char *rest = after_prefix(symbol, find_field(file, FILE_PACKAGE));
	struct reflection_bytes value;
	uint64_t number;

	if (!rest)
		return false;
	while (next_field(&file, &number, &value))
		if ((number == FILE_MESSAGE && defines_in_message(value, rest)) ||
		    (number == FILE_SERVICE && defines_in_service(value, rest)) ||
		    (number == FILE_ENUM && is_text(find_field(value, NAME), rest)))
			return true;
	return false;
}

bool reflection_find_file(const char *name, struct reflection_bytes *file)
{
	struct reflection_bytes set = { reflection_descriptors, reflection_descriptors_len };
	uint64_t number;

	while (next_field(&set, &number, file))
		if (number == SET_FILE && is_text(find_field(*file, NAME), name))
			return true;
	return false;
}

bool reflection_find_symbol(const char *symbol, struct reflection_bytes *file)
{
	struct reflection_bytes set = { reflection_descriptors, reflection_descriptors_len };
	uint64_t number;

	while (next_field(&set, &number, file))
		if (number == SET_FILE && defines(*file, symbol))
			return true;
	return false;
}
