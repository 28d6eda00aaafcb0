#!/usr/bin/env bash
# A killed CLI is waited for as long as it has said, and not longer; one that says goodbye, by Ctrl-C twice or because its
# reader has gone, ends the run at once. With --on-lost keep it goes on, and attach, logs and wait know it.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

# begin NUMBER OPTION...: a run that says ready; its CLI is $cli, its id $id.
begin() {
	local number=$1

	shift
	sloth agent run -n "$@" web1 "echo ready; until [ -e '$T/go.$number' ]; do sleep 0.05; done; echo $number; exit 5" \
		>"$T/out.$number" 2>"$T/err.$number" &
	cli=$!
	wait_line "$T/out.$number" ready
	id=$(json "$(sloth run list -o json)" '.runs[0].id')
}
state_of() { json "$(sloth run show "$1" -o json)" .state; }
is_in()    { [ "$(state_of "$1")" = "$2" ]; }
lose()     { since=${EPOCHREALTIME/./}; kill -KILL "$cli"; wait "$cli" 2>/dev/null; }
took_ms()  { echo $(((${EPOCHREALTIME/./} - since) / 1000)); }

begin 7881 --reconnect 2
lost=$id
lose
begin 7882 --reconnect 1 --on-lost keep
saved=$id
kill -KILL "$cli"
wait "$cli" 2>/dev/null
until_true 15 is_in "$lost" cancelled || fail "it is $(state_of "$lost")"
took=$(took_ms)
[ "$took" -ge 1900 ] || fail "it was cancelled after $took ms"
wait_no_process "$T/go[.]7881"
run sloth run show "$lost"
assert_stdout_has 'its caller was lost for 2.0 s'

# Long after that the other one goes on.
is_in "$saved" running || is_in "$saved" lost-contact || fail "it is $(state_of "$saved")"
sloth run attach -n "$saved" >"$T/attached" 2>"$T/attached.err" &
attached=$!
wait_line "$T/attached" ready
sloth run logs -f "$saved" >"$T/logs" 2>&1 &
logs=$!
wait_line "$T/logs" ready
sloth run wait "$saved" >"$T/waited" 2>&1 &
waiter=$!
touch "$T/go.7882"
wait $attached
assert_equal $? 5 "exit status of attach ($(cat "$T/attached.err"))"
wait $logs
assert_equal $? 0 'exit status of logs'
wait $waiter
assert_equal $? 5 'exit status of wait'
printf 'ready\n7882\n' >"$T/expected"
assert_same "$T/expected" "$T/attached"
assert_same "$T/expected" "$T/logs"

# Goodbye: Ctrl-C twice, of which the command ignores the first.
env --default-signal=INT sloth agent run -n --reconnect 60 --kill-grace 1 web1 \
	"trap 'echo again' INT; echo ready; while :; do sleep 7883.25; done" >"$T/out.7883" 2>&1 &
cli=$!
wait_line "$T/out.7883" ready
wait_process '^sleep 7883[.]25'
kill -INT $cli
wait_line "$T/out.7883" again
since=${EPOCHREALTIME/./}
kill -INT $cli
wait $cli
assert_equal $? 130 'exit status'
wait_no_process '7883[.]25' 0
assert_at_most "$(took_ms)" 5000 'ms to its end'

# Goodbye: the reader has gone, the stream is reset.
since=${EPOCHREALTIME/./}
sloth agent run -n --reconnect 60 web1 'while :; do echo 7884; done' 2>"$T/err" | head -c 100000 >/dev/null
until_true 10 eval '! pgrep -f "^bash .*7884" >/dev/null' || fail 'it goes on without a reader'
assert_at_most "$(took_ms)" 10000 'ms to its end'
id=$(json "$(sloth run list --all -o json)" '.runs[0].id')
until_true 10 is_in "$id" cancelled || fail "it is $(state_of "$id")"
