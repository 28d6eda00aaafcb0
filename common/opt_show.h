/*
 * opt_show.h - what options are set to, and where that stands: `--show-config` of the daemons, `sloth config show`.
 */
#ifndef COMMON_OPT_SHOW_H
#define COMMON_OPT_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "common/opt_read.h"

/*
 * Formats, in the order of help:
 *   text     a configuration file that says the same; what is not set as a comment, secrets as "(set)"
 *   origin   the same lines, each with the place where its value stands
 *   json     {"options":[{"section":null,"key":"port","value":50051,"origin":"file","place":"/etc/x.conf:3"}, ...]}
 */
#define OPT_SHOW_FORMATS "text|origin|json"

struct opt_show;

struct opt_show *opt_show_new(void);
void opt_show_free(struct opt_show *show);
/*
 * Adds the rows of a table that may stand in a file and whose fields begin at `from` or later. `values` is the struct
 * that was read, or what has been made of it. `section` heads them, NULL: none; its variables begin with it. is_brief:
 * what is default is left out, and the section with it when nothing is left.
 */
void opt_show_add(struct opt_show *show, const struct opt_read *read, const void *values, const char *section, size_t from,
		  bool is_brief);
/* "" is "text". */
void opt_show_print(const struct opt_show *show, const char *format, FILE *to);

/* For a daemon: all of it. */
void opt_show_all(const struct opt_read *read, const void *values, const char *format, FILE *to);

#endif
