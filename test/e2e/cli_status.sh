#!/usr/bin/env bash
# sloth status: version, pid, addresses, counts of agents and runs.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run web1 true

run sloth status
assert_status 0
assert_stdout_has "$master"
assert_stdout_has "$master_pid"
run sloth status -o json
document=$(cat "$T/stdout")
assert_equal "$(json "$document" .pid)" "$master_pid" pid
assert_equal "$(json "$document" .agents_active)" 1 agents_active
assert_equal "$(json "$document" .runs_active)" 0 runs_active
assert_equal "$(json "$document" .runs_total)" 1 runs_total
assert_equal "$(json "$document" .state_dir)" "$T/master" state_dir
case $(json "$document" .listening) in *"$master"*) ;; *) fail "the address is not listed" ;; esac
