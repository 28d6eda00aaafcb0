#!/usr/bin/env bash
# The agents of a master that was killed are all back after it has started again, and `agent list` answers meanwhile.
# timeout: 120
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/fleet.sh"
members=${MEMBERS:-500}
ulimit -n "$(ulimit -Hn)"
start_secure_master

start_daemon "$T/fleet.log" "$SLOTH_PLAIN_BUILD/test/fleet" --spread --state "$T/master" "$master" "$members"
wait_fleet 60
wait_fleet 1
quiet_ms=$worst_ms

restart_master
wait_fleet 60
note "$members are back after $(since_ms "$begin_us") ms, agent list took $worst_ms ms at most ($quiet_ms when nothing else is done)"
