#!/usr/bin/env bash
# Two that follow the logs of a detached run beside its owner have every byte of it, each on its stream, whenever they came;
# the owner's status is that of the run, theirs is 0.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

head -c 30000000 /dev/urandom >"$T/payload"
cat >"$T/command" <<-SH
	for i in 0 1 2; do
		until [ -e '$T/go.'\$i ]; do sleep 0.05; done
		tail -c +\$((i * 10000000 + 1)) '$T/payload' | head -c 10000000
		echo \$i >&2
	done
	exit 8
SH
id=$(sloth agent run --detach web1 "exec bash '$T/command'") || fail 'it did not start'
printf '0\n1\n2\n' >"$T/expected.err"

pids=()
# read_along NAME COMMAND...
read_along() {
	local name=$1

	shift
	"$@" >"$T/$name" 2>"$T/$name.err" &
	pids+=($!)
}
has_bytes() { [ "$(stat -c %s "$T/$1")" -ge "$2" ]; }

read_along early sloth run logs -f "$id"
touch "$T/go.0"
until_true 20 has_bytes early 10000000 || fail 'the first reader gets nothing'
read_along owner sloth run attach -n "${id:0:8}"
until_true 20 has_bytes owner 10000000 || fail 'the owner does not get what was there'
touch "$T/go.1"
read_along late sloth run logs -f "${id:0:6}"
touch "$T/go.2"
statuses=''
for pid in "${pids[@]}"; do
	wait "$pid"
	statuses+="$? "
done
assert_equal "$statuses" '0 8 0 ' 'exit statuses'
for name in early owner late; do
	assert_same "$T/payload" "$T/$name"
	assert_same "$T/expected.err" "$T/$name.err"
done
