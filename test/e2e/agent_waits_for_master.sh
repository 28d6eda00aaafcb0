#!/usr/bin/env bash
# An agent whose master cannot be reached never exits, and registers when it appears.
. "$(dirname "$0")/lib.sh"
port=$(closed_port)
master=127.0.0.1:$port
launch_agent web1
wait_line "$T/web1.log" "$master"
has_line "$T/web1.log" refused || wait_line "$T/web1.log" '[Rr]efused'
assert_running "${agent_pid[web1]}" "the agent"
start_master --port "$port"
wait_agent web1
run sloth agent run web1 echo there
assert_stdout_is $'there\n'
