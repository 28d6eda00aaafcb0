#!/usr/bin/env bash
# A wrong command line of a daemon: 64, and the message names the option and what is wrong with it.
. "$(dirname "$0")/lib.sh"

wrong() {
	local daemon

	for daemon in slothd-master slothd-agent; do
		run "$daemon" --state-dir "$T/x" "$@"
		assert_status 64
		assert_stderr_has "${1#--}"
		[ ! -e "$T/x" ] || fail "something was made"
	done
}

wrong --port 99999
wrong --port x
wrong --no-such-option
wrong --log-level loud
for option in log-file config bind-address; do
	wrong --$option ''
	assert_stderr_has "$option: empty"
done
for daemon in slothd-master slothd-agent; do
	run "$daemon" --port 0 --state-dir ''
	assert_status 64
	assert_stderr_has 'state-dir: empty'
done
run slothd-master --state-dir "$T/x" extra-word
assert_status 64
assert_stderr_has extra-word
run slothd-agent --state-dir "$T/x" --name 'no/slash'
assert_status 64
assert_stderr_has 'no/slash'
for address in 0.0.0.0:50051 "unix:$T/sock" 127.0.0.1:0 127.0.0.1; do
	run slothd-agent --state-dir "$T/x" --report-address "$address"
	assert_status 64
	assert_stderr_has report-address
done
for other in '--bind-address 127.0.0.1' '--report-address 10.0.0.7:50061'; do
	# shellcheck disable=SC2086  # an option and its value
	run slothd-agent --state-dir "$T/x" --incus 10.0.0.7:50052 $other
	assert_status 64
	assert_stderr_has "${other#--} says otherwise"
done
run slothd-agent --state-dir "$T/x" --master 127.0.0.1:0
assert_status 64
assert_stderr_has 'not in 1..65535'
for word in --version --help; do
	for daemon in slothd-master slothd-agent sloth; do
		run "$daemon" $word
		assert_status 0
		[ -s "$T/stdout" ] || fail "$daemon $word prints nothing"
		assert_stderr_is ''
	done
done
