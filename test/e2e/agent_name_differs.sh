#!/usr/bin/env bash
# A report address that leads to another agent is found out by the dial-back and never runs a command there.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
address=$(json "$(sloth agent get web1 -o json)" .address)
launch_agent web2 --report-address "$address"
wait_shows web2 'unreachable: other-agent: name differs: that address answers as "web1"'
run sloth agent run web2 "touch $T/ran"
assert_status 125
assert_stderr_has 'name differs'
[ ! -e "$T/ran" ] || fail "the command ran on the wrong agent"
run sloth agent run web1 echo fine
assert_status 0
