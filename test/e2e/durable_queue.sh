#!/usr/bin/env bash
# Runs beyond --max-runs wait and hear how many are before them; beyond --max-queued they are refused, with both limits.
# Two hundred at once all end well.
# build: plain
# timeout: 120
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent --max-runs 1 --max-queued 2

mkfifo "$T/go"
call a start "$(new_id)" "echo ready; read -r x <$T/go"
a=$call
wait_line "$T/a.out" ready
call b start "$(new_id)" 'echo b'
b=$call
wait_event b '^queued 0'
call c start "$(new_id)" 'echo c'
c=$call
wait_event c '^queued 1'
call_whole d start "$(new_id)" 'echo d'
assert_event d '^status RESOURCE_EXHAUSTED .*--max-runs.*--max-queued'
echo >"$T/go"
wait "$a" "$b" "$c"
assert_event b '^exit exited 0'
assert_event c '^exit exited 0'
stop_daemon "${agent_pid[web1]}"

launch_fixed_agent
wait_agent web1
one() {
	[ "$(sloth agent run web1 "echo $1; sleep 0.5; exit $(($1 % 100))" 2>>"$T/errors")" = "$1" ] || echo "$1" >>"$T/wrong"
}
pids=()
for i in $(seq 200); do
	one "$i" &
	pids+=($!)
done
wait "${pids[@]}"
[ ! -e "$T/wrong" ] || fail "$(wc -l <"$T/wrong") of 200 went wrong: $(head -c 500 "$T/errors")"
until_true 30 no_run_dirs || fail "$(run_dirs) directories are left"
few_supervisors() { [ "$(pgrep -c -P "${agent_pid[web1]}")" -le 4 ]; }
until_true 30 few_supervisors || fail "$(pgrep -c -P "${agent_pid[web1]}") supervisors are idle"
