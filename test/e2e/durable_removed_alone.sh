#!/usr/bin/env bash
# To forget a detached run takes nothing from the others: their output stays.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

detached() { { id=$(sloth agent run --detach web1 "$1") && sloth run wait "$id"; } || fail "no detached run: $1"; }
detached 'echo first'
first=$id
detached 'echo second'
second=$id
run sloth run rm "$first"
assert_status 0
detached 'echo third'
run sloth run logs "$second"
assert_stdout_is $'second\n'
run sloth run logs "$id"
assert_stdout_is $'third\n'
