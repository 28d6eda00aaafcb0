#!/usr/bin/env bash
# A registry from a backup brings back nobody who was revoked since; without the CA's key, or with one that others
# can read, the master does not start and says which file it is.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
port=$master_port
start_secure_agent web1
start_secure_agent web2
stop_daemon "$master_pid"
mkdir "$T/backup"
cp -p "$T"/master/registry.db* "$T/backup"

start_secure_master --port "$port"
until_true 30 is_usable web1 || fail "web1 does not come back"
run on_master agent revoke web1
assert_status 0
wait_line "$T/web1.log" revoked
stop_daemon "$master_pid"
rm -f "$T"/master/registry.db*
cp -p "$T"/backup/* "$T/master"

# refused WORDS: it does not start
refused() {
	run timeout 20 slothd-master --port "$port" --bind-address 127.0.0.1 --state-dir "$T/master" --socket "$T/admin.sock"
	assert_status 78
	assert_stderr_has "$1"
}
mv "$T/master/ca.key" "$T/ca.key"
refused 'master/ca.key'
cp "$T/ca.key" "$T/master/ca.key"
chmod 644 "$T/master/ca.key"
refused 'everybody can read this key'
echo broken >"$T/master/ca.key"
chmod 600 "$T/master/ca.key"
refused 'master/ca.key: not a private key'
cp -p "$T/ca.key" "$T/master/ca.key"

start_secure_master --port "$port"
until_true 30 is_usable web2 || fail "web2 does not come back"
run on_master agent run -n web2 echo hello
assert_stdout_is $'hello\n'
run on_master agent run -n web1 echo hello
[ "$status" -ne 0 ] || fail "web1 is back"
! is_usable web1 || fail "web1 is usable"
