#!/usr/bin/env bash
# A master holds 16,384 connections, answers on each of them, and an operator's beside them at once.
# build: plain
# timeout: 120
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
n=16384
ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge $((2 * n)) ] ||
	skip "needs RLIMIT_NOFILE of $((2 * n)), the hard limit here is $(ulimit -n)"
start_master
aim "$master_pid" "$master"

hold_crowd --from 127.0.1.1 --per-address 60 crowd $n
start_probe
run sloth status
assert_status 0
stop_probe || fail "a healthy client beside it: $probe_said"
note "$(($(rss_kib "$master_pid") - aim_base)) KiB; $probe_said"
end_crowd
assert_equal "$crowd_left" $n "connections at once"
