# shellcheck shell=bash disable=SC2154  # variables of lib.sh
#
# clock.sh - a wall clock that a script sets: for programs that run with LD_PRELOAD=$T/clock.so, which the plain tree is
# built for. Sourced behind lib.sh.
command -v cc >/dev/null || skip "no compiler"

# The clock of whoever runs with it: the real one and the seconds in $CLOCK_STEP.
cat >"$T/clock.c" <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *step;

__attribute__((constructor)) static void start(void)
{
	int fd = open(getenv("CLOCK_STEP"), O_RDONLY | O_CLOEXEC);

	step = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rv = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += *step;
	return rv;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
C
cc -shared -fPIC -O1 -o "$T/clock.so" "$T/clock.c" || skip "no shared library can be built"
# set_clock SECONDS: from here on, also for those that run.
set_clock() { "$python" -c 'import struct, sys
with open(sys.argv[1], "r+b") as f: f.write(struct.pack("q", int(sys.argv[2])))' "$T/step" "$1"; }
head -c 8 /dev/zero >"$T/step"
export CLOCK_STEP=$T/step

