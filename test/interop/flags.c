/*
 * flags.c - the flags that test harnesses pass: "--name=value", booleans with a value.
 */
#include "test/interop/flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exits.h"
#include "common/str.h"

bool flags_parse(const char *program, const char *purpose, const struct opt *table, int argc, char **argv,
		 void *out, int *status)
{
	char *error = NULL;
	int next;

	if (argc == 2 && str_equal(argv[1], "--help")) {
		printf("%s - %s\n\n", program, purpose);
		opt_print_help(table, stdout);
		*status = EXIT_SUCCESS;
		return false;
	}
	next = opt_parse(table, argc, argv, out, &error);
	if (next == argc)
		return true;
	fprintf(stderr, "%s: %s; see --help\n", program, error ? error : "one word too many");
	free(error);
	*status = EXIT_USAGE;
	return false;
}

bool flags_parse_bool(const char *program, const char *value, bool *out)
{
	*out = value && str_equal(value, "true");
	if (!value || *out || str_equal(value, "false"))
		return true;
	fprintf(stderr, "%s: --use_tls=%s: not true or false\n", program, str_quote(value));
	return false;
}
