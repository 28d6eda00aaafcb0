/*
 * view_collect.c - the views that hold the output until the run has ended: box and json.
 *
 * They write at the very end, when nothing else is going on and a signal ends sloth, so they may block.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/box.h"
#include "cli/view.h"
#include "common/fd.h"

static int collect_started(struct view *v)
{
	(void)v;
	return 0;
}

static int collect_output(struct view *v, enum frame_stream stream, const void *data, size_t n)
{
	size_t held = buf_len(&v->collected[FRAME_STDOUT]) + buf_len(&v->collected[FRAME_STDERR]);

	if (n > VIEW_COLLECT_MAX - held)
		return -EMSGSIZE;		/* what no file says */
	buf_append(&v->collected[stream], data, n);
	return 0;
}

static int write_stdout(const void *data, size_t n, void *arg)
{
	(void)arg;
	return fd_write_all(STDOUT_FILENO, data, n);
}

static void box_finish(struct view *v, const struct run_result *result)
{
	char *summary = run_result_summary(result);
	struct box_content content = {
		.agent = v->request->agent,
		.command = v->request->command,
		.summary = summary,
		.is_success = result->status == 0,
		.error = result->is_plain ? NULL : result->error,
	};

	for (int i = 0; i < FRAME_STREAMS; i++) {
		content.streams[i].data = buf_data(&v->collected[i]);
		content.streams[i].n = buf_len(&v->collected[i]);
	}
	v->finish_error = box_draw(&v->style, &content, write_stdout, NULL);
	view_report_cut(v, result);
	if (!v->joins_stderr)
		view_report(v, result);
	free(summary);
}

const struct view_ops view_box = {
	.format = "box",
	.started = collect_started,
	.output = collect_output,
	.notice = view_notice,
	.finish = box_finish,
};

static void json_finish(struct view *v, const struct run_result *result)
{
	char *text = run_json(v->request, result, v->collected);

	v->finish_error = write_stdout(text, strlen(text), NULL);
	if (!v->finish_error)
		v->finish_error = write_stdout("\n", 1, NULL);
	view_report(v, result);
	free(text);
}

const struct view_ops view_json = {
	.format = "json",
	.started = collect_started,
	.output = collect_output,
	.notice = view_notice,
	.finish = json_finish,
};
