#!/usr/bin/env bash
# When the reader of its stdout goes away, sloth is silent, exits 141, and the command ends.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

sloth agent run web1 'sleep 7101.25 & yes' 2>"$T/stderr" | head -n 1 >"$T/stdout"
assert_equal "${PIPESTATUS[0]}" 141 "exit status"
assert_stdout_is $'y\n'
assert_stderr_is ''
wait_no_process 'sleep 7101.25' 20
