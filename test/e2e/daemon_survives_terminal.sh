#!/usr/bin/env bash
# A daemon that was started from a terminal lives on when the terminal is closed.
. "$(dirname "$0")/lib.sh"
dir=$T/m
run "$python" "$here/lib/pty_run.py" 'expect:\$ ' "send:sloth master --daemon --port 0 --state-dir $dir; echo status=\$?\r" \
	'expect:status=0' close -- env PS1='$ ' bash --norc --noprofile -i
pid=$(cat "$dir/master.pid")
assert_running "$pid" "the master"
export SLOTH_MASTER=unix:$dir/master.sock
run sloth status
assert_status 0
assert_stdout_has "$pid"
run sloth master stop --state-dir "$dir"
assert_status 0
