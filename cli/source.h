/*
 * source.h - reading an inherited stdin in bounded steps.
 *
 * Regular files are read when there is room; everything else when it polls readable. A terminal is
 * left alone while this program is in its background, so that a job is not stopped for input that it
 * may never need.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCE_STEP = 64 * 1024 };

struct source_ops {
	/* How many bytes may be read at this moment. */
	size_t (*room)(void *arg);
	/* n > 0. Changes what room() says. */
	void (*on_data)(const uint8_t *data, size_t n, void *arg);
	/* Once, last: end of file (0) or -errno. */
	void (*on_end)(int error, void *arg);
};

struct source {
	struct ev_loop *loop;
	int fd;
	bool is_open;		/* started and not ended */
	bool is_direct;		/* cannot be polled: read at once */
	bool is_terminal;
	uint8_t *step;		/* SOURCE_STEP bytes */
	ev_io readable;
	ev_timer background;
	const struct source_ops *ops;
	void *arg;
};

/* True when fd gives no byte and need not be read: closed, or /dev/null. */
bool source_is_empty(int fd);
void source_start(struct source *s, struct ev_loop *loop, int fd, const struct source_ops *ops, void *arg);
/* room() may have grown. */
void source_pump(struct source *s);
/* No callback follows. Fine on a source that was never started. */
void source_stop(struct source *s);

#endif
