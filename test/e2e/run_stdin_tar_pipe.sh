#!/usr/bin/env bash
# tar c . | sloth agent run web1 'tar x -C DIR' copies a directory.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

mkdir -p "$T/from/a/b" "$T/to"
head -c 300000 /dev/urandom >"$T/from/a/data"
ln -s a/data "$T/from/link"
printf 'x' >"$T/from/a/b/with space"
(cd "$T/from" && tar c . | sloth agent run web1 "tar x -C $T/to") || fail "the copy failed"
diff -r "$T/from" "$T/to" >"$T/stdout" || fail "the copies differ"

# And the other way.
mkdir "$T/back"
sloth agent run web1 "tar c -C $T/to ." | tar x -C "$T/back" || fail "the copy back failed"
diff -r "$T/from" "$T/back" >"$T/stdout" || fail "the copies differ"
