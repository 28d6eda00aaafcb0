#!/usr/bin/env bash
# A detached run: its id alone is printed; list, show, logs, wait and rm know it, by the first digits, too.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run --detach web1 "echo first; until [ -e $T/go ]; do sleep 0.05; done; echo second; echo third >&2; exit 3"
assert_status 0
assert_stderr_is ''
assert_stdout_like '^[0-9a-f]{32}$'
id=$(cat "$T/stdout")
[ "$(wc -c <"$T/stdout")" -eq 33 ] || fail "it prints more than its id"

run sloth run list
assert_status 0
assert_stdout_like "^${id:0:8} +web1 .*running"
assert_equal "$(json "$(sloth run show "${id:0:6}" -o json)" .state)" running "its state"
has_first() { [ "$(sloth run logs "$id" 2>/dev/null)" = first ]; }
until_true 30 has_first || fail "logs show: $(sloth run logs "$id" 2>&1)"
run sloth run wait --timeout 100ms "$id"
assert_status 124
sloth run logs -f "$id" >"$T/followed" 2>"$T/followed.err" &
follower=$!
run sloth run rm "$id"
assert_status 1

touch "$T/go"
run sloth run wait "${id:0:8}"
assert_status 3
wait $follower
assert_equal $? 0 "exit status of logs -f"
assert_equal "$(cat "$T/followed")" $'first\nsecond' "what logs -f shows"
assert_equal "$(cat "$T/followed.err")" third "what logs -f shows on stderr"

run sloth run attach "$id"
assert_status 3
assert_stdout_is $'first\nsecond\n'
assert_stderr_is $'third\n'
run sloth history
assert_stdout_like "^${id:0:8} +web1 .*exited 3"
run sloth history --failed -o json
assert_equal "$(json "$(cat "$T/stdout")" '.runs[0].exit')" 3 "its exit status in the history"
run sloth run rm "$id"
assert_status 0
run sloth run attach "$id"
assert_stdout_is ''
assert_stderr_has '19 bytes of its output are missing'
run sloth run show 00000000
assert_status 1
assert_stderr_has 'no run has the id 00000000'
