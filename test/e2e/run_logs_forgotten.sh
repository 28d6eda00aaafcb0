#!/usr/bin/env bash
# The output of a run is not kept any more: logs says so and does not succeed; the run is still known.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run web1 'echo out; echo err >&2; exit 3' >"$T/out" 2>&1
newest() { json "$(sloth run list --all -o json)" '.runs[0].id'; }
id=$(newest)
for follow in '' -f; do
	# shellcheck disable=SC2086  # no word or one
	run sloth run logs $follow "$id"
	assert_status 1
	assert_stdout_is ''
	assert_stderr_has 'its output is not kept any more'
done
run sloth run wait "$id"
assert_status 3

# One that wrote nothing lacks nothing.
sloth agent run web1 true
id=$(newest)
run sloth run logs "$id"
assert_status 0
