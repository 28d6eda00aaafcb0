#!/usr/bin/env bash
# A run that waits for its turn is listed as queued, and as running when it has it.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1 --max-runs 1

sloth agent run -n web1 "until [ -e $T/first ]; do sleep 0.03; done" &
first=$!
is_listed() { sloth run list -o json --state "$1" 2>/dev/null | grep -q "$2"; }
until_true 30 is_listed running first || fail "the first is not running"
sloth agent run -n web1 "until [ -e $T/second ]; do sleep 0.03; done" >"$T/out" 2>"$T/err" &
second=$!
until_true 30 is_listed queued second || fail "the second is not queued: $(sloth run list)"
touch "$T/first"
wait "$first"
until_true 30 is_listed running second || fail "the second is not running: $(sloth run list)"
touch "$T/second"
wait "$second"
run sloth run list
assert_status 1
