#!/usr/bin/env bash
# slothd-agent --doctor: a unit without Delegate=yes costs the runs their groups, which systemd's mark on the group tells,
# and one that kills them with the agent, which systemctl tells.
. "$(dirname "$0")/lib.sh"
. "$here/lib/group.sh"
make_group || skip "no control group can be made here"
# Inside the group of a user's manager, which is a service itself, and delegated.
unit=$group/sloth-user.service/sloth-e2e.service
mkdir -p "$unit"
mark() { "$python" -c 'import os, sys; os.setxattr(sys.argv[1], "user.delegate", b"1")' "$1" 2>/dev/null; }
mark "$group/sloth-user.service" || note "groups take no marks here"
start_master
start_agent web1
echo "${agent_pid[web1]}" >"$unit/cgroup.procs" || skip "processes cannot be moved between groups here"
mkdir "$T/bin"
printf '%s\n' '#!/bin/sh' 'for unit; do :; done' "cat '$T/answer'" "echo \"\$unit\" >'$T/asked'" >"$T/bin/systemctl"
chmod 755 "$T/bin/systemctl"
systemd_says() { printf '%s\n' "$@" >"$T/answer"; }
systemd_says LoadState=not-found KillMode=control-group
doctor() { PATH=$T/bin:$PATH run slothd-agent --doctor --insecure --name web1 --port 0 --master "$master" --state-dir "$T/agent-web1"; }

doctor
assert_status 1
assert_stdout_like '^failed +unit +sloth-e2e.service has no Delegate=yes: runs .* with the usual KillMode=control-group all are killed'
assert_stdout_like '^ +-> sudo systemctl edit sloth-e2e.service: \[Service\] Delegate=yes KillMode=process'
assert_equal "$(cat "$T/asked")" sloth-e2e.service 'the unit that systemd was asked about'
systemd_says KillMode=process LoadState=loaded
doctor
assert_stdout_like '^failed +unit +sloth-e2e.service has no Delegate=yes: runs get no group of their own$'
assert_stdout_like '^ +-> sudo systemctl edit sloth-e2e.service: \[Service\] Delegate=yes$'
mark "$unit" ||
	skip "groups take no marks here"
doctor
assert_status 0
assert_stdout_like '^ok +unit +sloth-e2e.service, with Delegate=yes, and runs outlive it$'
systemd_says LoadState=loaded KillMode=control-group
doctor
assert_status 1
assert_stdout_like '^failed +unit +sloth-e2e.service has KillMode=control-group: all runs are killed whenever the agent is stopped'
assert_stdout_like '^ +-> sudo systemctl edit sloth-e2e.service: \[Service\] KillMode=process$'
