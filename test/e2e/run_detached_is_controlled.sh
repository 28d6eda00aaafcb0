#!/usr/bin/env bash
# sloth run signal and stop reach a detached run; stop ends everything that it started.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

id=$(sloth agent run --detach --kill-grace 1 web1 'trap "echo caught" USR1; trap "" TERM; sleep 7414.25 & echo ready; while :; do sleep 0.05; done')
shows() { sloth run logs "$id" 2>/dev/null | grep -q "$1"; }
until_true 30 shows ready || fail "it did not begin: $(sloth run show "$id" 2>&1)"
run sloth run signal "$id" USR1
assert_status 0
until_true 30 shows caught || fail "no signal came: $(sloth run logs "$id" 2>&1)"
run sloth run stop "${id:0:10}"
assert_status 0
run sloth run wait "$id"
assert_status 137
wait_no_process 'sleep 7414.25'
assert_equal "$(json "$(sloth run show "$id" -o json)" .state)" cancelled "its state"
run sloth run signal "$id" USR1
assert_status 1
