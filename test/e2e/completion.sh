#!/usr/bin/env bash
# What a word can be: commands, options, their values, names as the master has them at this moment. Nothing when no master
# answers, and not a word about it.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
start_agent web2

# completes WORDS... -- CANDIDATE...: exactly these, in any order. Where the master takes longer to answer than somebody at a
# prompt would wait, nothing is offered: then it is asked again.
completes() {
	local words=() wanted

	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	wanted=$(printf '%s\n' "$@" | sort)
	until_true 20 has_completed || fail "nothing completes ${words[*]}"
	assert_equal "$(cut -f1 "$T/stdout" | sort)" "$wanted" "what completes ${words[*]}"
}
# Something is offered, or nothing has to be.
has_completed() {
	run sloth __complete "${words[@]}"
	assert_status 0
	assert_stderr_is ''
	[ -s "$T/stdout" ] || [ -z "$wanted" ]
}

completes agent st -- start stop
completes agent run --time -- --timeout
completes --col -- --color
completes --color a -- auto always
completes agent list --color=n -- --color=never
completes agent run -o fr -- frame
completes agent list --state '' -- active drained inactive unreachable
completes run list --state un -- unknown unreachable
completes agent drain '' -- web1 web2
completes agent get '' -- web1 web2
completes --master "unix:$master_socket" agent -o json run --user root --env A=B '' -- web1 web2
completes agent run web1 '' -- ''
completes history --agent '' -- web1 web2
completes run signal x US -- USR1 USR2
completes login --token-file '' -- :files
completes config show a -- agent
completes help agent re -- reject revoke
completes agent start --token- -- --token-file
completes agent start --state-dir '' -- :dirs
completes agent start --log-level w -- warn
completes master st -- status stop
completes master --history-m -- --history-max
run slothd-master __complete --log-level=i
assert_stdout_is $'--log-level=info\n'
run slothd-master __complete ca e
assert_stdout_like '^export	'
run slothd-master __complete c
assert_stdout_like '^ca	'
run slothd-master __complete ca show -o ''
assert_stdout_is $'text\njson\n'
run slothd-master __complete ca show --ca-k
assert_stdout_like '^--ca-key	'
run slothd-master __complete ca show --state-dir ''
assert_stdout_is $':dirs\n'
run slothd-master __complete --log-level i
assert_stdout_is $'info\n'

id=$(sloth agent run --detach web1 'sleep 300')
completes run stop '' -- "${id:0:8}"
completes run logs '' -- "${id:0:8}"
sloth run stop "$id" >"$T/stopped"
sloth run wait "$id" >"$T/waited" 2>&1
completes run stop '' -- ''
completes run show '' -- "${id:0:8}"
sloth run rm "$id" >"$T/removed"
completes run logs '' -- ''
completes -o '' -- text json
completes token revoke '' -- ''

SLOTH_MASTER=unix:$T/none completes agent get '' -- ''
# One that takes the connection and says nothing.
mkfifo "$T/end"
"$python" -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
sys.stdin.read()' "$T/silent" <"$T/end" &
listener=$!
exec 9>"$T/end"
until_true 20 test -S "$T/silent" || fail "no listener"
SLOTH_MASTER=unix:$T/silent completes agent get '' -- ''
exec 9>&-
wait "$listener"
