#!/usr/bin/env bash
# An id under which a run was started starts nothing again, also when the agent was killed and started anew.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1
id=00112233445566778899aabbccddeeff
foreign() { run "$python" "$here/lib/foreign.py" start "$(json "$(sloth agent get web1 -o json)" .address)" "$@"; }

refused() {
	foreign "$1" "echo twice >>$T/started"
	assert_status 3
	assert_stderr_has 'ALREADY_EXISTS'
	assert_stderr_has "$1"
}
foreign "$id" "echo once >>$T/started; echo hello; exit 4"
assert_status 0
assert_stdout_is $'hello\nexit: 4\n'
refused "$id"

kill_daemon "${agent_pid[web1]}"
start_agent web1
refused "$id"
assert_equal "$(cat "$T/started")" once "what was started"
foreign "${id%f}e" 'echo another'
assert_stdout_is $'another\nexit: 0\n'

# Refused, too: what is no file of ids. The agent says which.
stop_daemon "${agent_pid[web1]}"
rm "$T/agent-web1/past-runs"
mkdir "$T/agent-web1/past-runs"
run slothd-agent --insecure --name web1 --master "$master" --port 0 --state-dir "$T/agent-web1"
assert_stderr_has "$T/agent-web1/past-runs"
[ "$status" -ne 0 ] || fail "it started"
