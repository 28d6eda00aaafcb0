#!/usr/bin/env bash
# A command that writes and ends at once: 60 times `seq 1 20000`, eight at a time, every output complete.
. "$(dirname "$0")/lib.sh"
# build: plain
start_master
start_agent web1

seq 1 20000 | cksum >"$T/expected"
one() { sloth agent run web1 seq 1 20000 | cksum | cmp -s - "$T/expected" || echo "round $1" >>"$T/wrong"; }
for round in $(seq 60); do
	one "$round" &
	[ $((round % 8)) -ne 0 ] || wait %% 2>/dev/null
done
for job in $(jobs -p); do
	case " ${daemon_pids[*]} " in *" $job "*) ;; *) wait "$job" ;; esac
done
[ ! -e "$T/wrong" ] || fail "incomplete output: $(tr '\n' ' ' <"$T/wrong")"
