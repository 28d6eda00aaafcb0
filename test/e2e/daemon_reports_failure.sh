#!/usr/bin/env bash
# --daemon prints why a daemon cannot start and returns its exit status.
. "$(dirname "$0")/lib.sh"
start_master

for word in '' --daemon; do
	# shellcheck disable=SC2086  # nothing or one word
	run sloth master $word --port "$master_port" --bind-address 127.0.0.1 --state-dir "$T/second"
	assert_status 1
	assert_stderr_has "127.0.0.1:$master_port"
	assert_stderr_has 'in use'
	# shellcheck disable=SC2086
	run sloth agent start --insecure $word --name web1 --master "$master" --port "$master_port" --bind-address 127.0.0.1 \
		--state-dir "$T/a"
	assert_status 1
	assert_stderr_has "127.0.0.1:$master_port"
	assert_stderr_has 'in use'
done
wait_no_process "slothd-.*$T/(second|a)"
