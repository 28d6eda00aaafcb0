#!/usr/bin/env bash
# Who is revoked is out within a second: runs of an operator and runs on an agent end, and neither comes back.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1
start_secure_agent web2
log_in olga

# ends_soon PID: within a second; its status is in $status.
ends_soon() {
	until_true 1 is_gone "$1" || fail "the run goes on"
	wait "$1"
	status=$?
}

sloth agent run web2 'echo begun; exec sleep 764.25' >"$T/stdout" 2>"$T/stderr" &
run=$!
wait_line "$T/stdout" begun
wait_process '^sleep 764.25'
on_master operator revoke olga >"$T/revoked" 2>&1 || fail "operator revoke: $(cat "$T/revoked")"
ends_soon "$run"
assert_status 125
assert_stderr_has 'revoked'
assert_stderr_has 'it had started'
wait_no_process '^sleep 764.25'
run sloth agent list
assert_status 1
assert_stderr_has 'the certificate was revoked'

on_master agent run --reconnect 2 web1 'echo begun; exec sleep 764.5' >"$T/stdout" 2>"$T/stderr" &
run=$!
wait_line "$T/stdout" begun
wait_process '^sleep 764.5'
on_master agent revoke web1 >"$T/revoked" 2>&1 || fail "agent revoke: $(cat "$T/revoked")"
ends_soon "$run"
assert_status 125
assert_stderr_has 'agent web1: the identity was revoked'
wait_no_process '^sleep 764.5'
wait_line "$T/web1.log" 'the certificate was revoked'
run on_master agent get web1
assert_stdout_has Inactive
is_usable web2 || fail "web2 is gone as well"
