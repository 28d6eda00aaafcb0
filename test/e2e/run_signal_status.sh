#!/usr/bin/env bash
# A command that signal N ended gives 128+N and says so, but for the two that a user causes by hand: Ctrl-C and a
# closed pipe.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

for number in 1 2 6 9 11 12 13 15; do
	run sloth agent run web1 "kill -$number \$\$"
	assert_status $((128 + number))
	case $number in
	2 | 13) assert_stderr_is '' ;;
	*)      assert_stderr_like "signal $number" ;;
	esac
done
