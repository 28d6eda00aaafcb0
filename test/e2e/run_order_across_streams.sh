#!/usr/bin/env bash
# Both streams into one file: what is written to one after the other was read arrives in that order, live.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

mkfifo "$T/in"
: >"$T/both"
sloth agent run web1 'for i in 1 2 3 4 5; do echo "out $i"; read -r go; echo "err $i" >&2; read -r go; done' \
	<"$T/in" >"$T/both" 2>&1 &
cli=$!
exec 9>"$T/in"
has_lines() { [ "$(wc -l <"$T/both")" -eq "$1" ]; }
for n in 1 2 3 4 5 6 7 8 9 10; do
	until_true 30 has_lines $n || fail "line $n did not come before its successor was asked for"
	echo go >&9
done
exec 9>&-
wait $cli || fail "the run failed"
for i in 1 2 3 4 5; do printf 'out %d\nerr %d\n' $i $i; done >"$T/expected"
assert_same "$T/expected" "$T/both"
