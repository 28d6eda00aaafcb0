/*
 * launch_limits.h - the resource limits that a caller asks for. For launch.c.
 */
#ifndef AGENT_LAUNCH_LIMITS_H
#define AGENT_LAUNCH_LIMITS_H

#include "agent/supervise/spec.h"
#include "wire/proto/sloth.pb-c.h"

/* Into spec->limits. 0, or -EINVAL with *error set to owned words. */
int launch_limits(struct spec *spec, const Sloth__V1__RunStart *start, char **error);

#endif
