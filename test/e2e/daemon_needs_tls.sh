#!/usr/bin/env bash
# Plaintext is for loopback: with --insecure every other address is a configuration error that says so, and a peer
# that speaks it on a port with TLS is refused and named in the log, once.
. "$(dirname "$0")/lib.sh"

for address in 0.0.0.0 :: 192.0.2.1 10.0.0.1; do
	run slothd-master --insecure --port 0 --bind-address "$address" --state-dir "$T/m"
	assert_status 78
	assert_stderr_has '--insecure is for'
	run slothd-agent --insecure --name web1 --port 0 --bind-address "$address" --state-dir "$T/a"
	assert_status 78
	assert_stderr_has '--insecure is for'
done
for address in 192.0.2.1:50053 10.0.0.1 '[2001:db8::1]:50053'; do
	run slothd-agent --insecure --name web1 --port 0 --master "$address" --state-dir "$T/a"
	assert_status 78
	assert_stderr_has '--insecure is for'
	run slothd-agent --insecure --name web1 --port 0 --report-address "${address%:50053}:50051" --state-dir "$T/a"
	[ "$status" -ne 0 ] || fail "an insecure agent may be reached at $address"
done
run sloth --insecure --master 192.0.2.1:50053 agent list
assert_status 1
assert_stderr_has 'needs TLS'

start_daemon "$T/master.log" slothd-master --port 0 --bind-address 127.0.0.1 --state-dir "$T/master"
wait_line "$T/master.log" 'listening for agent registrations on 127\.'
master=$(sed -nE 's/.*listening for agent registrations on (127[0-9.]*:[0-9]+).*/\1/p' "$T/master.log" | head -n 1)
launch_agent old
launch_agent older
wait_line "$T/old.log" 'cannot reach master'
wait_line "$T/older.log" 'cannot reach master'
wait_line "$T/master.log" 'plaintext peer 127\.0\.0\.1:[0-9]+ \(an older sloth-runner\?\): refused, TLS is required'
assert_equal "$(grep -c 'plaintext peer' "$T/master.log")" 1 'lines about it'
