#!/usr/bin/env bash
# The command does not read while the master is killed again and again: its standard input waits, and is whole in the end.
# timeout: 120
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

head -c 8000000 /dev/urandom >"$T/data"
sloth agent run web1 "until [ -e $T/go ]; do sleep 0.03; done; cat" <"$T/data" >"$T/out" 2>"$T/err" &
cli=$!
is_asked() { sloth run list | grep -q running; }
until_true 20 is_asked || fail "the run does not start"
# What has been read of the file: as much as the hops hold, and no more each time.
read_bytes() { awk '/^pos:/ { print $2 }' "/proc/$cli/fdinfo/0"; }
stands() { local was; was=$(read_bytes); sleep 0.3; [ "$(read_bytes)" = "$was" ] && [ "$was" -gt 100000 ]; }
for _ in 1 2 3; do
	until_true 20 stands || fail "input does not come to rest"
	kill_daemon "$master_pid"
	start_master --port "$master_port"
	wait_agent web1
done
until_true 20 stands || fail "input does not come to rest"
assert_at_most "$(read_bytes)" 1500000 "bytes of input that are held"
touch "$T/go"
wait "$cli"
status=$?
[ ! -s "$T/err" ] || fail "it says: $(cat "$T/err")"
assert_status 0
assert_same "$T/data" "$T/out"
