#!/usr/bin/env bash
# A reader that does not read stops the command, and only that one: memory stays flat, others keep going.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run web1 true

mkfifo "$T/pipe"
tail -f /dev/null <"$T/pipe" &
sleeper=$!
sloth agent run web1 yes 7801.25 >"$T/pipe" 2>"$T/stderr" &
cli=$!
agent=${agent_pid[web1]}

# Steady: the amount that the command has written no longer grows, at four looks one after the other.
written() { awk '/^wchar/ { print $2 }' "/proc/$(pgrep -nf "^yes 7801.25")/io" 2>/dev/null; }
before='' same=0
is_steady() {
	local now

	sleep 0.3
	now=$(written)
	if [ -n "$now" ] && [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
	before=$now
	[ $same -ge 3 ]
}
until_true 20 is_steady || fail "the command was not stopped"
before_cli=$(rss_kib $cli) before_master=$(rss_kib "$master_pid") before_agent=$(rss_kib "$agent")
for _ in 1 2 3 4 5 6 7 8 9 10; do
	run sloth agent run web1 seq 1 1000
	assert_status 0
	seq 1 1000 | cmp -s - "$T/stdout" || fail "another run on the same agent suffers"
done
assert_at_most $(($(rss_kib $cli) - before_cli)) 2048 "growth of the CLI in KiB"
assert_at_most $(($(rss_kib "$master_pid") - before_master)) 2048 "growth of the master in KiB"
assert_at_most $(($(rss_kib "$agent") - before_agent)) 2048 "growth of the agent in KiB"
kill "$sleeper"
wait $cli
assert_equal $? 141 "exit status"
wait_no_process '^yes 7801.25'
