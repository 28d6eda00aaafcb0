/* doctor.c - see doctor.h. */
#include "agent/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/config.h"
#include "common/checkup.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { TEXT_MAX = 1000 };

/* A master's words may be among them. */
static void clean(const char *text, char out[TEXT_MAX + 1])
{
	out[str_escape(out, TEXT_MAX, text, strlen(text), "")] = '\0';
}

/* Of the terminal; 0: there is none, and every text stays on its line. */
static unsigned columns(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void doctor_say(struct doctor *d, enum doctor_result result, const char *name, char *detail, const char *advice)
{
	static const char *const results[] = { "ok", "failed", "skipped" };
	char cleaned[2][TEXT_MAX + 1];

	clean(detail, cleaned[0]);
	clean(advice ? advice : "", cleaned[1]);
	checkup_print(&(struct checkup_line){ .result = results[result], .name = name, .detail = cleaned[0],
					      .advice = cleaned[1], .color = "", .reset = "", .columns = columns() }, stdout);
	d->has_failed |= result == DOCTOR_FAILED;
	free(detail);
}

int doctor_refuse(int status, char *error)
{
	struct doctor d = { .config = NULL };

	doctor_say(&d, DOCTOR_FAILED, "configuration", error, status == EXIT_BAD_USAGE ? "slothd-agent --help; man slothd-agent" :
		   "mend what is named there; slothd-agent --check-config says whether it is right");
	return EXIT_FAILED;
}

static void look(struct doctor *d)
{
	const struct config *c = d->config;

	doctor_say(d, DOCTOR_OK, "configuration", mem_printf("agent %s of master %s%s%s", c->own_name, c->master,
		   c->report_address ? ", reached at " : "", c->report_address ? c->report_address : ""), NULL);
	doctor_local(d);
	doctor_master(d);
}

int doctor_run(const struct config *c)
{
	struct doctor d = { .config = c };
	struct doctor_options own;

	if (doctor_take_options(&d, &own))
		look(&d);
	doctor_drop_options(&own);
	return d.has_failed ? EXIT_FAILED : EXIT_OK;
}
