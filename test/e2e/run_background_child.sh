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

# A child that lets go of its output does not delay anything and may live on.
run sloth agent run -o json web1 'sleep 7202.25 <&- >&- 2>&- & echo started'
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .output_cut)" false output_cut
pkill -f 'sleep 7202.25' || fail "the background process was not left alone"
