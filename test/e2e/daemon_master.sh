#!/usr/bin/env bash
# sloth master --daemon returns when the master listens, says where it logs, keeps a second one out, stops.
. "$(dirname "$0")/lib.sh"
dir=$T/m
export SLOTH_MASTER=unix:$dir/master.sock

run sloth master --daemon --port 0 --state-dir "$dir"
assert_status 0
assert_stdout_like 'pid|[0-9]+'
# It really listens by now.
sloth status >"$T/status" 2>&1 || fail "returned before the master answers: $(cat "$T/status")"
pid=$(cat "$dir/master.pid")
assert_running "$pid" "the master"
grep -qF "$pid" "$T/stdout" || fail "its process id is not told"
log=$(grep -oE '/[^ ]+\.log' "$T/stdout") || fail "its log file is not told"
has_line "$log" 'listening for agent registrations on ' || fail "$log does not have the listening line"

# In the background: its own session, no terminal, nothing open on stdio.
[ "$(ps -o tty= -p "$pid")" = '?' ] || fail "it has a terminal"
for fd in 0 1 2; do
	assert_equal "$(readlink "/proc/$pid/fd/$fd")" /dev/null "its descriptor $fd"
done

run sloth master status --state-dir "$dir"
assert_status 0
assert_stdout_has "$pid"
run sloth master --daemon --port 0 --state-dir "$dir"
assert_status 78
assert_stderr_has "$pid"
assert_running "$pid" "the first master"

run sloth master stop --state-dir "$dir"
assert_status 0
wait_gone "$pid"
[ ! -e "$dir/master.sock" ] || fail "its socket is left"
run sloth master status --state-dir "$dir"
assert_status 1
run sloth master stop --state-dir "$dir"
assert_status 1
