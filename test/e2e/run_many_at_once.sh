#!/usr/bin/env bash
# 50 commands at once on one agent, in rounds: none fails, no byte is lost, no descriptor stays open.
# timeout: 120
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

seq 1 3000 | cksum >"$T/expected"
one() {
	sloth agent run web1 'seq 1 3000; exit 7' >"$T/out.$1" 2>>"$T/errors"
	[ $? -eq 7 ] && cksum <"$T/out.$1" | cmp -s - "$T/expected" || echo "$1" >>"$T/wrong"
}
rounds() {
	local round i

	for round in $(seq "$1"); do
		local pids=()
		for i in $(seq 50); do
			one "$i" &
			pids+=($!)
		done
		wait "${pids[@]}"
		[ ! -e "$T/wrong" ] || fail "round $round: $(wc -l <"$T/wrong") of 50 went wrong: $(head -c 500 "$T/errors")"
	done
}
# The master's records of callers are gone when their sockets are.
settled() { [ "$(open_fds "$1")" -le "$2" ]; }

rounds 1
sloth agent run web1 true
master_fds=$(open_fds "$master_pid") agent_fds=$(open_fds "${agent_pid[web1]}")
agent_fds=$((agent_fds + 9))	# up to three idle supervisors more than now, of three descriptors each
rounds 5
until_true 30 settled "$master_pid" "$master_fds" || fail "master: $(open_fds "$master_pid") descriptors, $master_fds before"
until_true 30 settled "${agent_pid[web1]}" "$agent_fds" || fail "agent: more than $agent_fds descriptors"
