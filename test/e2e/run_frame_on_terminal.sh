#!/usr/bin/env bash
# On a terminal the run is framed: agent, command, output behind a bar, result; colours unless NO_COLOR.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run "$python" "$here/lib/pty_run.py" -- sloth agent run web1 'echo to-out; echo to-err >&2; exit 3'
assert_status 3
assert_stdout_has web1
assert_stdout_has 'echo to-out'
assert_stdout_like '│.*to-out'
assert_stdout_like '┃.*to-err'
assert_stdout_like 'exit 3 after'
assert_stdout_has $'\033['

NO_COLOR=1 run "$python" "$here/lib/pty_run.py" -- sloth agent run web1 'echo fine'
assert_status 0
assert_stdout_lacks $'\033\\['
assert_stdout_like 'exit 0 after'

TERM=dumb LC_ALL=C run "$python" "$here/lib/pty_run.py" -- sloth agent run web1 'echo fine'
assert_stdout_has fine
[ -z "$(LC_ALL=C tr -d '\000-\177' <"$T/stdout")" ] || fail "letters beyond ASCII in the C locale"
