#!/usr/bin/env bash
# Ctrl-Z suspends sloth as any other program, fg continues it, and the output is complete.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

export PS1='PROMPT ' HISTFILE=
run "$python" "$here/lib/pty_run.py" 'expect:PROMPT ' \
	"send:sloth agent run -o raw web1 'echo ready; read -r x; echo got \$x'\r" expect:ready.*ready \
	'send:\x1a' 'expect:Stopped.*PROMPT ' 'send:fg\r' 'expect:fg.*sloth agent.*\n' 'send:word\r' \
	'expect:got word.*PROMPT ' 'send:exit 5\r' \
	-- bash --norc --noprofile -i
assert_status 5
