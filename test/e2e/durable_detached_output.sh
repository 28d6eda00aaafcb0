#!/usr/bin/env bash
# A detached run keeps the newest of its output, as much as was asked for; who reads it hears what is gone. A terminal is
# one for the command.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
id=$(new_id)

call_whole start start "$id" 'seq 1 400000; exit 6' detach=yes max=1000000
assert_event start '^started [1-9]'
wait_run "$id" 'exited 6 0 True True'
call_whole read resume "$id" observe=yes follow=yes
assert_event read '^exit exited 6'
size=$(stat -c %s "$T/read.out")
assert_at_most "$size" 1000000 "bytes that are kept"
[ "$size" -gt 500000 ] || fail "only $size bytes are kept"
seq 1 400000 | tail -c "$size" >"$T/expected"
assert_same "$T/expected" "$T/read.out"
call_whole whole resume "$id"
assert_event whole "^gap [0-9]+ [0-9]+"
assert_same "$T/expected" "$T/whole.out"

# It outlives its agent, and an agent that is told to ends it.
id=$(new_id)
call_whole long start "$id" 'exec sleep 7651.25' detach=yes
stop_daemon "${agent_pid[web1]}"
launch_fixed_agent --kill-runs
wait_run "$id" running
stop_daemon "${agent_pid[web1]}"
no_process 'sleep 7651[.]25' || fail "--kill-runs has left a run"
launch_fixed_agent
wait_run "$id" 'cancelled .* the agent is stopping'

call_whole terminal start "$(new_id)" '[ -t 0 ] && [ -t 2 ] && echo "$TERM" && stty size' open=yes term=yes
assert_event terminal '^exit exited 0'
printf 'xterm\r\n24 80\r\n' >"$T/expected"
assert_same "$T/expected" "$T/terminal.out"
