#!/usr/bin/env bash
# agent get: what the master knows of one agent; an unknown one is an error in text and in JSON.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent get web1
assert_status 0
for word in web1 Active 127.0.0.1: bash; do
	assert_stdout_has "$word"
done
run sloth agent get web1 -o json
assert_equal "$(json "$(cat "$T/stdout")" .name)" web1 name
assert_equal "$(json "$(cat "$T/stdout")" .shell | grep -o bash)" bash shell
assert_equal "$(json "$(cat "$T/stdout")" .foreign)" false foreign
[ -n "$(json "$(cat "$T/stdout")" .version)" ] || fail "no version"
has_facts() { [ -n "$(json "$(sloth agent get web1 -o json)" .facts)" ]; }
until_true 15 has_facts || fail "no facts of the host"

run sloth agent get nobody-here
assert_status 1
assert_stderr_has nobody-here
run sloth agent get nobody-here -o json
assert_status 1
[ -n "$(json "$(cat "$T/stdout")" .error)" ] || fail "no error in the document"
