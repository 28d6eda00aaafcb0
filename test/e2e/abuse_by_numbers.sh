#!/usr/bin/env bash
# Connections and streams by the thousand: what each costs, what one address may have, what an operator may have.
# build: plain
# timeout: 120
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
idle_kib=20				# what a connection that is up and quiet may cost
ulimit -n "$(ulimit -Hn)"
start_master
aim "$master_pid" "$master"

# One address has its share, whatever it asks for.
crowd_beside --silent crowd 300
sloth --insecure --master "$master" status >"$T/status"	# it came last: when it is served, all the others have been judged
end_crowd
assert_equal "$crowd_left" 64 "silent connections of one address"

# 10,000 from 200 addresses, or as many as the descriptors of this machine allow: half of them.
n=10000
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -gt $((2 * n + 128)) ] || n=$(($(ulimit -n) / 2 - 64))
crowd_beside --from 127.0.1.1 --per-address 50 crowd $n
assert_at_most $(($(rss_kib "$master_pid") - aim_base)) $((n * idle_kib)) "growth in KiB with $n connections"
note "$n idle connections: $((($(rss_kib "$master_pid") - aim_base) / (n / 1024))) bytes each; $probe_said"
end_crowd
assert_equal "$crowd_left" "$n" "idle connections"
until_true 10 is_back || fail "$(($(rss_kib "$master_pid") - aim_base)) KiB have stayed"

# Connections that come and go.
start_probe
"$attack" --port "$master_port" --from 127.0.2.1 --per-address 100 churn 3000 >"$T/churn" || fail "$(cat "$T/churn")"
stop_probe || fail "a healthy client beside it: $probe_said"
note "3000 connections that come and go; $probe_said"

# One operator's connection has 1,024 streams.
crowd_beside --from 127.0.0.1 --streams 1024 crowd 1
end_crowd
assert_equal "$crowd_left" 1 "connections with 1,024 streams"
note "1,024 streams; $probe_said"
