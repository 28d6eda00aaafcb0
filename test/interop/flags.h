/*
 * flags.h - what both interop programs do with the flags that test harnesses pass.
 */
#ifndef TEST_INTEROP_FLAGS_H
#define TEST_INTEROP_FLAGS_H

#include "common/opt.h"

/*
 * Fills `out` by the table. Returns true to go on; false: *status is what the program exits with (0 after
 * --help, else 2 with words on stderr).
 */
bool flags_parse(const char *program, const char *purpose, const struct opt *table, int argc, char **argv,
		 void *out, int *status);
/* `value` of --use_tls: true, false or NULL. What is neither is said on stderr: false. */
bool flags_parse_bool(const char *program, const char *value, bool *out);

#endif
