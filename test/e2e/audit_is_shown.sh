#!/usr/bin/env bash
# `sloth audit` shows the log: lines for people, records for programs, filtered, and as it grows.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
me=$(id -un)
sloth agent run web1 'echo hello' >/dev/null
sloth agent run --argv web1 printf '%s' 'two words' >/dev/null
sloth agent run nowhere true 2>/dev/null
ends() { [ "$(grep -ac run.end "$T/master/audit/audit.log")" = "$1" ]; }
until_true 30 ends 2 || fail "the ends are not recorded"

run sloth audit
assert_status 0
assert_stderr_is ''
assert_stdout_like "^20[0-9-]+T[0-9:.]+Z +$me.* +run.start +web1 +echo hello\$"
assert_stdout_like 'run.end +web1 +exited 0, 6 B out, 0 B err, '
assert_stdout_like 'run.start +web1 +printf %s "two words"$'
assert_stdout_like 'run.denied +nowhere +true \[denied\]: agent not found'

run sloth audit -o json
assert_status 0
assert_same "$T/stdout" "$T/master/audit/audit.log"
run sloth audit --agent 'no*' -o json
assert_equal "$(wc -l <"$T/stdout")" 1 "records about nowhere"
run sloth audit --by "$me" --since 1h --agent web1 -o json
assert_equal "$(wc -l <"$T/stdout")" 4 "records about web1"
run sloth audit --by nobody-here
assert_status 0
assert_stdout_is ''
run sloth audit --since 2099-01-01
assert_stdout_is ''
run sloth audit --until 2001-01-01
assert_stdout_is ''
run sloth audit --since yesterday
assert_status 2
assert_stderr_has '--since: "yesterday" is no time like'

sloth audit --follow -o json >"$T/followed" 2>"$T/follow.err" &
follower=$!
wait_line "$T/followed" nowhere
sloth agent run web1 'echo followed' >/dev/null
wait_line "$T/followed" 'echo followed'
stop_daemon "$master_pid"		# does not wait for it
wait $follower
assert_equal $? 1 "exit status of who follows a master that stops"
has_line "$T/follow.err" 'the master is stopping' || fail "not said: $(cat "$T/follow.err")"
run sloth audit
assert_status 1
assert_stderr_like '^sloth: audit: master at '
