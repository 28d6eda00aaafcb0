#!/usr/bin/env bash
#
# The units as installed: started means ready, the manager is told how we are, what we log has its priority, everything is
# where the units say, and the agent is in the control groups that it has been given.
. "$(dirname "$0")/lib.sh"

boot m1
install_on m1
start_both m1

run on m1 systemctl status --no-pager slothd-master
assert_stdout_like 'Status: "listening on .*:50053; agents: 0 active; runs: 0"'
run on m1 systemctl status --no-pager slothd-agent
assert_stdout_like 'Status: "listening on .*:50051; registered with master'
run on m1 journalctl -b -q -o cat PRIORITY=6 -u slothd-agent
assert_stdout_like '^agent web1: listening on'
run on m1 journalctl -b -q -o cat -u slothd-agent
assert_stdout_lacks 'KillMode|Delegate'

run on m1 stat -c '%U %G %a' /var/lib/sloth /run/sloth /run/sloth/master.sock /var/lib/sloth-agent
assert_stdout_is $'sloth sloth 700\nsloth sloth 755\nsloth sloth 660\nroot root 700\n'
run on m1 sloth agent run -n web1 'cat /proc/self/cgroup'
assert_stdout_like 'slothd-agent.service/sloth-run-'
pid=$(main_pid m1 slothd-agent)
run on m1 cat "/proc/$pid/cgroup"
assert_stdout_like 'slothd-agent.service/agent$'
run on m1 sh -c 'cat /sys/fs/cgroup/system.slice/slothd-agent.service/cgroup.subtree_control'
assert_stdout_is ''

for unit in slothd-master slothd-agent; do
	run on m1 systemctl reload "$unit"
	assert_status 0
	wait_unit m1 "$unit" ActiveState active
done
wait_journal m1 slothd-master 'log opened again'
wait_answers m1 web1
assert_equal "$(main_pid m1 slothd-agent)" "$pid" 'main process after a reload'

run on m1 systemctl stop slothd-agent slothd-master
assert_status 0
for unit in slothd-master slothd-agent; do
	unit_shows m1 "$unit" Result success || fail "$unit did not end well"
done
