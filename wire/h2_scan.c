/*
 * h2_scan.c - what the frame headers of the peer tell before the library sees the bytes: how much of what it
 * sends is worth anything, and what of it breaks rules that the library does not look at.
 */
#include "wire/h2_session.h"

static void check_strictly(struct h2 *h2, const struct scan_frame *f)
{
	const struct strict_fault *fault = NULL;

	/* Within a header block anything but CONTINUATION is wrong, which the library says. */
	if (h2->role == WIRE_SERVER && (!h2->in_header_block || f->type == SCAN_CONTINUATION))
		fault = strict_check(&h2->strict, f);
	if (fault)
		h2_note_failure(h2, fault->error, fault->why, "");
}

/* What answers without SETTINGS is no HTTP/2 server; "HTTP" looks like a frame of 4 MiB of type 'P'. */
static void check_first_frame(struct h2 *h2, const struct scan_frame *f)
{
	bool is_http1 = f->length == ('H' << 16 | 'T' << 8 | 'T') && f->type == 'P';

	if (h2->role == WIRE_CLIENT && !h2->began && f->type != SCAN_SETTINGS)
		h2_note_failure(h2, H2_PROTOCOL_ERROR, is_http1 ? "the peer speaks HTTP/1.x" : "the peer does not speak HTTP/2", "");
	h2->began = true;
}

/* Counts and checks every frame header before the library sees it. What HEADERS and padded DATA are worth
 * shows when they are taken apart. */
void h2_scan_frames(struct h2 *h2, const uint8_t *data, size_t n)
{
	struct scan_frame f;

	while (!h2->failed && scan_next(&h2->scan, &data, &n, &f)) {
		check_first_frame(h2, &f);
		check_strictly(h2, &f);
		if (f.type == SCAN_HEADERS || f.type == SCAN_CONTINUATION)
			h2->in_header_block = !(f.flags & SCAN_FLAG_END_HEADERS);
		if (f.type == SCAN_DATA && f.length == 0 && !(f.flags & SCAN_FLAG_END_STREAM))
			h2_guard_check(h2, GUARD_EMPTY_DATA);
		if (f.type == SCAN_HEADERS)
			h2->headers_unseen++;
		else if (f.type != SCAN_DATA || f.length == 0)
			h2_guard_check(h2, GUARD_CONTROL);
		else if (!(f.flags & SCAN_FLAG_PADDED))
			guard_progress(&h2->guard);
	}
}

/* HEADERS of streams that are gone or refused are dropped by the library without a word. The last one may
 * not be whole yet. A server answers calls that we have just cancelled: that is no attack. */
void h2_scan_dropped(struct h2 *h2)
{
	for (; h2->headers_unseen > 1; h2->headers_unseen--)
		if (h2->role == WIRE_SERVER)
			h2_guard_check(h2, GUARD_CONTROL);
}
