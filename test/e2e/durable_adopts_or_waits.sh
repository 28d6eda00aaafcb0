#!/usr/bin/env bash
# An agent that has too few descriptors to take over the runs that go on does not start, and harms none of them: it must
# not take them for lost. The next agent, which has enough, takes them all.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_agent web1 --port "$(closed_port)"
ids=()
for i in 1 2 3; do
	ids+=("$(sloth agent run --detach web1 "until [ -e '$T/go' ]; do sleep 0.05; done; echo $i >>'$T/ended'")")
done
kill_daemon "${agent_pid[web1]}"

# It has begun to listen, which it says last, or it has ended.
is_decided() { has_line "$T/low.log" ': listening on ' || is_gone "$low"; }
refused=0
for limit in {8..64}; do
	( ulimit -n "$limit" && exec slothd-agent --insecure --name web1 --master "$master" --port 0 \
		--bind-address 127.0.0.1 --state-dir "$T/agent-web1" ) >"$T/low.log" 2>&1 </dev/null &
	low=$!
	until_true 20 is_decided || fail "an agent with $limit descriptors neither starts nor ends: $(tail -3 "$T/low.log")"
	if has_line "$T/low.log" ': listening on '; then
		kill -KILL "$low"
		break
	fi
	wait "$low" && fail "an agent with $limit descriptors ended as if all was well"
	has_line "$T/low.log" 'cannot be taken over, and are left alone' && refused=$((refused + 1))
done
wait "$low" || true
[ "$refused" -ge 1 ] || fail "no limit was too low for the runs"

start_agent web1
touch "$T/go"
for id in "${ids[@]}"; do
	run sloth run wait "$id"
	assert_status 0
done
assert_equal "$(sort "$T/ended" | tr '\n' ' ')" '1 2 3 ' 'runs that ended by themselves'
