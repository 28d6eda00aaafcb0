/*
 * launch_limits.c - the resource limits that a caller asks for: names to numbers.
 */
#include "agent/launch_limits.h"

#include <errno.h>

#include "common/mem.h"
#include "common/str.h"

/* Of getrlimit(2). */
static const struct limit_name {
	const char *name;
	uint32_t resource;
} names[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

static const struct limit_name *find(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_equal(names[i].name, name))
			return &names[i];
	return NULL;
}

static bool is_set(const struct spec *spec, uint32_t resource)
{
	for (size_t i = 0; i < spec->n_limits; i++)
		if (spec->limits[i].resource == resource)
			return true;
	return false;
}

int launch_limits(struct spec *spec, const Sloth__V1__RunStart *start, char **error)
{
	for (size_t i = 0; i < start->n_limits; i++) {
		const Sloth__V1__RunLimit *limit = start->limits[i];
		const struct limit_name *known = find(limit->name);

		if (!known) {
			*error = mem_printf("limit %s: there is none of that name; nofile, nproc, core, cpu, as, fsize, data, stack "
					    "and the others of getrlimit(2) are known", str_quote(limit->name));
			return -EINVAL;
		}
		*error = NULL;
		if (is_set(spec, known->resource))
			*error = mem_printf("limit %s is given twice", known->name);
		else if (limit->soft > limit->hard)
			*error = mem_printf("limit %s: the soft one is above the hard one", known->name);
		if (*error)
			return -EINVAL;
		spec->limits[spec->n_limits++] = (struct spec_limit){
			.resource = known->resource, .soft = limit->soft, .hard = limit->hard,
		};
	}
	return 0;
}
