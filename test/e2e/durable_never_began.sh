#!/usr/bin/env bash
# Who asks for a run of which the agent has never heard: with the agent's epoch it provably never began and is started,
# once; with another one nothing is known and nothing is started.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
id=$(new_id)
epoch=$(agent_run epoch "$agent")

call_whole unknown resume "$id"
assert_event unknown '^status NOT_FOUND'
wait_run "$id" never-began
call_whole other resume "$id" "epoch=00112233445566778899aabbccddeeff" "command=echo >>$T/started"
assert_event other '^exit unknown 0 its machine restarted'
call_whole begins resume "$id" "epoch=$epoch" "command=echo >>$T/started; exit 5"
assert_event begins '^exit exited 5'
call_whole again resume "$id" "epoch=$epoch" "command=echo >>$T/started"
assert_event again '^exit exited 5'
assert_equal "$(wc -l <"$T/started")" 1 "times it was started"

# The machine restarts: the runtime directory is gone with all that was attached, a detached run is known to be lost.
attached=$(new_id) detached=$(new_id)
call one start "$attached" 'echo ready; exec sleep 7641.25'
wait_line "$T/one.out" ready
call_whole two start "$detached" 'exec sleep 7642.25' detach=yes
wait_process '^sleep 7641[.]25'		# whose shells have become them
wait_process '^sleep 7642[.]25'
kill_daemon "${agent_pid[web1]}"
for pid in $(pgrep -f '^sleep 764[12][.]25'); do
	kill -KILL "$(ps -o ppid= -p "$pid" | tr -d ' ')"
	kill -KILL "$pid"
done
wait_no_process '^sleep 764[12][.]25'
rm -r "$T/agent-web1/run"
sed -i 's/ [^ ]*$/ 01234567-0123-0123-0123-012345678901/' "$T/agent-web1/runs/$detached/pid"
launch_fixed_agent
wait_run "$detached" 'unknown 0 0 True True its machine restarted'
[ "$(agent_run epoch "$agent")" != "$epoch" ] || fail "the epoch has not changed"
call_whole three resume "$attached" "epoch=$epoch" "command=echo >>$T/started"
assert_event three '^exit unknown'
assert_equal "$(wc -l <"$T/started")" 1 "times it was started"
