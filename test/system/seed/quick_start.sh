#!/usr/bin/env bash
# blocks: 05-quick-start 16-device-list 17-connectivity
#
# Typed on the host of a bare container: a forwarded port, and an agent behind it that has come from the master. The master
# cannot reach the container, but the port.
. "$(dirname "$0")/../lib/seed.sh"

boot_master_machine
boot_host
boot_container main 3
start_master
serve_script

type_in host 05-quick-start
assert_status 7		# of the script: it waits
assert_stderr_has 'installed, waiting for acceptance: sloth agent accept main'
accept main
wait_listed main 192.168.1.17:50052
run on master sloth-runner agent run main 'uname -n; systemctl is-active slothd-agent; systemctl is-enabled slothd-agent'
assert_status 0
assert_stdout_is $'main\nactive\nenabled\n'
run on master timeout 2 nc -z 10.77.1.3 50051
[ "$status" -ne 0 ] || fail 'the container is reached without its host'

# Looking for what is wrong, when nothing is.
let_be container_name=main host_port=50052
type_in host 16-device-list
assert_status 0
assert_stdout_has sloth-proxy
type_in master 17-connectivity
assert_status 0
run on master sloth-runner agent doctor main
assert_status 0
