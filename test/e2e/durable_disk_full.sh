#!/usr/bin/env bash
# The disk of the state directory is full, then that of the runtime directory. A detached run keeps the newest of its
# output, as much as there is room for; an attached one waits for room, and goes on byte for byte. Others run, and the
# agent lives through all of it.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/small.sh"
small_tree 60m
small_tree 100m run
start_master
start_agent web1
state=$T/agent-web1 runtime=$T/agent-web1/run
sloth agent run -n web1 true
echo_fine() {
	run sloth agent run -n web1 'echo fine; exit 3'
	assert_status 3
	assert_stdout_is $'fine\n'
}
seq 1 3000000 >"$T/expected"
size=$(stat -c %s "$T/expected")
wait_for() { echo "echo ready; until [ -e '$T/$1' ]; do sleep 0.05; done; cat '$T/expected'; exit $2"; }

# Detached, with 1 MiB of room.
id=$(sloth agent run --detach web1 "$(wait_for go-detached 7)") || fail 'it did not start'
fill_but "$state" 1048576
touch "$T/go-detached"
run sloth run wait --timeout 30 "$id"
assert_status 7
echo_fine
rm "$state/filler"
run sloth run logs "$id"
assert_status 0
held=$(stat -c %s "$T/stdout")
[ "$held" -gt 300000 ] || fail "only $held bytes are kept"
assert_at_most "$held" 4000000 'bytes that are kept'
tail -c "$held" "$T/expected" >"$T/tail"
assert_same "$T/tail" "$T/stdout"
assert_stderr_like "$((size + 6 - held)) bytes of its output are (gone|missing)"

# One more, of which nothing can be written down: it does not begin, and says why.
fill_but "$state" 0
run sloth agent run --detach web1 "touch '$T/began'"
assert_status 125
assert_stderr_has 'No space left on device'
[ ! -e "$T/began" ] || fail 'it has begun'
echo_fine
rm "$state/filler"

# Attached, and not a byte of room.
sloth agent run -n web1 "$(wait_for go-attached 6)" >"$T/out" 2>"$T/err" &
cli=$!
wait_line "$T/out" ready
fill_but "$runtime" 0
touch "$T/go-attached"
is_blocked() { pgrep -f "^cat $T/expected" >/dev/null && [ "$(stat -c %s "$T/out")" -lt 1000000 ]; }
until_true 30 is_blocked || fail "it does not wait: $(stat -c %s "$T/out") bytes came"
echo_fine
assert_running "${agent_pid[web1]}" 'the agent'
is_blocked || fail 'it did not wait'
rm "$runtime/filler"
wait $cli
assert_equal $? 6 "exit status ($(cat "$T/err"))"
(echo ready; cat "$T/expected") | cmp -s - "$T/out" || fail 'its output is not whole'

# What others have left of the runtime directory is not used up by spools: 32 MiB stay free.
fill_but "$runtime" $((48 * 1024 * 1024))
mkfifo "$T/go"
"$python" "$here/lib/stopped_readers.py" 30 9000000 7863.25 sloth agent run -n web1 'exec yes 7863.25' <"$T/go" >"$T/readers" 2>"$T/errors" &
readers=$!
exec 9>"$T/go"
least=$(bytes_free "$runtime")
is_steady() {
	local now is_free

	is_free=$(bytes_free "$runtime")
	[ "$is_free" -ge "$least" ] || least=$is_free
	now=$(pgrep -c -f '^yes 7863.25'):$(bytes_below "$runtime/runs" "$state/runs")
	[ "$now" = "${before:-}" ] && [ "${now%%:*}" -eq 30 ] && return 0
	before=$now
	sleep 0.3
	return 1
}
until_true 40 is_steady || fail "the spools grow: $before"
[ "$least" -ge $((32 * 1024 * 1024)) ] || fail "only $least bytes were free in the runtime directory"
echo >&9
exec 9>&-
wait $readers
has_line "$T/readers" '^right 30; status 141: 30$' || fail "$(cat "$T/readers") $(head -c 500 "$T/errors")"
note "at least $((least / 1024)) KiB free"
