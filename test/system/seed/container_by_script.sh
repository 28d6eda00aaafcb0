#!/usr/bin/env bash
# blocks: 06-forward 08-bootstrap
#
# Step by step, the script in the container: what it sets up is what --incus stands for. Typed again, nothing changes.
. "$(dirname "$0")/../lib/seed.sh"

boot_master_machine
boot_host
boot_container web-server-agent 4
start_master
serve_script

let_be container_name=web-server-agent agent_name=web-server-agent host_port=50061
type_in host 06-forward
assert_status 0
type_in web-server-agent 08-bootstrap
assert_status 7
assert_stderr_has 'installed, waiting for acceptance: sloth agent accept web-server-agent'
accept web-server-agent
wait_listed web-server-agent 192.168.1.17:50061
run on web-server-agent cat /etc/sloth/agent.conf
assert_stdout_like '^bind-address = 0\.0\.0\.0$'
assert_stdout_like '^report-address = 192\.168\.1\.17:50061$'
is_active web-server-agent slothd-agent || fail 'the service is not active'

type_in web-server-agent 08-bootstrap
assert_status 0
assert_stdout_has 'nothing has changed'
run on master sloth-runner agent run web-server-agent 'uname -n'
assert_stdout_is $'web-server-agent\n'
