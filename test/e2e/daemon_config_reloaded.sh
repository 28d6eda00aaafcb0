#!/usr/bin/env bash
# SIGHUP: the configuration is read again. What can change at once does, what cannot is named, and one with an error changes
# nothing.
. "$(dirname "$0")/lib.sh"

# reload PID LOG REGEX: a line like that comes in answer.
reload() {
	kill -HUP "$1"
	wait_line "$2" "$3"
}

printf '[Master]\nhistory-max = 7\n' >"$T/master.conf"
start_master --config "$T/master.conf"
printf '[Agent]\nmax-runs = 1\nmax-queued = 0\n' >"$T/agent.conf"
start_agent web1 --config agent.conf	# relative

id=$(sloth agent run --detach web1 'sleep 300')
run sloth agent run web1 true
assert_status 125
printf '[Agent]\nmax-runs = 2\nlog-level = debug\nlog-file = %s\nreport-address = 127.0.0.1:1\n' "$T/moved.log" >"$T/agent.conf"
reload "${agent_pid[web1]}" "$T/moved.log" 'configuration read again: changed: log-file, log-level, max-runs, max-queued$'
wait_line "$T/moved.log" 'report-address: takes effect at the next start'
run sloth agent run web1 'echo works'
assert_status 0
wait_line "$T/moved.log" ' debug '

printf '[Agent]\nmax-runs = 1\nmax-quoted = 5\n' >"$T/agent.conf"
reload "${agent_pid[web1]}" "$T/moved.log" 'agent.conf:3: unknown key "max-quoted", did you mean max-queued.; the configuration stays as it was'
run sloth agent run web1 'echo works'
assert_status 0
printf '[Agent]\nmax-runs = 2\nlog-file = %s\npolicy = %s\n' "$T/moved.log" "$T/policy" >"$T/agent.conf"
echo 'deny *' >"$T/policy"
chmod 600 "$T/policy"
reload "${agent_pid[web1]}" "$T/moved.log" 'configuration read again: changed: log-level, policy$'
until_true 20 eval '! sloth agent run -n web1 true 2>/dev/null' || fail "the new policy is not in force"
printf '[Agent]\nmax-runs = 2\nlog-file = %s\n' "$T/moved.log" >"$T/agent.conf"
reload "${agent_pid[web1]}" "$T/moved.log" 'policy: .* is in force, and no other is named.*; the configuration stays as it was'
run sloth agent run -n web1 true
assert_status 125
printf '[Agent]\nmax-runs = 2\nlog-file = %s\npolicy = %s\n' "$T/moved.log" "$T/other" >"$T/agent.conf"
(umask 077 && echo 'allow *' >"$T/other")
reload "${agent_pid[web1]}" "$T/moved.log" 'configuration read again: changed: policy$'
until_true 20 sloth agent run -n web1 true || fail "the first policy is still in force"
sloth run stop "$id" >"$T/stop" || fail "the run cannot be stopped"

printf '[Master]\nhistory-days = 3\nport = 1\nlog-level = debug\n' >"$T/master.conf"
reload "$master_pid" "$T/master.log" 'configuration read again: changed: log-level, history-days, history-max$'
assert_running "$master_pid" "the master"
! has_line "$T/master.log" 'takes effect' || fail "the port stands on the command line"
echo 'log-level = silent' >"$T/master.conf"
reload "$master_pid" "$T/master.log" 'master.conf:1: log-level: "silent" is none of .*; the configuration stays as it was'

# A policy is not lost by a file that was emptied.
mkdir -m 700 "$T/policy.d"
echo "policy-dir = $T/policy.d" >"$T/master.conf"
reload "$master_pid" "$T/master.log" 'configuration read again: changed: log-level, .*policy-dir'
: >"$T/master.conf"
reload "$master_pid" "$T/master.log" 'policy-dir: .* is in force, and no other is named.*; the configuration stays as it was'
