#!/usr/bin/env bash
# The words behind the name are one line for the shell, as with ssh; --argv takes them as they are.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run web1 echo 'a   b' '*nothing*' '$((1 + 1))'
assert_stdout_is $'a b *nothing* 2\n'
run sloth agent run web1 'echo one && echo two | tr o 0'
assert_stdout_is $'one\ntw0\n'
run sloth agent run web1 ls -d /
assert_stdout_is $'/\n'
run sloth agent run web1 -- echo -n x
assert_stdout_is 'x'
run sloth agent run --argv web1 printf '[%s]' 'a   b' '*' '$HOME' ''
assert_status 0
assert_stdout_is '[a   b][*][$HOME][]'
run sloth agent run web1 'echo "$BASH_VERSION"'
assert_stdout_like '^[0-9]'
