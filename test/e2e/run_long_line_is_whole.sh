#!/usr/bin/env bash
# A single line of 64 MiB arrives whole.
# timeout: 120
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

size=$((64 * 1024 * 1024))
sloth agent run web1 "head -c $size /dev/zero | tr '\\0' x" | cksum >"$T/got" || fail "the run failed"
head -c $size /dev/zero | tr '\0' x | cksum >"$T/expected"
assert_same "$T/expected" "$T/got"
