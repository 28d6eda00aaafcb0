#!/usr/bin/env bash
# -t gives the command a terminal: its size and TERM are ours, Ctrl-C is a key of the command, and ours is as before
# when it has ended.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

export PS1='PROMPT ' HISTFILE=
run "$python" "$here/lib/pty_run.py" --size 31x101 'expect:PROMPT ' 'send:stty -a >before; stty rows 31 columns 101\r' 'expect:PROMPT ' \
	"send:sloth agent run -t web1 'stty size; echo \"term=\$TERM\"; trap \"echo caught\" INT; echo re\"\"ady; while read -r x; do echo got \$x; done; exit 4'\r" \
	'expect:31 101' 'expect:term=xterm' 'expect:ready' 'send:word\r' 'expect:got word' 'send:\x03' expect:caught 'send:\x04' \
	'expect:PROMPT ' 'send:echo status=$?\r' 'expect:status=4' 'expect:PROMPT ' 'send:stty -a >after; exit 5\r' \
	-- bash --norc --noprofile -i
assert_status 5
sed -i 's/rows [0-9]*; columns [0-9]*;//' "$T/before" "$T/after"
assert_same "$T/before" "$T/after"

# Without a terminal there is none to give.
run sloth agent run -t web1 true
assert_status 125
assert_stderr_has 'standard input is no terminal'
