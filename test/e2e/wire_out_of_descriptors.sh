#!/usr/bin/env bash
# A master that has run out of file descriptors says so, lives on, and serves again when there are some.
. "$(dirname "$0")/lib.sh"
command -v prlimit >/dev/null || skip "no prlimit"
start_master
limits=$(prlimit --pid "$master_pid" --nofile --raw --noheadings --output SOFT,HARD)
prlimit --pid "$master_pid" --nofile="3:${limits##* }"	# what is open stays open
sloth status >"$T/out" 2>&1 &
cli=$!
wait_line "$T/master.log" 'cannot accept: Too many open files; trying again'
assert_running "$master_pid" "the master"
is_gone $cli && fail "the caller was not left waiting: $(cat "$T/out")"
prlimit --pid "$master_pid" --nofile="${limits% *}:${limits##* }"
wait $cli || fail "the caller that had waited was not served: $(cat "$T/out")"
run sloth status
assert_status 0
