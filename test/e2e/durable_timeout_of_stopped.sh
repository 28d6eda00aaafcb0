#!/usr/bin/env bash
# A run stops its own supervisor, as the same user may: its --timeout ends it all the same, also where it does that again
# and again.
# timeout: 90
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run --detach --timeout 2 --kill-grace 1 web1 'kill -STOP $PPID; exec sleep 7672.25'
assert_status 0
run sloth run wait --timeout 20 "$(cat "$T/stdout")"
assert_status 124
assert_stderr_has 'timed out after'
wait_no_process 'sleep 7672[.]25'

# Eight of them, so that it is stopped as soon as it goes on; once it has said that the run has begun.
run sloth agent run --detach --timeout 2 --kill-grace 1 --env go="$T/go" web1 'p=$PPID; trap "" TERM
	until [ -e "$go" ]; do sleep 0.02; done
	for i in 1 2 3 4 5 6 7 8; do (trap "" TERM; while :; do kill -STOP $p; : 7673.25; done) & done; wait'
assert_status 0
id=$(cat "$T/stdout")
touch "$T/go"
run sloth run wait --timeout 30 "$id"
case $status in
124) ;;
125) assert_stderr_has 'stopped its supervisor' ;;
*) fail "exit status $status: $(cat "$T/stderr")" ;;
esac
wait_no_process 'kill -STOP [$]p'
