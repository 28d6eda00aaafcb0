#!/usr/bin/env bash
# The exit status of sloth agent run is that of the command, for all of them.
# timeout: 120
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

for code in $(seq 0 255); do
	run sloth agent run -n web1 "exit $code"
	assert_status "$code"
done
assert_stderr_is ''
