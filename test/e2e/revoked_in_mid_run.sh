#!/usr/bin/env bash
# Certificates are read again under a run that lives; revoking its agent or its operator ends the run, and whoever
# waits for it reads so, within a second.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1
start_secure_agent web2
log_in alice

# begin NAME: a run of alice's on NAME, which has said that it began.
begin() {
	sloth agent run "${@:2}" "$1" 'echo begun; exec sleep 987' >"$T/$1.out" 2>"$T/$1.err" &
	runner=$!
	wait_line "$T/$1.out" begun
}
# ends_soon NAME WORDS: it has failed, in time.
ends_soon() {
	wait_gone "$runner" 5
	took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	wait "$runner"
	status=$?
	[ "$status" -ne 0 ] || fail "the run on $1 ended well"
	has_line "$T/$1.err" "$2" || fail "the run on $1 says: $(cat "$T/$1.err")"
	assert_at_most "$took_ms" 1000 "milliseconds until the run on $1 ended"
}

begin web1 --reconnect 2
kill -HUP "$master_pid" "${agent_pid[web1]}"
run on_master agent run -n web1 echo between
assert_stdout_is $'between\n'
assert_running "$runner" 'the run'
began=${EPOCHREALTIME/./}
run ask_master agent revoke web1
assert_status 0
ends_soon web1 'the identity was revoked'
wait_no_process '^sleep 987$'
wait_line "$T/web1.log" revoked

begin web2
began=${EPOCHREALTIME/./}
run ask_master operator revoke alice
assert_status 0
ends_soon web2 'result unknown'
wait_no_process '^sleep 987$'
run sloth agent list
[ "$status" -ne 0 ] || fail "alice still has a say"
assert_stderr_has revoked
