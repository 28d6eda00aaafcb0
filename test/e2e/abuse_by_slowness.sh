#!/usr/bin/env bash
# Peers that take their time, all side by side, 8 connections each: gone when the time for it is over, and nobody
# else waits.
# timeout: 90
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)

slow=()
# slowly PORT NAME OPTION...
slowly() {
	"$attack" --port "$1" --jobs 8 "${@:3}" run "$2" >"$T/slow.$2.$1" 2>&1 &
	slow+=("$!:$2.$1")
}
while read -r name _; do
	slowly "$master_port" "$name" --from 127.0.0.2
	slowly "${agent##*:}" "$name" --from 127.0.0.3 --agent
done < <("$attack" list slow)

aim "$master_pid" "$master"
start_probe
run sloth agent run web1 echo served
assert_status 0
for one in "${slow[@]}"; do
	wait "${one%%:*}" || fail "the reaction is not as expected: $(cat "$T/slow.${one#*:}")"
	note "$(cat "$T/slow.${one#*:}")"
done
stop_probe || fail "a healthy client beside it: $probe_said"
note "$probe_said"
