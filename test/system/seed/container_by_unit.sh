#!/usr/bin/env bash
# blocks: 11-unit 12-service
#
# Step by step, the agent in the container as a service of that unit: it starts, takes commands, and is there at boot.
. "$(dirname "$0")/../lib/seed.sh"

boot_master_machine
boot_host
boot_container main 3
install_on main
start_master
run on host incus config device add main sloth-proxy proxy listen=tcp:0.0.0.0:50052 connect=tcp:127.0.0.1:50051
assert_status 0

let_be agent_name=main host_port=50052
fill 11-unit
cp "$T/block" "$T/main/etc/systemd/system/sloth-runner-agent.service"
type_in main 12-service
assert_status 0
accept main
wait_listed main 192.168.1.17:50052
run on master sloth-runner agent run main 'systemctl show -p MainPID --value sloth-runner-agent; systemctl is-enabled sloth-runner-agent'
assert_status 0
assert_stdout_is "$(main_pid main sloth-runner-agent)"$'\nenabled\n'
assert_equal "$(on main systemctl --failed --no-legend --plain | grep sloth)" '' 'failed units'
