#!/usr/bin/env bash
# slothd-agent --doctor: a unit without Delegate=yes costs the runs their groups, which systemd's mark on the group tells.
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
doctor() { run slothd-agent --doctor --insecure --name web1 --port 0 --master "$master" --state-dir "$T/agent-web1"; }

doctor
assert_status 1
assert_stdout_like '^failed +unit +sloth-e2e.service has no Delegate=yes'
assert_stdout_like '^ +-> sudo systemctl edit sloth-e2e.service: \[Service\] Delegate=yes KillMode=process'
mark "$unit" ||
	skip "groups take no marks here"
doctor
assert_status 0
assert_stdout_like '^ok +unit +sloth-e2e.service, with Delegate=yes'
