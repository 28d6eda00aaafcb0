#!/usr/bin/env bash
# An agent that nobody knows: 125, and the reason names it.
. "$(dirname "$0")/lib.sh"
start_master

run sloth agent run nobody-here true
assert_status 125
assert_stderr_has 'agent not found or inactive: nobody-here'
assert_stderr_has 'sloth agent list'
assert_stdout_is ''
