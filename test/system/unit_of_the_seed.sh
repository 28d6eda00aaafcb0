#!/usr/bin/env bash
# blocks: 11-unit
#
# The unit for sloth-runner that people have: with its names and without any of what ours has it starts the agent and runs
# commands, and the log says once what it costs. With the agent alone on the machine, too, as in a container.
. "$(dirname "$0")/lib/seed.sh"

boot m1
install_on m1
start_unit m1 slothd-master
let_be agent_name=main master_ip=127.0.0.1 host_ip=127.0.0.1 host_port=50051
fill 11-unit
cp "$T/block" "$T/m1/etc/systemd/system/sloth-runner-agent.service"
run on m1 systemctl daemon-reload
run on m1 systemctl enable sloth-runner-agent
assert_status 0
start_unit m1 sloth-runner-agent
wait_journal m1 sloth-runner-agent 'waiting for acceptance'
run on m1 sloth agent accept main
assert_status 0
wait_answers m1 main
wait_journal m1 sloth-runner-agent 'unit sloth-runner-agent.service has no Delegate=yes'
run on m1 journalctl -b -q -o cat -u sloth-runner-agent
assert_stdout_has 'unit sloth-runner-agent.service has KillMode=control-group'

on m1 systemctl stop sloth-runner-agent
on m1 ln -sf ../sbin/slothd-agent /usr/local/bin/sloth-runner
start_unit m1 sloth-runner-agent
wait_answers m1 main
run on m1 sloth-runner agent list
assert_status 64
assert_stderr_has sloth-cli

# Ours takes its place.
on m1 sh -c 'printf "name = main\n" >/etc/sloth/agent.conf'
start_unit m1 slothd-agent
wait_unit m1 sloth-runner-agent ActiveState inactive
wait_answers m1 main
