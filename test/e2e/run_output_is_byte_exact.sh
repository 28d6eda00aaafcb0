#!/usr/bin/env bash
# What a command writes is what arrives: no newline is added, NUL and invalid UTF-8 pass, nothing is rewritten.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

# exact FORMAT: prints it locally and on the agent, on stdout and on stderr.
exact() {
	# shellcheck disable=SC2059  # the format is the test
	printf "$1" >"$T/expected"
	run sloth agent run web1 "printf '$1'"
	assert_status 0
	assert_same "$T/expected" "$T/stdout"
	[ ! -s "$T/stderr" ] || fail "stderr is not empty"
	run sloth agent run web1 "printf '$1' >&2"
	assert_status 0
	assert_same "$T/expected" "$T/stderr"
	[ ! -s "$T/stdout" ] || fail "stdout is not empty"
}

exact 'abc'
exact 'abc\n'
exact '\n'
exact 'a\r\nb\rc'
exact 'a\000b\000\000c\000'
exact '\377\376\200\300\301 \355\240\200 \364\220\200\200'
exact '\033[31mred\033[0m\007'
exact 'grüße 日本 \xf0\x9f\xa6\xa5'

run sloth agent run web1 true
assert_status 0
assert_stdout_is ''
assert_stderr_is ''
