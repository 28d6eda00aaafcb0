#!/usr/bin/env bash
# --timeout ends the whole process group and gives 124; what was written before arrives.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run --timeout 2s web1 'echo before; sleep 7001.25 & sleep 7002.25'
assert_status 124
assert_stdout_is $'before\n'
assert_stderr_has 'timed out'
wait_no_process 'sleep 700[12].25'

# A command that ignores SIGTERM is killed after its grace.
run sloth agent run --timeout 2s --kill-grace 300ms web1 'trap "" TERM; echo up; while :; do sleep 7003.25; done'
assert_status 124
assert_stdout_is $'up\n'
wait_no_process 'sleep 7003.25'

run sloth agent run --timeout 30 web1 'exit 3'
assert_status 3
