#!/usr/bin/env bash
# A detached run whose agent is killed and started again is shown as one that runs soon after that, not only when the master
# would have asked about it anyway.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
id=$(sloth agent run --detach web1 'exec sleep 7604.5')
is_in_state() { [ "$(json "$(sloth run show "$id" -o json)" .state)" = "$1" ]; }
until_true 10 is_in_state running || fail "it does not run: $(sloth run show "$id")"
kill_daemon "${agent_pid[web1]}"
until_true 20 is_in_state lost-contact || fail "contact is not lost: $(sloth run show "$id")"
start_agent web1
until_true 15 is_in_state running || fail "its agent is back, and the run is still: $(sloth run show "$id")"
run sloth run stop "$id"
assert_status 0
wait_no_process 'sleep 7604.5'
