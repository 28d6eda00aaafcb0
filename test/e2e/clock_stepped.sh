#!/usr/bin/env bash
# The wall clock is set by an hour, forth and back, under both daemons: agents stay Active, runs and their durations go
# on, nothing is sent or dialled because of it.
# build: plain
. "$(dirname "$0")/lib.sh"
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
set_clock() { "$python" -c 'import struct, sys
f = open(sys.argv[1], "r+b" if len(sys.argv) > 3 else "wb"); f.write(struct.pack("q", int(sys.argv[2])))' "$T/step" "$@"; }
set_clock 0
export CLOCK_STEP=$T/step

LD_PRELOAD=$T/clock.so start_master
LD_PRELOAD=$T/clock.so start_agent web1
hour() { date -u -d "$1 seconds" +%Y-%m-%dT%H; }
mkfifo "$T/in"
for seconds in 3600 -3600 0; do
	sloth agent run --timeout 20 web1 'echo ready; read -r x; echo "$x"' <"$T/in" >"$T/out" 2>"$T/err" &
	cli=$!
	exec 9>"$T/in"
	wait_line "$T/out" ready
	before=$(hour "$seconds")
	set_clock "$seconds" keep
	kill -HUP "$master_pid"
	wait_line "$T/master.log" "^($before|$(hour "$seconds")).*log opened again"	# it has stepped
	run sloth agent list
	assert_stdout_like '^web1 .*Active'
	run sloth agent run web1 'echo works'
	assert_status 0
	echo over >&9
	exec 9>&-
	wait $cli
	assert_equal $? 0 "exit status of the run across the step"
	has_line "$T/out" over || fail "its output is not whole"
done
assert_equal "$(grep -c 'registered with master' "$T/web1.log")" 1 "registrations"
! has_line "$T/master.log" 'inactive|unreachable' || fail "the agent was taken for lost"
