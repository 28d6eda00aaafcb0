#!/usr/bin/env bash
# A master that has just been started has not heard of its agents: whoever is asked for is looked for, and used when he is
# there; one that is not fails at once.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
link=$(closed_port)
start_daemon "$T/link.log" "$SLOTH_PLAIN_BUILD/test/forward" "127.0.0.1:$link" "$master"
link_pid=$started
wait_line "$T/link.log" forwarding
direct=$master
master=127.0.0.1:$link start_secure_agent web1
start_secure_agent web2
master=$direct

# Neither will be heard of again: the way of one to the master is cut, the other has ended.
kill_daemon "$master_pid"
kill_daemon "$link_pid"
kill_daemon "${agent_pid[web2]}"
start_secure_master --port "$master_port"
assert_equal "$(json "$(on_master agent get web1 -o json)" .state)" inactive 'the state of web1'
run on_master agent run -n web1 'echo hello'
assert_status 0
assert_stdout_is $'hello\n'
run timeout 10 sloth --socket "$master_socket" agent run -n web2 true
assert_status 125
assert_stderr_has 'agent not found or inactive: web2: not heard since the master was started, and not reached: refused'
