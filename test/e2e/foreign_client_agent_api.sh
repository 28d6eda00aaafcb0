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
