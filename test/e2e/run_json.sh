#!/usr/bin/env bash
# -o json: one JSON document on stdout, for success, failure and refusal; bytes that are no text in base64.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
result() { json "$(cat "$T/stdout")" "$1"; }

run sloth agent run -o json web1 'printf "a\377b"; echo err >&2; exit 3'
assert_status 3
assert_equal "$(result .agent)" web1 agent
assert_equal "$(result .state)" exited state
assert_equal "$(result .exit_code)" 3 exit_code
assert_equal "$(result .status)" 3 status
assert_equal "$(result .stdout)" $'a\uFFFDb' stdout
assert_equal "$(result .stdout_base64)" "$(printf 'a\377b' | base64)" stdout_base64
assert_equal "$(result .stderr)" err stderr
assert_equal "$(result .stderr_base64)" '' stderr_base64

run sloth agent run -o json web1 'kill -9 $$'
assert_status 137
assert_equal "$(result .state)" signalled state
assert_equal "$(result .signal)" 9 signal

run sloth agent run -o json --timeout 200ms web1 'sleep 7401.25'
assert_status 124
assert_equal "$(result .state)" timed-out state

run sloth agent run -o json nobody-here true
assert_status 125
assert_equal "$(result .state)" rejected state
[ -n "$(result .error)" ] || fail "no error in the document"
