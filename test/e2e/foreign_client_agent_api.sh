#!/usr/bin/env bash
# The agent's public methods for any client: RunCommand, GetResourceUsage, and at the master Heartbeat, Unregister.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)
foreign() { run "$python" "$here/lib/foreign.py" "$@"; }

foreign run "$agent" 'echo direct; exit 5'
assert_status 0
assert_stdout_is $'direct\nfinished: 5 \n'
foreign run "$agent" true no-such-user-x
assert_stdout_like 'finished: -1 .*no-such-user-x|^$'
foreign call "$agent" agent.Agent GetResourceUsage
assert_status 0
assert_stdout_like '"memory_total_bytes": "[1-9]'
assert_stdout_like '"process_count": [1-9]'
foreign heartbeat "$master" nobody-here
assert_status 0
assert_stdout_is $'False Agent not found\n'
foreign call "$master" agent.AgentRegistry UnregisterAgent '{"agent_name": "nobody-here"}'
assert_status 0
assert_stdout_lacks '"success": true'
foreign call "$master" agent.AgentRegistry Heartbeat '{"agent_name": "web1"}'
assert_stdout_has '"interval_ms"'

# Either way to end an agent, then the way to forget it.
start_agent web2
foreign call "$master" agent.AgentRegistry StopAgent '{"agent_name": "web1"}'
assert_status 0
assert_stdout_has '"success": true'
foreign call "$(json "$(sloth agent get web2 -o json)" .address)" agent.Agent Shutdown
assert_status 0
for name in web1 web2; do
	wait_gone "${agent_pid[$name]}"
	wait "${agent_pid[$name]}"
	assert_equal $? 69 "exit status of $name, which was told to stop"
	forget "${agent_pid[$name]}"
done
wait_shows web1 Inactive
foreign call "$master" agent.AgentRegistry StopAgent '{"agent_name": "web1"}'
assert_stdout_lacks '"success": true'
foreign call "$master" agent.AgentRegistry UnregisterAgent '{"agent_name": "web1"}'
assert_stdout_has '"success": true'
foreign info "$master" web1
assert_stdout_like '^False .'
