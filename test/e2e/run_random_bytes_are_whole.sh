#!/usr/bin/env bash
# 64 MiB of random bytes, there and back through one run: stdin to the agent, stdout from it.
# timeout: 120
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

head -c $((64 * 1024 * 1024)) /dev/urandom >"$T/random"
sloth agent run web1 cat <"$T/random" >"$T/back" || fail "the run failed"
assert_same "$T/random" "$T/back"
