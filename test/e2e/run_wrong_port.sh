#!/usr/bin/env bash
# An agent that reported a port where nobody listens is Active but unreachable, and a run says why at once.
. "$(dirname "$0")/lib.sh"
start_master
launch_agent web1 --report-address "127.0.0.1:$(closed_port)"

wait_shows web1 'Active, unreachable: refused \(since [0-9:-]+'
run sloth agent run web1 true
assert_status 125
assert_stderr_has refused
run sloth agent list --state unreachable
assert_status 0
assert_stdout_has web1
run sloth agent get web1 -o json
assert_equal "$(json "$(cat "$T/stdout")" .reachable)" false reachable
wait_line "$T/web1.log" refused	# its master has told it
