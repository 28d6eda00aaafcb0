/* headers.c - see headers.h. */
#include "wire/headers.h"

#include "wire/field.h"
#include "wire/limits.h"

void headers_add(struct headers *h, const char *name, const void *value, size_t len, bool no_index)
{
	size_t name_len = strlen(name), size = name_len + len + 32;

	if (h->n == HEADERS_MAX || (h->max && h->bytes + size > h->max))
		return;
	h->fields[h->n++] = (struct h2_field){ name, name_len, value, len, no_index };
	h->bytes += size;
}

void headers_add_text(struct headers *h, const char *name, const char *value)
{
	headers_add(h, name, value, strlen(value), false);
}

static size_t encoded_size(const struct meta *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->fields[i].len * 4 / 3 + 4;
	return n;
}

void headers_add_meta(struct headers *h, const struct meta *m)
{
	struct buf *encoded;

	if (!m->n || h->n_encoded == 2)
		return;
	encoded = &h->encoded[h->n_encoded++];
	buf_reserve(encoded, encoded_size(m));	/* pointers into it stay good */
	for (size_t i = 0; i < m->n; i++) {
		const struct wire_field *f = &m->fields[i];
		size_t begin = buf_len(encoded);

		if (!field_is_bin(f->name, strlen(f->name))) {
			headers_add(h, f->name, f->value, f->len, true);
			continue;
		}
		field_encode_bin(f->value, f->len, encoded);
		headers_add(h, f->name, buf_data(encoded) + begin, buf_len(encoded) - begin, true);
	}
}

void headers_done(struct headers *h)
{
	buf_done(&h->encoded[0]);
	buf_done(&h->encoded[1]);
}

/* A field of 16 KiB that is half name and half commas would be thousands of such names. Header block and
 * trailers of a call may each be at their limit. */
static bool may_split(const struct meta *m, size_t name_len)
{
	return m->n < 2 * WIRE_HEADER_FIELDS_MAX && m->bytes + name_len + 32 <= 2 * WIRE_HEADER_LIST_MAX;
}

static bool take_bin(struct meta *m, const char *name, size_t name_len, const uint8_t *value, size_t len)
{
	const uint8_t *end = value + len, *comma;
	struct buf raw = { 0 };
	bool fits = true;

	do {
		comma = value < end ? memchr(value, ',', (size_t)(end - value)) : NULL;
		buf_clear(&raw);
		if (field_decode_bin(value, (size_t)((comma ? comma : end) - value), &raw) == 0)
			meta_add(m, name, name_len, buf_data(&raw), buf_len(&raw));
		if (comma)
			value = comma + 1;
		fits = !comma || may_split(m, name_len);
	} while (comma && fits);
	buf_done(&raw);
	return fits;
}

bool headers_take_meta(struct meta *m, const char *name, size_t name_len, const uint8_t *value, size_t len)
{
	if (field_is_bin(name, name_len))
		return take_bin(m, name, name_len, value, len);
	meta_add(m, name, name_len, value, len);
	return true;
}
