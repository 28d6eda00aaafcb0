#!/usr/bin/env bash
# suites: bookworm
# An agent that ends its runs when it is stopped may take longer than the unit's time to stop: it asks systemd for more, again
# and again, and is not killed.
. "$(dirname "$0")/lib.sh"

boot m1
install_on m1
start_both m1
on m1 sh -c 'echo "kill-runs = yes" >>/etc/sloth/agent.conf && mkdir -p /run/systemd/system/slothd-agent.service.d &&
	printf "[Service]\nTimeoutStopSec=15s\n" >/run/systemd/system/slothd-agent.service.d/time.conf && systemctl daemon-reload'
run on m1 systemctl restart slothd-agent
assert_status 0
wait_answers m1 web1
on m1 sloth agent run -n --kill-grace 22 web1 'trap "" TERM; echo begun; while :; do sleep 1; done' >"$T/out" 2>"$T/err" &
caller=$!
until_true 30 grep -q begun "$T/out" || fail "the run has not begun: $(cat "$T/err")"

began=$EPOCHSECONDS
run on m1 systemctl stop slothd-agent
assert_status 0
[ $((EPOCHSECONDS - began)) -ge 20 ] || fail 'the run was not given its time'
unit_shows m1 slothd-agent Result success || fail "it was killed: $(property m1 slothd-agent Result)"
journal_has m1 slothd-agent 'agent web1: stopped' || fail 'the agent did not end by itself'
wait "$caller"
assert_equal $? 137 'exit status of the run'
