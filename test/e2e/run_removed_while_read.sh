#!/usr/bin/env bash
# Who reads the output of a run while somebody forgets it is told so, and that not all of it arrived.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

id=$(sloth agent run --detach web1 'head -c 16000000 /dev/zero') || fail 'it did not start'
sloth run wait "$id" || fail "it ended with $?"
# read_slowly VERB: all but the first byte when $T/removed is there; its exit status in $T/VERB.status.
read_slowly() {
	sloth run "$1" "$id" </dev/null 2>"$T/$1.err" | {
		head -c 1 >"$T/$1.out"
		until_true 30 test -e "$T/removed"
		cat >/dev/null
	}
	echo "${PIPESTATUS[0]}" >"$T/$1.status"
}
read_slowly logs &
read_slowly attach &
for name in logs attach; do
	until_true 20 test -s "$T/$name.out" || fail "$name has nothing"
done
run sloth run rm "$id"
assert_status 0
touch "$T/removed"
for name in logs attach; do
	wait_line "$T/$name.status" 125
	has_line "$T/$name.err" 'its output was removed' || fail "$name says: $(cat "$T/$name.err")"
done
