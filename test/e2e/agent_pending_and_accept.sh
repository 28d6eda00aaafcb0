#!/usr/bin/env bash
# An agent without a token waits until an operator accepts it: list, accept, reject, revoke, each with its exit status.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
run on_master agent pending
assert_status 1
assert_stderr_has 'no agent waits'
run on_master agent pending -o json
assert_status 1
assert_stdout_has '"identities":[]'
run on_master agent accept --all
assert_status 1
assert_stderr_like '^sloth: agent accept: '

standing() { cut -d' ' -f1 "$T/agent-$1/run/status" 2>/dev/null; }
stands() { [ "$(standing "$1")" = "$2" ]; }
launch_secure_agent web1
launch_secure_agent db1
waits() { on_master agent pending 2>/dev/null | grep -q "^$1 "; }
until_true 20 waits web1 || fail "web1 does not wait"
until_true 20 waits db1 || fail "db1 does not wait"
until_true 20 stands web1 waiting || fail "its file says it is $(standing web1)"
run on_master status
assert_stdout_like '^Waiting: +2 to be accepted: sloth agent pending$'
run on_master whoami
assert_stdout_like '^May: +run, list, stop, delete, enroll, audit$'
run on_master agent pending -o json
assert_status 0
key=$(json "$(cat "$T/stdout")" .identities[1].fingerprint)
assert_equal "$(json "$(cat "$T/stdout")" .identities[1].name)" web1 'who waits second'
assert_equal "${#key}" 64 'length of its fingerprint'
has_line "$T/web1.log" "${key:0:16}" || fail "the agent logs another key"

run on_master agent accept 'nobody*'
assert_status 1
run on_master agent accept web1 --fingerprint 00000000
assert_status 1
assert_stderr_like 'try: sloth agent pending'
upper=$(tr '[:lower:]' '[:upper:]' <<<"${key:0:16}")
run on_master agent accept web1 --fingerprint "${upper:0:2}:${upper:2}"
assert_status 0
assert_stdout_is "web1: accepted (key ${key:0:16})"$'\n'
until_true 20 is_usable web1 || fail "web1 does not come up: $(tail -n 3 "$T/web1.log")"
until_true 20 stands web1 registered || fail "the file of web1 says it is $(standing web1)"
run on_master agent run -n web1 echo accepted
assert_stdout_is $'accepted\n'

run on_master agent reject db1 -o json
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .done)" rejected 'what was done'
run on_master agent reject db1
assert_status 1
until_true 20 stands db1 denied || fail "the file of db1 says it is $(standing db1)"
run on_master agent accept db1
assert_status 0

# an operator may look, and decide nothing
log_in alice
run sloth agent accept --all
assert_status 1
assert_stderr_has 'sloth whoami'
run sloth token create
assert_status 1
assert_stdout_is ''

run on_master agent revoke web1
assert_status 0
assert_stdout_like '^web1: revoked'
run on_master agent revoke web1
assert_status 1
run on_master operator list
assert_stdout_like '^alice .*accepted'
run on_master operator revoke alice
assert_status 0
run sloth whoami
assert_status 1
