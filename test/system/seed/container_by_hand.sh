#!/usr/bin/env bash
# blocks: 07-forward-example 09-by-hand 10-by-hand-example
#
# Step by step, the agent in the container started by hand, with the address to report.
. "$(dirname "$0")/../lib/seed.sh"

boot_master_machine
boot_host
boot_container main 3
install_on main
start_master

type_in host 07-forward-example
assert_status 0
let_be agent_name=main host_port=50052
for block in 09-by-hand 10-by-hand-example; do
	type_in main $block
	assert_status 0
	[ $block != 09-by-hand ] || accept main
	wait_listed main 192.168.1.17:50052
	run on master sloth-runner agent run main 'uname -n'
	assert_status 0
	assert_stdout_is $'main\n'
	run on master sloth-runner agent stop main
	assert_status 0
	until_true 20 eval '! on main pgrep slothd-agent >/dev/null' || fail 'the agent does not end'
done
