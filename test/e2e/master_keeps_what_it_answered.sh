#!/usr/bin/env bash
# What a master has heard of an agent outlives kill -9 the moment after: version and address when the registration is
# answered, the facts when the first heartbeat is. The agent is killed as well, so nobody tells it again.
. "$(dirname "$0")/lib.sh"
start_master
run sloth agent start --insecure --daemon --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$T/a"
assert_status 0
until_true 20 has_line "$T/a/run/status" '^registered ' || fail "it does not register: $(cat "$T/a/run/status")"
kill -KILL "$(cat "$T/a/agent.pid")"
kill_daemon "$master_pid"

start_master --port "$master_port"
run sloth agent list
assert_status 0
version=$(sloth version | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
assert_stdout_like "^web1 .*Inactive"
assert_stdout_has "$version"

has_facts() { [ -n "$(json "$(sloth agent get web1 -o json 2>/dev/null)" .facts.hostname)" ]; }
launch_agent web1
wait_registered web1		# it is another one: what was known of the one before is forgotten with that
pid=${agent_pid[web1]}
until_true 20 has_facts || fail "no facts: $(sloth agent get web1 -o json)"
kill_daemon "$pid"
kill_daemon "$master_pid"
start_master --port "$master_port"
has_facts || fail "the facts are lost: $(sloth agent get web1 -o json)"
