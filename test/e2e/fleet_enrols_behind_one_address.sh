#!/usr/bin/env bash
# 300 agents behind one address enrol with a token, and are all back after the master was killed. The limits for strangers
# of one address do not keep them out.
# timeout: 120
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/fleet.sh"
members=300
start_secure_master
make_token "$T/token" --uses $members

begin_us=${EPOCHREALTIME/./}
start_daemon "$T/fleet.log" "$SLOTH_PLAIN_BUILD/test/fleet" --token "$T/token" "$master" $members
wait_fleet 60
note "enrolled and usable after $(since_ms "$begin_us") ms"
assert_equal "$(on_master agent list -o json 'fleet-*' | grep -o '"trust":"token"' | wc -l)" $members 'agents that a token let in'

restart_master
wait_fleet 60
note "back after $(since_ms "$begin_us") ms"
