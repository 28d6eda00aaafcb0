#!/usr/bin/env bash
# Options from a file; the command line wins; an error in the file is 78 with file and line.
. "$(dirname "$0")/lib.sh"

cat >"$T/master.conf" <<-CONF
	# a comment
	port = 0
	bind-address = 127.0.0.1
	state-dir = $T/from-file
	log-level = debug
CONF
start_daemon "$T/m.log" slothd-master --config "$T/master.conf" --state-dir "$T/from-line"
wait_line "$T/m.log" 'listening for agent registrations'
SLOTH_MASTER=unix:$T/from-line/master.sock until_true 10 answers || fail "the master does not answer"
[ -S "$T/from-line/master.sock" ] || fail "the command line did not win"
[ ! -e "$T/from-file" ] || fail "the file's directory was made"

printf '\nport = 0\nno-such-key = 1\n' >"$T/wrong.conf"
for daemon in slothd-master slothd-agent; do
	for key in help=yes version=yes "config=$T/master.conf"; do
		echo "$key" >"$T/key.conf"
		run $daemon --config "$T/key.conf" --state-dir "$T/x"
		assert_status 78
		assert_stderr_has "key.conf: ${key%%=*} belongs on the command line"
	done
	run $daemon --config "$T/wrong.conf" --state-dir "$T/x"
	assert_status 78
	assert_stderr_has "wrong.conf:3"
	run $daemon --config "$T/none.conf" --state-dir "$T/x"
	assert_status 78
	assert_stderr_has none.conf
done
