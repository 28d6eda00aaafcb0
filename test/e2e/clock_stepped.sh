#!/usr/bin/env bash
# The wall clock is set by an hour, forth and back, under both daemons: agents stay Active, runs and their durations go
# on, nothing is sent or dialled because of it.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/clock.sh"

LD_PRELOAD=$T/clock.so start_master
LD_PRELOAD=$T/clock.so start_agent web1
hour() { date -u -d "$1 seconds" +%Y-%m-%dT%H; }
mkfifo "$T/in"
for seconds in 3600 -3600 0; do
	: >"$T/out"		# what is waited for is not what the run before has said
	sloth agent run --timeout 20 web1 'echo ready; read -r x; echo "$x"' <"$T/in" >"$T/out" 2>"$T/err" &
	cli=$!
	exec 9>"$T/in"
	wait_line "$T/out" ready
	before=$(hour "$seconds")
	set_clock "$seconds"
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
