/*
 * when.h - points of time on the command line.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

/*
 * "2026-11-25" (its beginning), RFC 3339 ("2026-11-25T07:02:00Z", "...+01:00", also without seconds or zone), or how
 * long ago ("2h", "7d"). What has no zone is UTC. Unix seconds; 0, or -EINVAL.
 */
int when_parse(const char *text, int64_t now_s, int64_t *out);

#endif
