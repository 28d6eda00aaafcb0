# shellcheck shell=bash disable=SC2034  # variables that scripts use
#
# lib.sh - what every end-to-end script begins with:
#
#   . "$(dirname "$0")/lib.sh"
#   start_master
#   start_agent web1
#   run sloth agent run web1 'echo hello'
#   assert_status 0
#   assert_stdout_is $'hello\n'
#
# A script is one behaviour. It gets $T, a directory of its own that is gone afterwards; programs of the tree
# in $SLOTH_BUILD (build/san, else build) come first in PATH; SLOTH_MASTER points to the script's own master.
# When it ends, all daemons are stopped and have to exit 0 without a sanitizer report, and no process may
# be left: the script runs under test/reaper, which takes in every descendant.
#
# Head comments that run.sh reads: "# timeout: SECONDS" (60), "# build: plain" (sanitized).
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ -z "${SLOTH_BUILD:-}" ]; then
	SLOTH_BUILD=$root/build
	[ -x "$SLOTH_BUILD/san/bin/sloth" ] && SLOTH_BUILD=$SLOTH_BUILD/san
fi
case $SLOTH_BUILD in /*) ;; *) SLOTH_BUILD=$PWD/$SLOTH_BUILD ;; esac
: "${SLOTH_PLAIN_BUILD:=${SLOTH_BUILD%/san}}"
export SLOTH_BUILD SLOTH_PLAIN_BUILD

if [ -z "${TEST_REAPED:-}" ]; then
	export TEST_REAPED=1
	exec "$SLOTH_PLAIN_BUILD/test/reaper" bash "$0" "$@"
fi
unset TEST_REAPED

T=$(mktemp -d "${TMPDIR:-/tmp}/sloth-e2e.XXXXXX") || exit 1
san_log=$T/san
if [ -z "${TEST_SAN_LOG:-}" ]; then
	export ASAN_OPTIONS="log_path=$san_log:exitcode=99:print_stacktrace=1"
	export UBSAN_OPTIONS="log_path=$san_log:exitcode=99:print_stacktrace=1:halt_on_error=1"
else
	san_log=$TEST_SAN_LOG
fi

# A world of its own: no settings of whoever runs this.
PATH=$SLOTH_BUILD/bin:$SLOTH_BUILD/sbin:$PATH
HOME=$T/home XDG_RUNTIME_DIR=$T/xdg-run XDG_STATE_HOME=$T/xdg-state XDG_CONFIG_HOME=$T/xdg-config
export PATH HOME XDG_RUNTIME_DIR XDG_STATE_HOME XDG_CONFIG_HOME LC_ALL=C.UTF-8 TERM=xterm
for variable in "${!SLOTH_@}"; do	# every option of ours has one
	case $variable in SLOTH_BUILD | SLOTH_PLAIN_BUILD) ;; *) unset "$variable" ;; esac
done
unset NO_COLOR COLUMNS JOURNAL_STREAM NOTIFY_SOCKET
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
cd "$T" || exit 1

python=/usr/bin/python3
status=0			# of the last run
finishing=			# the script itself has ended
daemon_pids=()			# what stop_daemons() stops, in order of start
mounted=()			# what has to be unmounted in the end
groups=()			# control groups that have to go in the end, with who is in them
declare -A daemon_log agent_pid	# log file by pid; pid by agent name

# ---- saying how it went ----

note() {
	echo "note: $*"
}

skip() {
	echo "SKIP: $*"
	trap - EXIT
	stop_daemons
	rm -rf "$T"
	exit 77
}

fail() {
	local log

	echo "FAILED: $* (${BASH_SOURCE[-1]##*/}, line $(line_of_script))"
	for log in "$T"/stdout "$T"/stderr; do
		[ -s "$log" ] && { echo "--- ${log##*/} of the last run:"; head -c 2000 "$log"; echo; }
	done
	for log in "$T"/*.log; do
		[ -s "$log" ] && { echo "--- end of ${log##*/}:"; tail -n 25 "$log"; }
	done
	[ -z "$finishing" ] || clean_up 1
	exit 1
}

# The line in the script itself that we are working for.
line_of_script() {
	local i

	[ -z "$finishing" ] || { echo 'the last'; return; }
	for ((i = ${#FUNCNAME[@]} - 1; i > 0; i--)); do
		[ "${FUNCNAME[i]}" = main ] && { echo "${BASH_LINENO[i - 1]}"; return; }
	done
	echo '?'
}

# ---- waiting ----

# until_true SECONDS COMMAND...: repeats it until it succeeds; 1 when it has not in that time.
until_true() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.03
	done
}

# Our own children are gone when bash has reaped them: `wait` then has their status without a race.
is_gone() { ! kill -0 "$1" 2>/dev/null; }
has_line() { grep -qaE -- "$2" "$1" 2>/dev/null; }

# wait_line FILE REGEX [SECONDS]
wait_line() {
	until_true "${3:-15}" has_line "$1" "$2" || fail "no line like '$2' came in ${1##*/}"
}

wait_gone() {
	until_true "${2:-15}" is_gone "$1" || fail "process $1 is still there: $(tr '\0' ' ' <"/proc/$1/cmdline")"
}

# wait_no_process REGEX [SECONDS]: no process has such a command line (pick one that is unique).
wait_no_process() {
	until_true "${2:-15}" no_process "$1" || fail "still running: $(pgrep -af -- "$1")"
}
no_process() { ! pgrep -f -- "$1" >/dev/null; }
wait_process() { until_true "${2:-15}" pgrep -f -- "$1" >/dev/null || fail "no process like '$1' appeared"; }

# ---- daemons ----

# sloth for questions that are asked until the answer fits: sanitized it takes eight times as long to start.
ask() { "$SLOTH_PLAIN_BUILD/bin/sloth" "$@"; }

# start_daemon LOG COMMAND...: in the background, its stderr in LOG; the pid is in $started.
start_daemon() {
	local log=$1

	shift
	: >"$log"			# what an earlier one has said there is not waited for
	"$@" >"$log" 2>&1 </dev/null &
	started=$!
	daemon_pids+=("$started")
	daemon_log[$started]=$log
}

# start_master [OPTION...]: on a free port of 127.0.0.1, state in $T/master. Sets master (HOST:PORT),
# master_port, master_pid, master_socket.
start_master() {
	local arguments=(--insecure --port 0 --bind-address 127.0.0.1 --state-dir "$T/master" "$@")

	start_daemon "$T/master.log" slothd-master "${arguments[@]}"
	master_pid=$started
	until_true 20 has_line "$T/master.log" 'listening for agent registrations on 127\.' ||
		fail "the master did not start"
	master=$(sed -nE 's/.*listening for agent registrations on (127[0-9.]*:[0-9]+).*/\1/p' "$T/master.log" | head -n 1)
	master_port=${master##*:}
	master_socket=$T/master/master.sock
	export SLOTH_MASTER=unix:$master_socket
	until_true 30 answers || fail "the master does not answer"
}
answers() { ask status >/dev/null 2>&1; }

# start_agent NAME [OPTION...]: state in $T/agent-NAME, log in $T/NAME.log. Returns when the master can use it.
start_agent() {
	launch_agent "$@"
	wait_agent "$1"
}

# The same without waiting.
launch_agent() {
	local name=$1

	shift
	start_daemon "$T/$name.log" slothd-agent --insecure --name "$name" --master "$master" --port 0 --bind-address 127.0.0.1 \
		--state-dir "$T/agent-$name" "$@"
	agent_pid[$name]=$started
}

is_reachable() {
	local out

	out=$(ask agent get "$1" -o json 2>/dev/null) || return 1
	[[ $out == *'"state":"active"'* && $out == *'"reachable":true'* ]]
}
wait_agent() { until_true 20 is_reachable "$1" || fail "agent $1 did not become usable: $(sloth agent list 2>&1)"; }

# shows_agent NAME REGEX: the line of `agent list` about it matches.
shows_agent() { ask agent list "$1" 2>/dev/null | grep -E -- "$1" | grep -qE -- "$2"; }
wait_shows() {
	until_true "${3:-20}" shows_agent "$1" "$2" ||
		fail "agent list does not show $1 as '$2': $(sloth agent list 2>&1)"
}

# forget PID: it was killed on purpose, its end is not judged.
forget() {
	local pid kept=()

	for pid in "${daemon_pids[@]}"; do
		[ "$pid" = "$1" ] || kept+=("$pid")
	done
	daemon_pids=(${kept[@]+"${kept[@]}"})
}

kill_daemon() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
	forget "$1"
}

# stop_daemon PID: SIGTERM, and it has to exit 0 in time.
stop_daemon() {
	local code

	kill -TERM "$1" 2>/dev/null
	wait_gone "$1" 20
	wait "$1"
	code=$?
	forget "$1"
	[ "$code" -eq 0 ] || fail "${daemon_log[$1]##*/}: exit status $code on SIGTERM"
}

stop_daemons() {
	local i

	for ((i = ${#daemon_pids[@]} - 1; i >= 0; i--)); do
		stop_daemon "${daemon_pids[i]}"
	done
}

remove_group() {
	echo 1 >"$1/cgroup.kill"
	until_true 30 eval "find '$1' -depth -type d -exec rmdir {} + 2>/dev/null"
}

# Not what the search for leaks says of a thread that ends while it looks.
is_finding() { grep -qsv 'Unable to get registers from thread' "$1"; }

clean_up() {
	local code=$1 pid report dir i

	for pid in ${daemon_pids[@]+"${daemon_pids[@]}"}; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	for report in "$san_log".*; do
		is_finding "$report" || continue
		echo "sanitizer report:"
		head -n 60 "$report"
		code=99
	done
	cd /
	for dir in ${groups[@]+"${groups[@]}"}; do
		remove_group "$dir"
	done
	for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
		umount "${mounted[i]}"
	done
	rm -rf "$T"
	exit "$code"
}

finish() {
	local code=$?

	trap - EXIT
	trap '' INT TERM HUP
	finishing=yes
	[ "$code" -ne 0 ] || stop_daemons
	clean_up "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# ---- running and judging ----

# run COMMAND...: its output goes to $T/stdout and $T/stderr, its exit status to $status.
run() {
	"$@" >"$T/stdout" 2>"$T/stderr"
	status=$?
}

assert_status()       { [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"; }
assert_stdout_is()    { printf '%s' "$1" | cmp -s - "$T/stdout" || fail "stdout is not '$1'"; }
assert_stderr_is()    { printf '%s' "$1" | cmp -s - "$T/stderr" || fail "stderr is not '$1'"; }
assert_stdout_has()   { grep -qaF -- "$1" "$T/stdout" || fail "stdout has no '$1'"; }
assert_stderr_has()   { grep -qaF -- "$1" "$T/stderr" || fail "stderr has no '$1'"; }
assert_stdout_like()  { grep -qaE -- "$1" "$T/stdout" || fail "stdout has nothing like '$1'"; }
assert_stderr_like()  { grep -qaE -- "$1" "$T/stderr" || fail "stderr has nothing like '$1'"; }
assert_stdout_lacks() { ! grep -qaE -- "$1" "$T/stdout" || fail "stdout has something like '$1'"; }
assert_stderr_lacks() { ! grep -qaE -- "$1" "$T/stderr" || fail "stderr has something like '$1'"; }
assert_same()         { cmp "$1" "$2" >"$T/cmp" 2>&1 || fail "files differ: $(cat "$T/cmp")"; }
assert_equal()        { [ "$1" = "$2" ] || fail "${3:-value} is '$1', expected '$2'"; }
assert_at_most()      { [ "$1" -le "$2" ] || fail "${3:-value} is $1, expected at most $2"; }
assert_running()      { ! is_gone "$1" || fail "${2:-a daemon} is gone"; }

# json TEXT PATH: the value at .a.b[0] in a JSON document, '' when there is none. "A // B": the first that is there.
json() {
	"$python" "$here/lib/json_get.py" "$2" <<<"$1"
}

# ---- looking at processes ----

open_fds()   { find "/proc/$1/fd" -mindepth 1 | wc -l; }
dirty_kib()  { awk '/^Private_Dirty:/ { n += $2 } END { print n + 0 }' "/proc/$1/smaps_rollup"; }
rss_kib()    { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
closed_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# note_descriptors, expect_descriptors: the master and web1 have no more open than before; what ran beside it may
# have ended meanwhile.
note_descriptors() {
	sloth agent run -n web1 true
	master_fds=$(open_fds "$master_pid") agent_fds=$(open_fds "${agent_pid[web1]}")
}
has_descriptors() { [ "$(open_fds "$1")" -le "$2" ]; }
expect_descriptors() {
	until_true 15 has_descriptors "$master_pid" "$master_fds" ||
		fail "master: $(open_fds "$master_pid") descriptors, $master_fds before"
	# It keeps up to three idle supervisors more than then, with three descriptors each.
	agent_fds=$((agent_fds + 9))
	until_true 15 has_descriptors "${agent_pid[web1]}" "$agent_fds" ||
		fail "agent: $(open_fds "${agent_pid[web1]}") descriptors, $agent_fds before"
}

# is_small PID KIB: its private memory is no more than that.
is_small() { [ "$(dirty_kib "$1")" -le "$2" ]; }
