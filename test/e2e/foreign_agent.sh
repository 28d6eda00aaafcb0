#!/usr/bin/env bash
# An agent that speaks only the public API is listed, runs commands, more at once than one connection of it takes,
# and is stopped; what it cannot do is refused in words.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_daemon "$T/old1.log" "$python" "$here/lib/foreign.py" serve old1 "$master"
server=$started
wait_line "$T/old1.log" '^serving'
wait_shows old1 Active
run sloth agent get old1 -o json
assert_equal "$(json "$(cat "$T/stdout")" .foreign)" true foreign

run sloth agent run -n old1 'echo one; echo two; exit 3'
assert_status 3
assert_stdout_is $'one\ntwo\n'
run "$python" "$here/lib/foreign.py" exec "$master" old1 'echo three'
assert_status 0
assert_stdout_is $'three\nfinished: 0 \n'
run "$python" "$here/lib/foreign.py" cancel "$master" old1 'echo ready; sleep 7603.25'
assert_stdout_is $'CANCELLED\n'
wait_no_process 'sleep 7603.25'
for option in --argv '--cwd /' '--env A=1'; do
	# shellcheck disable=SC2086  # a list of words
	run sloth agent run -n $option old1 true
	assert_status 125
	assert_stderr_has 'is a foreign one and takes no'
done

# Twelve at once on an agent of ten calls for each connection: none goes on before all have begun.
runs=()
for i in $(seq 12); do
	sloth agent run -n old1 "touch $T/begun.$i; until [ -e $T/go ]; do sleep 0.05; done; echo $i; exit $i" >"$T/out.$i" 2>&1 &
	runs+=($!)
done
have_begun() { [ "$(find "$T" -name 'begun.*' | wc -l)" -eq 12 ]; }
until_true 20 have_begun || fail "not all runs have begun: $(cd "$T" && echo begun.*)"
touch "$T/go"
for i in $(seq 12); do
	wait "${runs[i - 1]}"
	assert_equal $? "$i" "exit status of run $i"
	assert_equal "$(cat "$T/out.$i")" "$i" "output of run $i"
done

run "$python" "$here/lib/foreign.py" call "$master" agent.AgentRegistry StopAgent '{"agent_name": "old1"}'
assert_status 0
assert_stdout_has '"success": true'
wait_gone "$server"
wait "$server"
assert_equal $? 0 "exit status of the agent"
forget "$server"
