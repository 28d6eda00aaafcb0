#!/usr/bin/env bash
# A command that does not read its input, or stops reading it, ends the run all the same.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run web1 'head -n 1' < <(yes line)
assert_status 0
assert_stdout_is $'line\n'

run sloth agent run web1 'exec <&-; echo closed' < <(yes line)
assert_status 0
assert_stdout_is $'closed\n'

# An input that never comes does not hold a run that needs none.
run sloth agent run web1 'echo done' < <(sleep 30 & echo $! >"$T/sleeper"; exec >&-; wait)
assert_status 0
until_true 15 test -s "$T/sleeper" || fail "nobody holds the input"
kill "$(cat "$T/sleeper")"

mkfifo "$T/quiet"
sleep 30 >"$T/quiet" &
sleeper=$!
run sloth agent run web1 'echo done' <"$T/quiet"
kill "$sleeper"
assert_status 0
assert_stdout_is $'done\n'
