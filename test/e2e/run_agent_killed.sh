#!/usr/bin/env bash
# The agent is killed in mid-run, and the client does not wait for the next one: it ends with 125, says that the result is
# unknown, and keeps what came. Nobody can come back for the command, so it is ended, too.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

sloth agent run --reconnect 0 web1 'echo ready; exec sleep 7503.25' >"$T/stdout" 2>"$T/stderr" &
cli=$!
wait_line "$T/stdout" ready
wait_process '^sleep 7503.25'
left=$(pgrep -f '^sleep 7503.25') || fail "the command does not run"
grep -qzE '^SLOTH_RUN_ID=[0-9a-f]{32}$' "/proc/$left/environ" || fail "its environment does not tell which run it is"
kill_daemon "${agent_pid[web1]}"
wait $cli
status=$?
assert_status 125
assert_stderr_has 'result unknown'
assert_stdout_is $'ready\n'
wait_no_process '^sleep 7503.25'

# It comes back under its name at once, and runs work.
start_agent web1
run sloth agent run web1 echo back
assert_status 0
