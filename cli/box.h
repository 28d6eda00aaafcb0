/*
 * box.h - the closed box around the output of a run that has ended. Widths are display columns.
 *
 *   ┌─  SUCCESS  Command Execution Result on web1 ─┐
 *   │  SUCCESS  exit 0 after 41 ms                 │
 *   │  INFO  Command: uname -n && id -un           │
 *   │ # Stdout:                                    │
 *   │ web1.example.net                             │
 *   │ deploy                                       │
 *   └──────────────────────────────────────────────┘
 *
 * It is as wide as its longest line, but not wider than the terminal (120 columns off one): longer
 * lines are wrapped.
 */
#ifndef CLI_BOX_H
#define CLI_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/frame.h"

struct box_content {
	const char *agent, *command, *summary;
	bool is_success;
	struct {
		const void *data;
		size_t n;
	} streams[FRAME_STREAMS];
	const char *error;		/* NULL: none */
};

/* Takes what is drawn, piece by piece; an error (-errno) ends the drawing. */
typedef int box_write(const void *data, size_t n, void *arg);
int box_draw(const struct style *style, const struct box_content *content, box_write *write, void *arg);

#endif
