#!/usr/bin/env bash
# An agent that was stopped: a run on it ends at once with 125 and the reason.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
stop_daemon "${agent_pid[web1]}"

begin=$SECONDS
run sloth agent run web1 true
assert_status 125
assert_stderr_has 'web1'
assert_at_most $((SECONDS - begin)) 5 "seconds until the answer"
wait_shows web1 Inactive 30
run sloth agent run web1 true
assert_status 125
assert_stderr_has 'agent not found or inactive: web1'
