#!/usr/bin/env bash
# sloth agent run web1 'cat > FILE' < FILE copies a file of any content.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

head -c 5000000 /dev/urandom >"$T/f"
run sloth agent run web1 "cat > $T/copy" <"$T/f"
assert_status 0
assert_same "$T/f" "$T/copy"

: >"$T/empty"
run sloth agent run web1 "cat > $T/copy" <"$T/empty"
assert_status 0
assert_same "$T/empty" "$T/copy"
