#!/usr/bin/env bash
# With -t our terminal is as before on every way out: ~., SIGTERM, SIGQUIT, a command that was killed.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

export PS1='PROMPT ' HISTFILE=
# leave STATUS STEP...: what is done to a run that sleeps, and its exit status.
leave() {
	local way=$1

	shift
	rm -f "$T/before" "$T/after"
	run "$python" "$here/lib/pty_run.py" 'expect:PROMPT ' 'send:stty -a >before\r' 'expect:PROMPT ' \
		"send:sloth agent run -t --kill-grace 1 web1 'echo re\"\"ady; exec sleep 7412.25'\r" expect:ready "$@" \
		'expect:PROMPT ' 'send:echo status=$?\r' "expect:status=$way" 'expect:PROMPT ' 'send:stty -a >after; exit 5\r' \
		-- bash --norc --noprofile -i
	assert_status 5
	assert_same "$T/before" "$T/after"
	wait_no_process 'sleep 7412.25'
}
# The shell that plays the user is busy: somebody else signals.
signal_later() {
	(
		wait_process '^sleep 7412.25'
		pkill -"$1" -f -- "$2"
	) &
}

leave 125 'send:\r~.'
signal_later TERM '^sloth agent run -t --kill-grace 1 web1 echo'
leave 143
signal_later KILL '^sleep 7412.25'
leave 137
