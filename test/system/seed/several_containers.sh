#!/usr/bin/env bash
# timeout: 480
# blocks: 06-forward 08-bootstrap 04-agent-example
#
# Three containers and an agent beside them on one host: each has a port of the host's, 50052 to 50054, and 50051 is that of
# the host's own agent. The master sees these four addresses, and each is the agent that it should be.
. "$(dirname "$0")/../lib/seed.sh"

boot_master_machine
boot_host
install_on host
start_master
serve_script

for n in 2 3 4; do
	boot_container "c$n" "$n"
	let_be container_name=c$n agent_name=c$n host_port=5005$n
	type_in host 06-forward
	assert_status 0
	type_in "c$n" 08-bootstrap
	assert_status 7
	accept "c$n"
done
# The example of an agent on a machine, with this machine's name and address.
fill 04-agent-example
text=$(cat "$T/block")
text=${text/agent1/host}
run on host bash -c "${text/192.168.1.16/192.168.1.17}"
assert_status 0
accept host

wait_listed host 192.168.1.17:50051
for n in 2 3 4; do
	wait_listed "c$n" "192.168.1.17:5005$n"
done
for name in host c2 c3 c4; do
	run on master sloth-runner agent run $name 'uname -n'
	assert_status 0
	assert_stdout_is "$name"$'\n'
done
