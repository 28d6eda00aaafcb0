#!/usr/bin/env bash
# 10,000 lines on each of both streams, written in turns: both are complete and in order.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run web1 'for ((i = 1; i <= 10000; i++)); do echo "out $i"; echo "err $i" >&2; done'
assert_status 0
seq -f 'out %.0f' 10000 >"$T/out"
seq -f 'err %.0f' 10000 >"$T/err"
assert_same "$T/out" "$T/stdout"
assert_same "$T/err" "$T/stderr"
