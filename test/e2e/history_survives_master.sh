#!/usr/bin/env bash
# A master that is killed learns from its agents what became of their runs: of those that were recorded, and of one that
# was begun a moment before and was not. None is left running that is over, none is forgotten.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
mkdir "$T/runs"
start_master
start_daemon "$T/web1.log" "$python" "$here/lib/durable.py" web1 "$master" "$T/runs"
wait_line "$T/web1.log" '^serving'
wait_agent web1

# The runs as "COMMAND STATE CODE" lines, in order of their commands.
history_of() {
	"$python" "$here/lib/foreign.py" call "$master" sloth.v1.Master ListRuns '{}' >"$T/history" 2>/dev/null || return 1
	"$python" -c 'import json, sys
for run in sorted(json.load(sys.stdin).get("runs", []), key=lambda run: run["command"]):
    print(run["command"], run["state"], run.get("code", 0))' <"$T/history"
}
shows() { [ "$(history_of)" = "$1" ]; }
expect_history() { until_true 20 shows "$1" || fail "the history is $(history_of), expected $1"; }

has() { grep -rqx "$1" "$T/runs"; }
# begin COMMAND: in the background; returns when the agent has it.
begin() {
	sloth agent run -n --reconnect 0 web1 "$1" >/dev/null 2>&1 &
	callers+=($!)
	until_true 30 has "$1" || fail "the agent does not have '$1'"
}
# over COMMAND CODE
over() {
	local file

	file=$(grep -lx "$1" "$T"/runs/run.*)
	echo "$2" >"$T/new" && mv "$T/new" "$T/runs/end.${file##*.}"
}
callers=()
begin first
begin second
begin third
expect_history $'first running 0\nsecond running 0\nthird running 0'
over third 4
wait "${callers[2]}"
assert_equal $? 4 'exit status of the third'
expect_history $'first running 0\nsecond running 0\nthird exited 4'

begin fourth
kill_daemon "$master_pid"
over first 3
start_master --port "$master_port"
expect_history $'first exited 3\nfourth running 0\nsecond running 0\nthird exited 4'
over second 0
over fourth 7
expect_history $'first exited 3\nfourth exited 7\nsecond exited 0\nthird exited 4'
for caller in "${callers[@]}"; do
	wait "$caller"
done

# In order, too: nothing is asked twice, nothing is lost.
stop_daemon "$master_pid"
start_master --port "$master_port"
expect_history $'first exited 3\nfourth exited 7\nsecond exited 0\nthird exited 4'
