#!/usr/bin/env bash
# One address cannot take every connection: over its limit it is refused, operators on the socket are served.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

"$python" "$here/lib/raw.py" hold "$master" 300 127.0.0.2 >"$T/holder" &
holder=$!
wait_line "$T/holder" 'holding 300'
run sloth agent run web1 echo served
assert_status 0
is_under_limit() { [ "$(open_fds "$master_pid")" -le 100 ]; }
until_true 5 is_under_limit || fail "the master holds $(open_fds "$master_pid") descriptors"
kill $holder
wait $holder 2>/dev/null
run sloth --master "$master" agent list
assert_status 0
