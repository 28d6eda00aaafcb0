#!/usr/bin/env bash
# Detached runs are on disk before they start, and a disk that takes a tenth of a second for that holds up nobody else: the
# agent's loop does not wait for it.
# build: plain
. "$(dirname "$0")/lib.sh"
command -v cc >/dev/null || skip "no compiler"

# The supervisors are static: it is the agent only that has this disk.
cat >"$T/slow.c" <<'C'
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int fsync(int fd)
{
	struct timespec slow = { 0, 100 * 1000 * 1000 };

	nanosleep(&slow, NULL);
	return (int)syscall(SYS_fsync, fd);
}
C
cc -shared -fPIC -O1 -o "$T/slow.so" "$T/slow.c" || skip "no shared library can be built"
mkdir "$T/bin"
printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$T/slow.so" "$(command -v slothd-agent)" >"$T/bin/slothd-agent"
chmod 755 "$T/bin/slothd-agent"
start_master
PATH=$T/bin:$PATH start_agent web1 --log-level debug
sloth agent run -n web1 true
slow_turns() { grep -cE 'loop: a turn took [0-9]{3,} ms' "$T/web1.log"; }
before=$(slow_turns)		# what it is in contact with is written down, too
for _ in 1 2 3 4 5; do
	run sloth agent run --detach web1 'exit 3'
	assert_status 0
	run sloth run wait --timeout 20 "$(cat "$T/stdout")"
	assert_status 3
done
stop_daemon "${agent_pid[web1]}"
assert_equal "$(slow_turns)" "$before" 'turns that have waited for the disk'
