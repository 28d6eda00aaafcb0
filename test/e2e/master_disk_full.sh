#!/usr/bin/env bash
# The disk of the state directory is full: the master goes on, says so, and writes again when there is room.
. "$(dirname "$0")/lib.sh"

if [ "${IN_NAMESPACE:-}" != yes ]; then
	unshare --map-root-user --mount true 2>/dev/null || skip "no user and mount namespaces here"
	trap - EXIT
	cd / && rm -rf "$T"
	IN_NAMESPACE=yes exec unshare --map-root-user --mount bash "$here/master_disk_full.sh"
fi
mkdir "$T/master"
mount -t tmpfs -o size=1m,mode=700 none "$T/master" || skip "no tmpfs in a mount namespace here"
# Its audit log has a disk of its own: without it runs would be refused, see audit_full_disk.sh.
mkdir -m 700 "$T/master/audit"
mount -t tmpfs -o size=1m,mode=700 none "$T/master/audit" || fail "no second tmpfs"
mounted+=("$T/master/audit" "$T/master")
start_master
start_agent web1
head -c 2000000 /dev/zero >"$T/master/filler" 2>/dev/null
for name in web2 web3 web4; do
	start_agent $name
done
run sloth agent run web4 echo works
assert_status 0
assert_stdout_is $'works\n'
says_full() { sloth status 2>/dev/null | grep -qiE 'warning.*(full|space|written|memory)'; }
until_true 20 says_full || fail "sloth status does not tell: $(sloth status)"
has_line "$T/master.log" '[Nn]o space|full' || fail "the log does not tell"

rm "$T/master/filler"
has_recovered() { ! says_full; }
# Something has to be written for the master to see that it can.
start_agent web5
until_true 60 has_recovered || fail "it did not recover: $(sloth status)"
kill_daemon "$master_pid"
start_master --port "$master_port"
run sloth agent list
for name in web1 web2 web3 web4 web5; do
	assert_stdout_has $name
done
