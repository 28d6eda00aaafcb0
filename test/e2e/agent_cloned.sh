#!/usr/bin/env bash
# A state directory that was copied to a second machine: the conflict is shown, neither of the two gets commands, and with
# one of them gone the other works again.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
export SLOTH_MASTER=unix:$master_socket
start_secure_agent web1
cp -r "$T/agent-web1" "$T/copy"
rm -rf "$T/copy/agent.pid" "$T/copy/run"
start_daemon "$T/copy.log" slothd-agent --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$T/copy"
copy_pid=$started
wait_line "$T/copy.log" 'another process with this identity is registered, at 127\.0\.0\.1:'
wait_shows web1 'CONFLICT: two machines have its identity'
run sloth agent run web1 true
assert_status 125
assert_stderr_has 'two machines have its identity'
assert_equal "$(json "$(sloth agent get web1 -o json)" .trust)" token trust

stop_daemon "${agent_pid[web1]}"
wait_line "$T/copy.log" 'registered with master' 20
wait_agent web1
run sloth agent run web1 'echo one is left'
assert_stdout_is $'one is left\n'
stop_daemon "$copy_pid"
