#!/usr/bin/env bash
# Off a terminal there is not one byte of decoration, whatever the environment says about colours.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run web1 'echo out; echo err >&2; exit 4'
assert_status 4
assert_stdout_is $'out\n'
assert_stderr_is $'err\n'
run sloth --color always agent run -o raw web1 'echo out'
assert_stdout_is $'out\n'
