#!/usr/bin/env bash
# An empty command is refused before anything is started.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

for words in '' '   ' $'\n'; do
	run sloth agent run web1 "$words"
	assert_status 125
	assert_stderr_like 'empty'
done
run sloth agent run web1
assert_status 125
run "$python" "$here/lib/foreign.py" exec "$master" web1 ''
assert_status 3
assert_stderr_has INVALID_ARGUMENT
