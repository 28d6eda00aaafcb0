#!/usr/bin/env bash
# Limits of a run reach the command, and those of the agent are named, with their options, when they refuse one.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1 --max-runs 1 --max-queued 1

run sloth agent run -n --rlimit nofile=100:200 --rlimit core=0 --rlimit fsize=8K --nice 7 web1 \
	"ulimit -Sn; ulimit -Hn; ulimit -c; nice; head -c 100000 /dev/zero >'$T/large'; stat -c %s '$T/large'"
assert_status 0
printf '100\n200\n0\n%s\n8192\n' $(($(nice) + 7)) >"$T/expected"
assert_same "$T/expected" "$T/stdout"

# refused WORDS OPTION...
refused() {
	local words=$1

	shift
	run sloth agent run -n "$@" web1 'echo ran'
	assert_status 125
	assert_stdout_is ''
	assert_stderr_like "$words"
}
refused 'names no limit of setrlimit' --rlimit files=10
refused 'above its hard limit' --rlimit nofile=10:5
refused 'is no number from -20 to 19' --nice 30
refused 'is for --detach' --output-max 1M
refused 'limit .*nofile.* (is given twice|twice)' --rlimit nofile=10 --rlimit nofile=20

# Detached: the newest of its output is kept, and logs say what is gone.
id=$(sloth agent run --detach --output-max 512K web1 'seq 1 300000; exit 9') || fail 'it did not start'
run sloth run wait --timeout 30 "$id"
assert_status 9
run sloth run logs "$id"
assert_status 0
size=$(stat -c %s "$T/stdout")
assert_at_most "$size" 524288 'bytes that are kept'
[ "$size" -gt 262144 ] || fail "only $size bytes are kept"
seq 1 300000 >"$T/whole"
tail -c "$size" "$T/whole" >"$T/expected"
assert_same "$T/expected" "$T/stdout"
assert_stderr_has "$(($(stat -c %s "$T/whole") - size)) bytes of its output are missing"

# One runs, one waits, the third is refused.
first=$(sloth agent run --detach web1 "until [ -e '$T/go' ]; do sleep 0.05; done") || fail 'the first did not start'
sloth agent run -n web1 'echo second' >"$T/second" 2>&1 &
second=$!
is_queued() { [ "$(json "$(sloth run list --state queued -o json 2>/dev/null)" '.runs[0].state')" = queued ]; }
until_true 30 is_queued || fail "none is queued: $(sloth run list)"
run sloth agent run -n web1 'echo third'
assert_status 125
assert_stderr_has 'max-runs'
assert_stderr_has 'max-queued'
touch "$T/go"
wait $second
assert_equal $? 0 'exit status of the one that waited'
assert_equal "$(cat "$T/second")" second 'its output'
run sloth run wait "$first"
assert_status 0
