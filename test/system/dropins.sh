#!/usr/bin/env bash
#
# The drop-ins that are installed as examples start: the agent confined and as a user without rights, the master without its
# sandbox, the control group that newer versions of systemd make.
. "$(dirname "$0")/lib.sh"

# use NAME UNIT: as the head of the file says.
use() { on m1 install -D -m 644 "/usr/local/share/sloth/systemd/$1.conf" "/etc/systemd/system/$2.service.d/$1.conf"; }

again() {
	run on m1 systemctl daemon-reload
	run on m1 systemctl restart "$1"
	assert_status 0
	wait_answers m1 web1
}

boot m1
install_on m1
start_both m1
use master-no-sandbox slothd-master
again slothd-master
run on m1 stat -c %U "/proc/$(main_pid m1 slothd-master)"
assert_stdout_is $'sloth\n'

use agent-confined slothd-agent
again slothd-agent
run on m1 sloth agent run -n web1 'touch /usr/there'
assert_status 1
assert_stderr_has 'Read-only file system'
on m1 rm -r /etc/systemd/system/slothd-agent.service.d

if [ "$suite" != bookworm ]; then
	use agent-subgroup slothd-agent
	again slothd-agent
	run on m1 sh -c "cat /proc/$(main_pid m1 slothd-agent)/cgroup"
	assert_stdout_like 'slothd-agent.service/agent$'
	run on m1 sloth agent run -n web1 'cat /proc/self/cgroup'
	assert_stdout_like 'slothd-agent.service/sloth-run-'
fi

on m1 useradd --system --create-home --shell /bin/bash sloth-agent
on m1 chown root:sloth-agent /etc/sloth/agent.conf
on m1 chmod 640 /etc/sloth/agent.conf
use agent-user slothd-agent
again slothd-agent
run on m1 sloth agent run -n web1 'id -un; cat /proc/self/cgroup'
assert_stdout_like '^sloth-agent$'
assert_stdout_like 'slothd-agent.service/sloth-run-'
