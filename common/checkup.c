/* checkup.c - see checkup.h. */
#include "common/checkup.h"

#include <string.h>

enum { RESULT_WIDTH = 9, NAME_WIDTH = 17 };

void checkup_print(const struct checkup_line *line, FILE *to)
{
	int gap = RESULT_WIDTH - (int)strlen(line->result);

	fprintf(to, "%s%s%s%*s", line->color, line->result, line->reset, gap > 0 ? gap : 1, "");
	if (*line->detail)
		fprintf(to, "%-*s %s\n", NAME_WIDTH, line->name, line->detail);
	else
		fprintf(to, "%s\n", line->name);
	if (*line->advice)
		fprintf(to, "%*s-> %s\n", RESULT_WIDTH + NAME_WIDTH + 1, "", line->advice);
}
