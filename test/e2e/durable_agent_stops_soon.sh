#!/usr/bin/env bash
# An agent that stops waits neither for its runs nor for those who wait for their ends.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
id=$(sloth agent run -n --detach web1 "until [ -e '$T/go' ]; do sleep 0.05; done; exit 4") || fail "no run"
sloth run wait "$id" >"$T/stdout" 2>"$T/stderr" &
waiter=$!
# The master asks how it is, and then to be told when it ends.
is_old() { sloth run list 2>/dev/null | grep -qE ' [2-9]\.[0-9] s +running'; }
until_true 30 is_old || fail "the run does not grow old: $(sloth run list)"
kill -TERM "${agent_pid[web1]}"
wait_gone "${agent_pid[web1]}" 3
wait "${agent_pid[web1]}" || fail "exit status of the agent"
forget "${agent_pid[web1]}"
start_agent web1
touch "$T/go"
wait $waiter
assert_equal $? 4 "exit status of sloth run wait across the restart"
