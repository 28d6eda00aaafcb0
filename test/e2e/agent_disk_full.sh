#!/usr/bin/env bash
# The disk of an agent's directories is full: what cannot be written down is not started and says why, the agent lives and
# goes on when there is room, and an agent that cannot start says why, status 1.
. "$(dirname "$0")/lib.sh"

if [ "${IN_NAMESPACE:-}" != yes ]; then
	unshare --map-root-user --mount true 2>/dev/null || skip "no user and mount namespaces here"
	trap - EXIT
	cd / && rm -rf "$T"
	IN_NAMESPACE=yes exec unshare --map-root-user --mount bash "$here/agent_disk_full.sh"
fi
start_master
mkdir "$T/agent-web1"
mount -t tmpfs -o size=64k,mode=700 none "$T/agent-web1" || skip "no tmpfs in a mount namespace here"
mounted+=("$T/agent-web1")
start_agent web1
# With its idle supervisor, which has the files that it needs.
has_idle() { [ -S "$(echo "$T"/agent-web1/run/runs/idle-*/sock)" ] && [ -s "$(echo "$T"/agent-web1/run/runs/idle-*/out)" ]; }
until_true 20 has_idle || fail "no supervisor is kept ready"
head -c 100000 /dev/zero >"$T/agent-web1/filler" 2>/dev/null
for _ in 1 2; do
	run sloth agent run web1 "echo started >>$T/started"
	assert_status 125
	assert_stderr_has 'No space left on device'
done
[ ! -e "$T/started" ] || fail "it was started"
rm "$T/agent-web1/filler"
run sloth agent run web1 'echo room'
assert_status 0
assert_stdout_is $'room\n'
head -c 100000 /dev/zero >"$T/agent-web1/filler" 2>/dev/null
stop_daemon "${agent_pid[web1]}"

rm "$T/agent-web1/agent.pid"
head -c 100000 /dev/zero >"$T/agent-web1/more" 2>/dev/null
run slothd-agent --insecure --name web1 --master "$master" --port 0 --state-dir "$T/agent-web1"
assert_status 1
assert_stderr_has "$T/agent-web1"
assert_stderr_has 'No space left on device'
rm "$T/agent-web1/filler" "$T/agent-web1/more"
start_agent web1
run sloth agent run web1 'echo again'
assert_stdout_is $'again\n'
