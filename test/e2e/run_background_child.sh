#!/usr/bin/env bash
# A command that leaves a child behind which holds its output open: the run ends soon and says so.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run -o json web1 'sleep 7201.25 & echo started'
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .stdout)" started stdout
assert_equal "$(json "$(cat "$T/stdout")" .output_cut)" true output_cut
pkill -f 'sleep 7201.25'

# The other forms say it on standard error, with the status as it is; -q is spared.
cut='output was cut: a process that the command left behind still holds it open'
run sloth agent run web1 'sleep 7203.25 & echo hi; exit 4'
assert_status 4
assert_stdout_is $'hi\n'
assert_equal "$(cat "$T/stderr")" "sloth: web1: $cut" "standard error"
pkill -f 'sleep 7203.25'
run sloth agent run -q web1 'sleep 7204.25 & echo hi'
assert_status 0
assert_equal "$(cat "$T/stderr")" '' "standard error with -q"
pkill -f 'sleep 7204.25'
run sloth agent run -o box web1 'sleep 7205.25 & echo hi'
assert_status 0
assert_equal "$(cat "$T/stderr")" "sloth: web1: $cut" "standard error beside a box"
pkill -f 'sleep 7205.25'
run "$python" "$here/lib/pty_run.py" -- sloth agent run web1 'sleep 7206.25 & echo hi'
assert_status 0
assert_stdout_like $'\033\\[2m│ sloth: web1: '"$cut"
assert_stdout_like 'exit 0 after'
pkill -f 'sleep 7206.25'

# A child that lets go of its output does not delay anything and may live on.
run sloth agent run -o json web1 'sleep 7202.25 <&- >&- 2>&- & echo started'
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .output_cut)" false output_cut
pkill -f 'sleep 7202.25' || fail "the background process was not left alone"
