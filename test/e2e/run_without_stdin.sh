#!/usr/bin/env bash
# -n: the command reads end of file and the caller's input stays where it is.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

printf 'one\ntwo\n' >"$T/names"
while read -r name; do
	sloth agent run -n web1 "cat; echo $name" >>"$T/result" || fail "the run failed"
done <"$T/names"
printf 'one\ntwo\n' >"$T/expected"
assert_same "$T/expected" "$T/result"
