#!/usr/bin/env bash
# On a terminal control sequences in the output cannot move the cursor, retitle or answer: only colours pass.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run "$python" "$here/lib/pty_run.py" -- sloth agent run web1 \
	'printf "a\033]0;title\007b\033[2Jc\033[31mred\033[0m\033[6nd\033P1;1|evil\033\\e\n"'
assert_status 0
assert_stdout_lacks 'title'$'\007'
assert_stdout_lacks $'\033''\]0;'
assert_stdout_lacks $'\033''\[2J'
assert_stdout_lacks $'\033''\[6n'
assert_stdout_lacks $'\033''P'
assert_stdout_has red

# What an agent tells of itself neither, as JSON: C1 controls are no escape sequences, but some terminals take them.
printf '%s\n' '/agent.AgentRegistry/RegisterAgent 1=evil 2=127.0.0.1:1' \
	$'/agent.AgentRegistry/Heartbeat 1=evil 3=v\302\23331mx' | "$SLOTH_BUILD/test/knock" "$master" >"$T/knock" || fail "$(cat "$T/knock")"
run "$python" "$here/lib/pty_run.py" -- sloth agent get evil -o json
assert_status 0
assert_stdout_has 'v\u009B31mx'
assert_stdout_lacks $'\302\233'
run sloth agent get evil -o json
assert_stdout_has $'v\302\23331mx'
