#!/usr/bin/env bash
# An agent that speaks only the public API is listed and runs commands; what it cannot do is refused in words.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
"$python" "$here/lib/foreign.py" serve old1 "$master" >"$T/old1.log" 2>&1 &
server=$!
wait_line "$T/old1.log" '^serving'
wait_shows old1 Active
run sloth agent get old1 -o json
assert_equal "$(json "$(cat "$T/stdout")" .foreign)" true foreign

run sloth agent run -n old1 'echo one; echo two; exit 3'
assert_status 3
assert_stdout_is $'one\ntwo\n'
run "$python" "$here/lib/foreign.py" exec "$master" old1 'echo three'
assert_status 0
assert_stdout_is $'three\nfinished: 0 \n'
for option in --argv '--cwd /' '--env A=1'; do
	# shellcheck disable=SC2086  # a list of words
	run sloth agent run -n $option old1 true
	assert_status 125
	assert_stderr_has 'is a foreign one and takes no'
done
kill $server
wait $server
