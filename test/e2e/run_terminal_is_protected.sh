#!/usr/bin/env bash
# On a terminal control sequences in the output cannot move the cursor, retitle or answer: only colours pass.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run "$python" "$here/lib/pty_run.py" -- sloth agent run web1 \
	'printf "a\033]0;title\007b\033[2Jc\033[31mred\033[0m\033[6nd\033P1;1|evil\033\\e\n"'
assert_status 0
assert_stdout_lacks 'title'$'\007'
assert_stdout_lacks $'\033''\]0;'
assert_stdout_lacks $'\033''\[2J'
assert_stdout_lacks $'\033''\[6n'
assert_stdout_lacks $'\033''P'
assert_stdout_has red
