#!/usr/bin/env bash
# agent stop ends the agent; agent delete removes it from the list, and one that still runs comes back.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
start_agent web2

run sloth agent stop web1
assert_status 0
wait_gone "${agent_pid[web1]}"
wait "${agent_pid[web1]}"
assert_equal $? 69 "exit status of an agent that was told to stop"
forget "${agent_pid[web1]}"
wait_shows web1 Inactive 30
run sloth agent delete web1
assert_status 0
run sloth agent list web1
assert_status 1
run sloth agent delete web1
assert_status 1
assert_stderr_has web1
run sloth agent stop web1
assert_status 1

run sloth agent delete web2
assert_status 0
wait_agent web2
run sloth agent stop nobody-here
assert_status 1
assert_stderr_has nobody-here
