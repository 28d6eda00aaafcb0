#!/usr/bin/env bash
# Options from a file and the environment; the command line wins; an error in the file is 78 with file and line, one in the
# environment names the variable. What counts in the end can be shown.
. "$(dirname "$0")/lib.sh"

cat >"$T/master.conf" <<-CONF
	# a comment
	[Master]
	port = 0
	bind-address = 127.0.0.1
	state-dir = $T/from-file
	log-level = debug
CONF
start_daemon "$T/m.log" slothd-master --config "$T/master.conf" --state-dir "$T/from-line"
wait_line "$T/m.log" 'listening for agent registrations'
SLOTH_MASTER=unix:$T/from-line/master.sock until_true 30 answers || fail "the master does not answer"
[ -S "$T/from-line/master.sock" ] || fail "the command line did not win"
[ ! -e "$T/from-file" ] || fail "the file's directory was made"

printf '\nport = 0\nno-such-key = 1\n' >"$T/wrong.conf"
for daemon in slothd-master slothd-agent; do
	for key in help=yes version=yes "config=$T/master.conf"; do
		echo "$key" >"$T/key.conf"
		run $daemon --config "$T/key.conf" --state-dir "$T/x"
		assert_status 78
		assert_stderr_has "key.conf:1: ${key%%=*} belongs on the command line"
	done
	run $daemon --config "$T/wrong.conf" --state-dir "$T/x"
	assert_status 78
	assert_stderr_has "wrong.conf:3"
	run $daemon --config "$T/none.conf" --state-dir "$T/x"
	assert_status 78
	assert_stderr_has none.conf
	run $daemon --config "$T/wrong.conf" --state-dir "$T/x" --check-config
	assert_status 78
	SLOTH_LOG_LEVEL=loud run $daemon --state-dir "$T/x"
	assert_status 78
	assert_stderr_has 'SLOTH_LOG_LEVEL: "loud" is none of debug, info, warn, error'
	echo "[Client]" >"$T/section.conf"
	run $daemon --config "$T/section.conf" --state-dir "$T/x"
	assert_status 78
	assert_stderr_has 'section.conf:1: unknown section [Client]'
done

run slothd-master --config "$T/master.conf" --check-config
assert_status 0
assert_stdout_is ''
[ "$(id -u)" -ne 0 ] || {
	touch "$T/foreign.conf"
	chown 65534 "$T/foreign.conf"
	run slothd-master --config "$T/foreign.conf" --check-config
	assert_status 78
	assert_stderr_has "$T/foreign.conf"
}
umask 077
printf 'name = web1\ntoken = sloth1.secret\nmax-runs = 3\n' >"$T/agent.conf"
SLOTH_MAX_QUEUED=5 run sloth config show agent --config "$T/agent.conf" --origin
assert_status 0
assert_stdout_like "^name = web1 +$T/agent.conf:1\$"
assert_stdout_like "^token = \\(set\\) +$T/agent.conf:2\$"
assert_stdout_like '^max-queued = 5 +SLOTH_MAX_QUEUED$'
assert_stdout_like '^port = 50051 +default$'
assert_stdout_lacks secret
run slothd-agent --config "$T/agent.conf" --check-config
assert_status 78
assert_stderr_has "$T/agent.conf:2: token: the token is too short"
chmod 644 "$T/agent.conf"
run slothd-agent --config "$T/agent.conf" --check-config
assert_status 78
assert_stderr_has "$T/agent.conf:2: token: everybody can read this file"
run sloth config show master --config "$T/master.conf" -o json
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" '.options[0].value')" 0
[ ! -e "$T/x" ] || fail "something was made"
