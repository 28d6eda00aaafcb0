#!/usr/bin/env bash
# A run with standard input ends while there is no agent: the caller gets all of it from the next one.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

mkfifo "$T/in"
sloth agent run web1 "echo \$\$ >$T/pid; head -c 6; until [ -e $T/go ]; do sleep 0.03; done; echo two; exit 4" \
	<"$T/in" >"$T/out" 2>"$T/err" &
cli=$!
exec 9>"$T/in"
echo first >&9
wait_line "$T/out" first
supervisor=$(ps -o ppid= "$(cat "$T/pid")")
kill_daemon "${agent_pid[web1]}"
touch "$T/go"
wait_gone "${supervisor// /}"
start_agent web1 9>&-
until_true 20 is_gone "$cli" || fail "the caller does not end"
wait "$cli"
status=$?
[ ! -s "$T/err" ] || fail "it says: $(cat "$T/err")"
assert_status 4
printf 'first\ntwo\n' >"$T/expected"
assert_same "$T/expected" "$T/out"
