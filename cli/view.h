/*
 * view.h - how a run is shown: raw, framed, in a closed box, as one JSON document. Instances of one table.
 *
 *   raw    stdout is stdout, stderr is stderr, not one byte is added
 *   frame  live, in an open frame on stdout; stderr too when both go to the same place
 *   box    collected, drawn at the end
 *   json   collected, printed at the end
 *
 * A run that is left to itself shows its id instead; a terminal is raw.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "cli/frame.h"
#include "cli/run_options.h"
#include "cli/run_result.h"
#include "cli/sink.h"

enum { VIEW_COLLECT_MAX = 64 * 1024 * 1024 };	/* bytes that box and json hold */

struct view;

struct view_ops {
	const char *format;
	/* Both: 0: go on; 1: wait for on_event; -errno: it can take no more (-EMSGSIZE: VIEW_COLLECT_MAX). */
	int (*started)(struct view *v);
	int (*output)(struct view *v, enum frame_stream stream, const void *data, size_t n);
	void (*notice)(struct view *v, const char *text);
	void (*finish)(struct view *v, const struct run_result *result);
};

struct view {
	const struct view_ops *ops;
	const struct run_request *request;
	struct style style;		/* of stdout */
	bool has_notices;
	bool dim_notices;
	bool is_framed;			/* the frame is open */
	bool joins_stderr;		/* frame: stderr goes into it */
	struct sink sinks[FRAME_STREAMS];
	struct frame frame;
	struct buf drawn;		/* frame: on its way to the sink */
	struct buf collected[FRAME_STREAMS];
	int finish_error;		/* -errno: the collected result could not be written */
	/* From the loop: a sink is empty again, or view_error() is set. */
	void (*on_event)(struct view *v, void *arg);
	void *arg;
};

/* Chooses by -o, -q and what stdout is. 0, or -EINVAL with *error set to an owned line. */
int view_init(struct view *v, const struct run_request *request, char **error);
void view_attach(struct view *v, struct ev_loop *loop, void (*on_event)(struct view *, void *), void *arg);
bool view_is_busy(const struct view *v);
/* Drops what waits to be written; true when something did. */
bool view_discard(struct view *v);
int view_error(const struct view *v);		/* -errno of a failed write, or 0 */
void view_done(struct view *v);

/* Says on stderr why the run is no success, where that needs saying. */
void view_report(const struct view *v, const struct run_result *result);

/* A notice on stderr, in order with what the command writes there. Where nobody looks none is given. */
void view_notice(struct view *v, const char *text);

/* Says on stderr that output is missing by the agent's rule; no failure. Nothing with -q. */
void view_report_cut(struct view *v, const struct run_result *result);

extern const struct view_ops view_raw, view_frame, view_box, view_json;
extern const struct view_ops view_detached;	/* the run id, alone */

/* The document of `-o json`. Owned. */
char *run_json(const struct run_request *request, const struct run_result *result,
	       const struct buf collected[FRAME_STREAMS]);

#endif
