#!/usr/bin/env bash
# When strangers from many addresses hold every connection that the master takes, operators are still let in.
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
ulimit -n 512
start_master

hold_crowd --from 127.0.1.1 --per-address 50 --silent crowd 400
is_full() { [ "$(open_fds "$master_pid")" -ge 256 ]; }
until_true 5 is_full || fail "the master holds $(open_fds "$master_pid") descriptors"
run sloth status
assert_status 0
run sloth --insecure --master "$master" status
assert_status 0
end_crowd
assert_at_most "$crowd_left" 256 "strangers that were let in"
