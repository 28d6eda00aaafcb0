#!/usr/bin/env bash
# The command lines of the seed, by the name sloth-runner, at the default ports and places of root, with
# loopback in the place of its addresses. Agents have no token: they come up when they are accepted. In a network and a
# mount namespace of its own.
. "$(dirname "$0")/lib.sh"

if [ "${IN_NAMESPACE:-}" != yes ]; then
	# shellcheck disable=SC2016
	unshare --map-root-user --net --mount true 2>/dev/null || skip "no user namespaces here"
	trap - EXIT
	cd / && rm -rf "$T"
	IN_NAMESPACE=yes exec unshare --map-root-user --net --mount bash "$here/seed_workflow.sh"
fi
ip link set lo up || fail "no loopback"
for dir in /var/lib /run /var/log /etc; do
	mkdir -p "$T/over/$dir"
	mount --rbind "$T/over/$dir" "$dir" 2>/dev/null || fail "cannot lay a directory over $dir"
	[ "$dir" != /etc ] || printf 'root:x:0:0:root:%s:/bin/bash\n' "$HOME" >/etc/passwd
done

# The steps of the seed's "Task Execution Workflow".
run sloth-runner master -p 50053 --daemon
assert_status 0
has_line /var/log/sloth/slothd-master.log 'listening for agent registrations on 0\.0\.0\.0:50053' ||
	fail "the master does not log that it is listening"

run sloth-runner agent start --name agent1 --master 127.0.0.1:50053 --port 50051 --bind-address 127.0.0.1 --daemon
assert_status 0
accept() {
	is_pending() { sloth-runner agent pending 2>/dev/null | grep -q "^$1 .*first use"; }
	until_true 15 is_pending "$1" || fail "$1 does not wait: $(sloth-runner agent pending 2>&1)"
	run sloth-runner agent accept "$1"
	assert_status 0
}
accept agent1
is_listed() { sloth-runner agent list 2>/dev/null | grep -E '^agent1 +127.0.0.1:50051 ' | grep -q Active; }
until_true 15 is_listed || fail "agent1 is not listed: $(sloth-runner agent list 2>&1)"

run sloth-runner agent run agent1 'echo to stdout; echo to stderr >&2; exit 4'
assert_status 4
assert_stdout_is $'to stdout\n'
assert_stderr_is $'to stderr\n'
run sloth-runner agent run agent1 df -h /
assert_status 0
assert_stdout_has Filesystem

# Behind a forwarded port, as in a container: listens on one address, reports another.
"$SLOTH_PLAIN_BUILD/test/forward" 127.0.0.1:50052 127.0.0.1:50061 >"$T/forward.log" &
forwarder=$!
wait_line "$T/forward.log" forwarding
run sloth-runner agent start --name main --master 127.0.0.1:50053 --port 50061 --bind-address 127.0.0.1 \
	--report-address 127.0.0.1:50052 --state-dir "$T/main" --daemon
assert_status 0
accept main
is_forwarded() { sloth-runner agent list 2>/dev/null | grep -E '^main +127.0.0.1:50052 ' | grep -qv unreachable; }
until_true 15 is_forwarded || fail "main is not listed: $(sloth-runner agent list 2>&1)"
run sloth-runner agent run main 'echo in the container'
assert_status 0
assert_stdout_is $'in the container\n'

for name in agent1 main; do
	run sloth-runner agent stop $name
	assert_status 0
done
wait_no_process 'slothd-agent.*(agent1|main)'
kill $forwarder
run sloth-runner master stop
assert_status 0
run sloth-runner master status
assert_status 1
