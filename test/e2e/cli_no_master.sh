#!/usr/bin/env bash
# No master: every command says which address it tried, why it failed and what to try; a run is 125, others 1.
. "$(dirname "$0")/lib.sh"
export SLOTH_MASTER=unix:$T/none.sock

for command in 'agent list' 'agent get web1' 'agent stop web1' 'agent delete web1' status; do
	# shellcheck disable=SC2086  # a list of words
	run sloth $command
	assert_status 1
	assert_stderr_like '^sloth: '
	assert_stderr_has "$T/none.sock"
	assert_stdout_is ''
	# shellcheck disable=SC2086
	run sloth -o json $command
	assert_status 1
	[ -n "$(json "$(cat "$T/stdout")" .error)" ] || fail "no error in the document"
done
run sloth agent run web1 true
assert_status 125
assert_stderr_has "$T/none.sock"

# a place where something else is: what to try fits
touch "$T/file"
run sloth --socket "$T/file" agent list
assert_status 1
assert_stderr_like 'try: .*file of another kind'
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)
for command in 'agent list' 'agent run web1 true'; do
	# shellcheck disable=SC2086  # a list of words
	run sloth --insecure --master "$agent" $command
	assert_stderr_has 'unknown method'
	assert_stderr_like 'try: .*address'
done
