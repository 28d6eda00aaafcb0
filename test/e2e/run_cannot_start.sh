#!/usr/bin/env bash
# A user, a directory or an environment that is not there: nothing runs, and the reason names what is missing.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run --user no-such-user-x web1 "touch $T/ran"
assert_stderr_has no-such-user-x
case $status in 125 | 126) ;; *) fail "exit status $status" ;; esac
run sloth agent run --cwd "$T/no/such/dir" web1 "touch $T/ran"
assert_stderr_has "$T/no/such/dir"
case $status in 125 | 126) ;; *) fail "exit status $status" ;; esac
run sloth agent run --env =x web1 "touch $T/ran"
assert_status 125
assert_stderr_has '--env'
[ ! -e "$T/ran" ] || fail "the command ran"

# The agent is none the worse for it.
run sloth agent run web1 echo fine
assert_status 0
