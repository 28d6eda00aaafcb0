#!/usr/bin/env bash
# The end of a run without output needs no acknowledgement: who has lost it asks again, and gets it though the run is gone.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
port=$(closed_port)
start_link() {
	start_daemon "$T/link.log" "$SLOTH_PLAIN_BUILD/test/forward" "127.0.0.1:$port" "$master"
	link=$started
	wait_line "$T/link.log" forwarding
}
start_link
sloth --master "127.0.0.1:$port" --insecure agent run -n web1 "touch '$T/began'; until [ -e '$T/go' ]; do sleep 0.03; done; exit 9" \
	>"$T/stdout" 2>"$T/stderr" &
cli=$!
until_true 20 test -e "$T/began" || fail "the run does not begin"
kill -STOP "$cli"
kill_daemon "$link"
touch "$T/go"
is_over() { sloth history -n 1 2>/dev/null | grep -q 'exited 9'; }
until_true 20 is_over || fail "the run does not end: $(sloth history -n 1)"
start_link
kill -CONT "$cli"
until_true 20 is_gone "$cli" || fail "the caller does not end"
wait "$cli"
assert_equal $? 9 "exit status"
