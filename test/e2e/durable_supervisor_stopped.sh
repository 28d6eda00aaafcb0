#!/usr/bin/env bash
# A run stops its supervisor, as the same user may: it can be cancelled all the same, also by the next agent.
# timeout: 90
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

begin() {
	sloth agent run --detach --kill-grace 1 web1 "until [ -e $T/go ]; do sleep 0.03; done
		echo \$PPID >$T/pid; kill -STOP \$PPID; exec sleep 7671.25" >"$T/id"
	touch "$T/go"
	until_true 30 has_line "$T/pid" . || fail "it does not start"
	is_stopped() { grep -q '^State:.*stopped' "/proc/$(cat "$T/pid")/status"; }
	until_true 30 is_stopped || fail "its supervisor is not stopped"
}
stop() {
	run sloth run stop "$(cat "$T/id")"
	assert_status 0
	run sloth run wait --timeout 10 "$(cat "$T/id")"
	assert_stderr_has 'stopped by'
	wait_no_process 'sleep 7671[.]25'
}
begin
stop
rm "$T/pid" "$T/go"
begin
kill_daemon "${agent_pid[web1]}"
start_agent web1
stop
