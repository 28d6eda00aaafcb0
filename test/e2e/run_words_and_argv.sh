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

# Bytes that are no text pass as an argument vector only; nothing is run.
run sloth agent run web1 $'echo \xff'
assert_status 125
assert_stderr_has 'command is not UTF-8: use --argv'
run sloth agent run --cwd $'/\xff' web1 pwd
assert_status 125
assert_stderr_has 'is not UTF-8'
run sloth agent run --user $'\xff' web1 id
assert_status 125
assert_stderr_has 'is not UTF-8'

# A variable that is not set is not taken for the agent's own user, or for its home.
for option in --user --cwd; do
	run sloth agent run $option '' web1 'echo it ran'
	assert_status 125
	assert_stdout_is ''
	assert_stderr_has "$option: it is empty; without the option the command runs "
done

run sloth agent run --argv web1 printf %s $'\xff'
assert_status 0
printf '\xff' >"$T/expected"
assert_same "$T/expected" "$T/stdout"
run sloth agent run web1 'echo "$BASH_VERSION"'
assert_stdout_like '^[0-9]'
