#!/usr/bin/env bash
# Whatever the dial-back meets is told at once by one word, in the log of the agent with the next command, in the list, and
# to programs: a firewall, no forward, a forward with nothing behind it, something else, another agent, the master.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1
make_token "$T/token" --name 'c*' --uses 6

answering() {		# HOW: its port in $port
	start_daemon "$T/$1.out" "$python" "$here/lib/answer.py" "$1"
	answerers+=("$started")
	until_true 15 test -s "$T/$1.out" || fail "nothing answers with $1"
	port=$(cat "$T/$1.out")
}
answerers=()

# met NAME VERDICT PORT WORDS: agent NAME, which says that it is at that port, is not reached.
met() {
	launch_secure_agent "$1" --token-file "$T/token" --bind-address 127.0.0.1 --report-address "127.0.0.1:$3"
	until_true 30 has_reach "$1" "$2" || fail "not $2: $(on_master agent get "$1" 2>&1)"
	shows "$1" "Active, unreachable: $2.*$4" || fail "the list does not say $2: $(on_master agent list "$1")"
	run on_master agent get "$1" -o json
	[[ $(json "$(cat "$T/stdout")" .advice) == *": "* ]] || fail "no advice with $2"
	assert_equal "$(json "$(cat "$T/stdout")" .reachable)" false reachable
	wait_line "$T/$1.log" "registered with master .*not reached at 127.0.0.1:$3: $2"
	wait_line "$T/$1.log" 'the master does not reach it at .*; next, on '
	on_master agent get "$1" >"$T/get-$1"	# before it is inactive, and there is something else to do
	stop_daemon "${agent_pid[$1]}"
}
has_reach() { [ "$(json "$(on_master agent get "$1" -o json 2>/dev/null)" .reach)" = "$2" ]; }
shows() { on_master agent list "$1" | grep -qE -- "$2"; }

run on_master agent get web1 -o json
assert_equal "$(json "$(cat "$T/stdout")" .reach)" direct reach
assert_equal "$(json "$(cat "$T/stdout")" .advice)" '' advice
web1=$(json "$(cat "$T/stdout")" .address)

answering drop
met c1 timeout "$port" ''
met c2 refused "$(closed_port)" ''
answering close
met c3 closed "$port" 'accepted, then closed'
answering http
met c4 not-tls "$port" 'something else'
met c5 other-agent "${web1##*:}" 'answers as web1'
met c6 master-itself "$master_port" ''
run cat "$T/get-c2"
assert_stdout_like '^To do: +on 127.0.0.1: sudo incus config device add c2 sloth-proxy proxy listen=tcp:0.0.0.0:'

for pid in "${answerers[@]}"; do
	kill_daemon "$pid"
done
