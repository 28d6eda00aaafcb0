#!/usr/bin/env bash
# Plaintext is for loopback: every other address is a configuration error that says so.
. "$(dirname "$0")/lib.sh"

for address in 0.0.0.0 :: 192.0.2.1 10.0.0.1; do
	run slothd-master --port 0 --bind-address "$address" --state-dir "$T/m"
	assert_status 78
	assert_stderr_has 'needs TLS, which this build does not have'
	run slothd-agent --name web1 --port 0 --bind-address "$address" --state-dir "$T/a"
	assert_status 78
	assert_stderr_has 'needs TLS, which this build does not have'
done
for address in 192.0.2.1:50053 10.0.0.1 '[2001:db8::1]:50053'; do
	run slothd-agent --name web1 --port 0 --master "$address" --state-dir "$T/a"
	assert_status 78
	assert_stderr_has 'needs TLS, which this build does not have'
done
run sloth --master 192.0.2.1:50053 agent list
[ "$status" -ne 0 ] || fail "no error"
assert_stderr_has 'needs TLS'
