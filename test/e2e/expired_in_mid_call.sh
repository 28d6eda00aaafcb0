#!/usr/bin/env bash
# Who was let in with a good certificate is out when it has ended, in the middle of a call; who can renew it comes back.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/clock.sh"

mkdir "$T/policy.d"
printf 'allow @admin\nallow operator:olga verbs=list,audit\n' >"$T/policy.d/audit.conf"
LD_PRELOAD=$T/clock.so start_secure_master --policy-dir "$T/policy.d"
start_secure_agent web1
log_in olga
sloth audit --follow >"$T/followed" 2>"$T/stderr" &
follower=$!
on_master agent run web1 true || fail "no run"
wait_line "$T/followed" web1

set_clock $((29 * 86400))
kill -HUP "$master_pid"
on_master agent run web1 'echo still' >/dev/null || fail "no run on day 29"
wait_line "$T/followed" still

set_clock $((31 * 86400))
kill -HUP "$master_pid"
until_true 5 is_gone "$follower" || fail "the call of an operator whose certificate has ended goes on"
run sloth agent list
assert_status 1
assert_stderr_has 'the certificate of operator olga has expired'
is_usable web1 || fail "the agent, whose certificate is good, is out as well"
