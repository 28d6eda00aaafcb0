#!/usr/bin/env bash
#
# sloth agent stop: the unit is inactive, not failed, and stays so; after a reboot it is back, as the master is, and nobody
# has typed anything.
. "$(dirname "$0")/lib.sh"

boot m1
install_on m1
start_both m1
run on m1 systemctl enable slothd-master slothd-agent
assert_status 0
run on m1 sloth agent stop web1
assert_status 0
wait_unit m1 slothd-agent ActiveState inactive
assert_equal "$(property m1 slothd-agent ExecMainStatus)" 69 'exit status'
assert_equal "$(property m1 slothd-agent Result)" success result

reboot m1
wait_unit m1 slothd-master ActiveState active
wait_unit m1 slothd-agent ActiveState active
wait_answers m1 web1
reboot m1
wait_answers m1 web1
