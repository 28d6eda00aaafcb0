#!/usr/bin/env bash
# 1,000 agents register at one master: all are listed, in order, active and reachable.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master

start_daemon "$T/fleet.log" "$SLOTH_PLAIN_BUILD/test/fleet" "$master" 1000
wait_line "$T/fleet.log" '^registered 1000$' 30
usable() { sloth agent list --state active -o json 'fleet-*' | grep -o '"reachable":true' | wc -l; }
all_usable() { [ "$(usable)" -eq 1000 ]; }
until_true 20 all_usable || fail "only $(usable) agents are usable: $(tail -n 3 "$T/fleet.log")"

run sloth agent list
assert_status 0
grep -oE '^fleet-[0-9]+' "$T/stdout" >"$T/names"
seq -f 'fleet-%04g' 0 999 | cmp - "$T/names" || fail "not every agent is listed once, in order"
run sloth agent list 'fleet-050?'
assert_equal "$(grep -c '^fleet-050' "$T/stdout")" 10 'agents that match a pattern'

# Every agent is heard from in time although there are so many.
run grep -c 'heartbeat\|lost\|not registered' "$T/fleet.log"
assert_stdout_is $'0\n'
