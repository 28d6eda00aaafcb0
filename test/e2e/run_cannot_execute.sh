#!/usr/bin/env bash
# 127: there is no such program; 126: it cannot be executed. With and without a shell, each with a reason.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
echo data >"$T/plain-file"

run sloth agent run --argv web1 no-such-program-x
assert_status 127
assert_stderr_has no-such-program-x
run sloth agent run --argv web1 "$T/none/such"
assert_status 127
run sloth agent run --argv web1 "$T/plain-file"
assert_status 126
assert_stderr_has "$T/plain-file"
run sloth agent run web1 no-such-program-x
assert_status 127
assert_stderr_has no-such-program-x
run sloth agent run web1 "$T/plain-file"
assert_status 126
