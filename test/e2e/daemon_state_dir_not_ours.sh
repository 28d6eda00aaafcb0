#!/usr/bin/env bash
# Root's daemons use no state directory, and no file in it, that others own or write to, and no link or FIFO there:
# status 78 with the name and what to do. Nothing blocks, nothing of others is touched.
. "$(dirname "$0")/lib.sh"
somebody=12345

# Each of both daemons, with a state directory that "$@" has prepared as $dir.
both() {
	local words=$1 daemon

	shift
	for daemon in master agent; do
		dir=$T/state-$daemon
		rm -rf "$dir"
		mkdir -m 700 "$dir"
		"$@" $daemon
		if [ $daemon = master ]; then
			run timeout 20 slothd-master --port 0 --state-dir "$dir"
		else
			run timeout 20 slothd-agent --name web1 --port 0 --state-dir "$dir"
		fi
		assert_status 78
		assert_stderr_like "$words"
	done
}
file_of() { [ "$1" = master ] && echo "$dir/registry.db" || echo "$dir/instance"; }

fifo_as_file() { mkfifo "$(file_of "$1")"; }
fifo_as_pid()  { mkfifo "$dir/$1.pid"; }
both '(registry\.db|instance) is not a regular file; remove it' fifo_as_file
both '(master|agent)\.pid is not a regular file; remove it' fifo_as_pid

mkdir "$T/m"
: >"$T/m/master.sock"
run slothd-master --port 0 --state-dir "$T/m"
assert_status 78
assert_stderr_has "$T/m/master.sock is not a socket; remove it"

[ "$(id -u)" -eq 0 ] || { note "the rest takes root"; exit 0; }
owned()       { chown $somebody "$dir"; }
writable()    { chmod g+w "$dir"; }
link_as_pid() { ln -s "$T/victim" "$dir/$1.pid"; }
their_file()  { : >"$(file_of "$1")"; chown $somebody "$(file_of "$1")"; }
their_link()  { mv "$dir" "$dir.real"; ln -s "$dir.real" "$dir"; chown -h $somebody "$dir"; }
both 'state-(master|agent) belongs to user 12345.*chown root' owned
both 'state-(master|agent) can be written by others.*chmod go-w' writable
both 'is not a regular file; remove it' link_as_pid
both '(registry\.db|instance) belongs to user 12345' their_file
both 'belongs to user 12345' their_link
[ ! -e "$T/victim" ] || fail "a link was followed"

mkdir "$T/theirs"
chown $somebody "$T/theirs"
run slothd-agent --name web1 --port 0 --state-dir "$T/theirs/state"
assert_status 78
assert_stderr_has "$T/theirs belongs to user $somebody"
run slothd-master --port 0 --state-dir "$T/m2" --socket "$T/theirs/master.sock"
assert_status 78
assert_stderr_has "$T/theirs belongs to user $somebody"
run slothd-master --port 0 --state-dir "$T/m2" --log-file "$T/theirs/log"
assert_status 78
assert_stderr_has "$T/theirs belongs to user $somebody"
assert_equal "$(ls -A "$T/theirs")" "" "what was made in a directory of others"

# A service's is not to be given away: its user could not start it any more.
# shellcheck disable=SC2016  # expanded by the shell in the namespace
machine='mount -t tmpfs none /var/lib && mount -t tmpfs none /run && mkdir -p /run/systemd/system /var/lib/sloth &&
	: >/run/systemd/system/slothd-master.service && chown 12345 /var/lib/sloth && exec "$@"'
run unshare -m sh -c "$machine" sh true
if [ "$status" -eq 0 ]; then
	run unshare -m sh -c "$machine" sh timeout 20 slothd-master --port 0
	assert_status 78
	assert_stderr_like '/var/lib/sloth belongs to user 12345, .*systemctl start slothd-master'
	assert_stderr_lacks chown
	run unshare -m sh -c "$machine" sh sloth agent list
	assert_stderr_like 'try: systemctl start slothd-master'
	run unshare -m sh -c "$machine" sh sloth master status
	assert_stderr_like 'try: systemctl start slothd-master'
else
	note "no mount namespace can be made: $(head -n 1 "$T/stderr")"
fi

# A link that root made is fine.
mkdir "$T/real"
ln -s real "$T/link"
start_daemon "$T/ok.log" slothd-master --port 0 --state-dir "$T/link/state"
wait_line "$T/ok.log" 'listening for operators'
