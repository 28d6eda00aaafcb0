#!/usr/bin/env bash
# 200 runs of `yes` whose readers have stopped, with a runtime directory of 100 MiB: the spools there take a quarter of it
# and no more, 32 MiB stay free, further runs have theirs in the state directory, others run beside them, and when they are
# read again all of them go on.
# build: plain
# timeout: 120
. "$(dirname "$0")/lib.sh"
. "$here/lib/small.sh"
. "$here/lib/secure.sh"
small_tree 100m run
start_secure_master
start_secure_agent web1
export SLOTH_MASTER=unix:$master_socket
runtime=$T/agent-web1/run state=$T/agent-web1/runs
free_min=$((32 * 1024 * 1024)) budget=$((25 * 1024 * 1024)) runs=200
# Each file has a head and a page that is not full.
slack=$((runs * 8192))

mkfifo "$T/go"
"$python" "$here/lib/stopped_readers.py" $runs 9000000 7861.25 sloth agent run -n web1 'exec yes 7861.25' <"$T/go" >"$T/readers" 2>"$T/errors" &
readers=$!
exec 9>"$T/go"
least=$(bytes_free "$runtime")
note_least() {
	local now

	now=$(bytes_free "$runtime")
	[ "$now" -ge "$least" ] || least=$now
}
all_run() { note_least; [ "$(pgrep -c -f '^yes 7861.25')" -eq $runs ]; }
until_true 60 all_run || fail "$(pgrep -c -f '^yes 7861.25') run: $(head -c 500 "$T/errors")"
# Steady: the spools no longer grow.
is_steady() {
	local now

	note_least
	now=$(bytes_below "$runtime/runs" "$state")
	[ "$now" = "${before:-}" ] && return 0
	before=$now
	sleep 0.5
	return 1
}
until_true 60 is_steady || fail 'the spools grow'
here_n=$(find "$runtime/runs" -mindepth 1 -maxdepth 1 ! -name 'idle-*' | wc -l)
there_n=$(find "$state" -mindepth 1 -maxdepth 1 | wc -l)
assert_equal $((here_n + there_n)) $runs 'number of directories of runs'
[ "$here_n" -ge 8 ] || fail "only $here_n runs have their spools in the runtime directory"
assert_at_most "$(bytes_below "$runtime/runs")" $((budget + slack)) 'bytes of spools in the runtime directory'
[ "$least" -ge $free_min ] || fail "only $least bytes were free in the runtime directory"
is_usable web1 || fail "the master does not answer any more: $(sloth agent get web1 2>&1)"
for word in one two; do
	run sloth agent run -n web1 "echo $word"
	assert_status 0
	assert_stdout_is "$word"$'\n'
done

echo >&9
exec 9>&-
wait $readers
has_line "$T/readers" "^right $runs; status 141: $runs\$" || fail "$(cat "$T/readers") $(sort "$T/errors" | uniq -c | head -c 500 "$T/errors")"
wait_no_process '^yes 7861.25'
are_empty() { [ -z "$(find "$runtime/runs" "$state" -mindepth 1 -maxdepth 1 ! -name 'idle-*')" ]; }
until_true 30 are_empty || fail "left: $(ls "$runtime/runs" "$state")"
assert_at_most "$(bytes_below "$runtime/runs")" $((1024 * 1024)) 'bytes in the runtime directory afterwards'
! has_line "$T/web1.log" 'RESOURCE_EXHAUSTED' || fail 'the master refuses heartbeats'
note "$here_n of $runs runs in the runtime directory, at least $((least / 1024)) KiB free"
