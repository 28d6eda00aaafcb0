#!/usr/bin/env bash
# 1,000 runs at the same time over one connection to the master: each ends with its own output and status.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run web1 true

master_fds=$(open_fds "$master_pid") agent_fds=$(open_fds "${agent_pid[web1]}")
run "$SLOTH_PLAIN_BUILD/test/bench_client" at-once "unix:$master_socket" web1 1000 500
assert_status 0
assert_stdout_is $'1000 of 1000 runs ended as they should\n'

settled() { [ "$(open_fds "$1")" -le "$2" ]; }
until_true 30 settled "$master_pid" "$master_fds" || fail "master: $(open_fds "$master_pid") descriptors, $master_fds before"
until_true 30 settled "${agent_pid[web1]}" "$agent_fds" || fail "agent: more than $agent_fds descriptors"
