#!/usr/bin/env bash
# The link under a run with a terminal is cut: while it is gone our terminal is as before, when it is back the terminal of
# the run goes on where it was; when it stays away we get our terminal back with an explanation, status 125.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

link=$(closed_port)
start_link() {
	start_daemon "$T/link.log" "$SLOTH_PLAIN_BUILD/test/forward" "127.0.0.1:$link" "127.0.0.1:$master_port"
	link_pid=$started
	wait_line "$T/link.log" forwarding
}
# when FILE COMMAND...: runs it once the file is there.
when() {
	local file=$1

	shift
	until_true 20 test -e "$file" || fail "no ${file##*/}"
	"$@"
}
start_link
export PS1='PROMPT ' HISTFILE='' SLOTH_MASTER=127.0.0.1:$link
cat >"$T/session" <<-'SH'
	stty -a >before
	sloth agent run --insecure -t --reconnect "$1" web1 "$2"
	echo "status=$?"
	stty -a >after
SH
command="echo re\"\"ady; read -r x; echo got \$x; exec sleep 7871.25"

"$python" "$here/lib/pty_run.py" expect:ready "touch:$T/began" 'expect:lost contact with web1' 'expect:in contact again' 'send:word\r' \
	'expect:got word' 'expect:lost contact' 'expect:status=125' -- bash "$T/session" 7 "$command" >"$T/stdout" 2>"$T/stderr" &
terminal=$!
when "$T/began" kill_daemon "$link_pid"
# The session's terminal belongs to the session again while there is no contact.
pts=/proc/$(pgrep -f "^bash $T/session")/fd/0
is_cooked() { stty -a <"$pts" | grep -q ' icanon' && stty -a <"$pts" | grep -q ' echo '; }
until_true 5 is_cooked || fail 'our terminal is not set back while contact is lost'
start_link
got_word() { pgrep -f '^sleep 7871.25' >/dev/null; }
until_true 20 got_word || fail 'the run did not go on'
! is_cooked || fail 'our terminal is not that of the run'
kill_daemon "$link_pid"
wait $terminal
status=$?
assert_status 0
sed -i 's/rows [0-9]*; columns [0-9]*;//' "$T/before" "$T/after"
assert_same "$T/before" "$T/after"
wait_no_process '^sleep 7871.25' 15
