#!/usr/bin/env bash
# What cannot be written to stdout is a failure of every command: 1 and a message, 125 for agent run; 141 and no
# word when the reader is gone.
#
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run web1 true

# unwritable STATUS REGEX COMMAND...: on a full device, on a closed stdout, into a pipe without a reader
unwritable() {
	local expected=$1 why=$2

	shift 2
	"$@" >/dev/full 2>"$T/stderr"
	status=$?
	assert_status "$expected"
	assert_stderr_like "^sloth: .*$why"
	assert_equal "$(wc -l <"$T/stderr")" 1 "lines of stderr of $*"
	"$@" >&- 2>"$T/stderr"
	status=$?
	assert_status "$expected"
	assert_stderr_like '^sloth: .*Bad file descriptor'
	"$python" "$here/lib/no_reader.py" "$@" 2>"$T/stderr"
	status=$?
	assert_status 141
	assert_stderr_is ''
}
full='No space left on device'
for command in 'agent list' 'agent get web1' status audit version help 'help agent run' 'agent list --help' \
	"master status --state-dir $T/master" '--version'; do
	# shellcheck disable=SC2086  # a list of words
	unwritable 1 "$full" sloth $command
	[[ $command == *help* ]] && continue
	# shellcheck disable=SC2086
	unwritable 1 "$full" sloth -o json $command
done
for format in raw frame box json; do
	unwritable 125 "$full" sloth agent run -o $format web1 'echo hello'
done
# a failure that had a status keeps it
sloth agent run -o json web1 >/dev/full 2>"$T/stderr"
status=$?
assert_status 125
assert_stderr_has "$full"
# a file that may not be larger is another thing than more output than json can hold
(
	trap '' XFSZ
	ulimit -f 1
	exec sloth agent run web1 'seq 10000' >"$T/small" 2>"$T/stderr"
)
status=$?
assert_status 125
assert_stderr_has 'its output cannot be written: File too large'
