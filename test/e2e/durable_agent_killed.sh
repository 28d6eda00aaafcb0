#!/usr/bin/env bash
# The agent is killed in mid-run and started anew: the run goes on, the list says so, the caller goes on at its byte,
# standard input too, and nothing was started twice.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
id=$(new_id)

mkfifo "$T/go"
call first start "$id" "echo >>$T/started; echo one; read -r x <$T/go; echo two; cat; exit 7" open=yes
wait_line "$T/first.out" one
kill_daemon "${agent_pid[web1]}"
wait "$call"
assert_event first 'status UNAVAILABLE'
launch_fixed_agent
wait_run "$id" running
call second resume "$id" position=4 stdin=three
wait_event second '^started [0-9]+ 4$'
echo >"$T/go"
wait "$call"
assert_event second '^exit exited 7'
assert_event second '^status OK'
printf 'two\nthree' >"$T/expected"
assert_same "$T/expected" "$T/second.out"
assert_equal "$(wc -l <"$T/started")" 1 "times it was started"
wait_run "$id" 'exited 7'
until_true 30 no_run_dirs || fail "its directory is left"

# Once more under this id: it is known, whoever asks, and starts nothing.
call third start "$id" "echo >>$T/started"
wait "$call"
assert_event third 'status ALREADY_EXISTS'
assert_equal "$(wc -l <"$T/started")" 1 "times it was started"
