#!/usr/bin/env bash
#
# cell.sh CUT MOMENT - one cell of the fault matrix: real daemons with TLS, a run, and at MOMENT something is CUT and, after
# that, mended. Whatever it is, these hold in the end:
#
#   - the command ran at most once: a counter file has at most one byte
#   - the caller has the output byte for byte and the command's exit status, or it exits 125 and says what is not known
#   - no process of the run is left
#   - the recorded state is the true one
#
# `expected` says for each cell which of the two ends the caller has to come to. MATRIX_MIB is the size of the output,
# MATRIX_RECONNECT_S for how long a lost caller is waited for, MATRIX_PAYLOAD a file of that size for all cells to read.
#
#   CLI --link-- master --link-- agent      links are forwarders of bytes: they are what is killed and started again
#
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=test/e2e/lib/secure.sh
. "$here/lib/secure.sh"
cut=$1 moment=$2
mib=${MATRIX_MIB:-8} reconnect_s=${MATRIX_RECONNECT_S:-3}
exit_wanted=7
patience=$((60 + mib))
declare -A link_pid=()
run_id='' cli='' reader='' victim=''

# ---- the world ----

# start_link NAME TARGET_PORT [PORT]: a forwarder; its port is in $link_port.
start_link() {
	link_port=${3:-$(closed_port)}
	start_daemon "$T/link-$1.log" "$SLOTH_PLAIN_BUILD/test/forward" "127.0.0.1:$link_port" "127.0.0.1:$2"
	link_pid[$1]=$started
	wait_line "$T/link-$1.log" forwarding
}

# The agent's port has to be known before it starts: its link reports it.
start_linked_agent() {
	agent_listens=$(closed_port)
	start_link agent "$agent_listens"
	agent_link=$link_port
	make_token "$T/token-web1" --name web1
	launch_linked_agent
	until_true 20 is_usable web1 || fail "the agent did not become usable: $(on_master agent list 2>&1)"
}
launch_linked_agent() {
	start_daemon "$T/web1.log" "$@" slothd-agent --name web1 --master "$master" --port "$agent_listens" \
		--bind-address 127.0.0.1 --report-address "127.0.0.1:$agent_link" --state-dir "$T/agent-web1" \
		--token-file "$T/token-web1"
	agent_pid[web1]=$started
}

start_world() {
	start_secure_master
	start_link master "$master_port"
	master_link=$link_port
	start_linked_agent
	make_token "$T/token-olga" --role operator --name olga
	sloth login "127.0.0.1:$master_link" --token-file "$T/token-olga" >"$T/login.out" 2>&1 || fail "$(cat "$T/login.out")"
}

# ---- the run ----

# What is to come out, and the command that writes it: one byte to the counter first.
write_command() {
	if [ -n "${MATRIX_PAYLOAD:-}" ]; then
		ln -s "$MATRIX_PAYLOAD" "$T/payload"
	else
		head -c "$((mib * 1024 * 1024))" /dev/urandom >"$T/payload"
	fi
	cat >"$T/command" <<-SH
		printf x >>'$T/count'
		touch '$T/began'
		until [ -e '$T/go' ]; do sleep 0.05; done
		cat '$T/payload'
		touch '$T/written'
		until [ -e '$T/leave' ]; do sleep 0.05; done
		echo last >&2
		exit $exit_wanted
	SH
	: >"$T/count"
	[ "$moment" = running ] || touch "$T/go"
	[ "$moment" = unacked ] || [ "$moment" = exiting ] || [ "$moment" = detached ] || touch "$T/leave"
	[ "$moment" != detached ] || rm -f "$T/go"
}

# The caller's standard output: read as fast as it comes, slowly until the cut, or not at all until it is mended.
start_reader() {
	mkfifo "$T/stdout.pipe"
	"$python" - "$T/stdout.pipe" "$T/out" "$moment" "$T" <<-'PY' &
		import os, sys, time
		source, target, moment, dir = sys.argv[1:]
		def until(name):
		    while not os.path.exists(os.path.join(dir, name)):
		        time.sleep(0.02)
		with open(source, 'rb', buffering=0) as f, open(target, 'wb', buffering=0) as out:
		    n = 0
		    while data := f.read(65536):
		        out.write(data)
		        n += len(data)
		        if moment in ('flowing', 'blocked') and n >= 1 << 20:
		            open(os.path.join(dir, 'flowing'), 'w').close()
		            if moment == 'blocked':
		                until('mended')
		            elif not os.path.exists(os.path.join(dir, 'cut')):
		                time.sleep(0.02)
	PY
	reader=$!
}

start_cli() {
	start_reader
	sloth agent run -n --reconnect "$reconnect_s" "$@" web1 "exec bash '$T/command'" >"$T/stdout.pipe" 2>"$T/err" &
	cli=$!
}

start_detached() {
	run_id=$(sloth agent run -n --detach --output-max "$((mib + 64))M" web1 "exec bash '$T/command'" 2>"$T/err") || fail "--detach: $(cat "$T/err")"
	[[ $run_id =~ ^[0-9a-f]{32}$ ]] || fail "--detach printed '$run_id'"
}

is_recorded() { grep -qaF "$T/command" "$T"/master/audit/*; }
is_ended() { ! pgrep -f "^bash $T/command" >/dev/null; }
wait_file() { until_true "$patience" test -e "$T/$1" || fail "no $1: $(cat "$T/err")"; }

# Comes back when the moment is there; what has to be held back is held.
come_to_moment() {
	case $moment in
	before) ;;
	unanswered)
		kill -STOP "${agent_pid[web1]}"
		start_cli
		until_true 20 is_recorded || fail 'the run was not sent'
		;;
	running) start_cli && wait_file began ;;
	flowing | blocked) start_cli && wait_file flowing ;;
	exiting)
		start_cli
		wait_file written
		touch "$T/leave"
		;;
	unacked)
		start_cli
		wait_file written
		until_true "$patience" is_whole || fail 'the output did not come'
		kill -STOP "$cli"
		touch "$T/leave"
		until_true 20 is_ended || fail 'the command goes on'
		;;
	detached) start_detached && wait_file began ;;
	esac
}
is_whole() { cmp -s "$T/payload" "$T/out"; }

# ---- the cuts ----

# The supervisor of the run: the parent of its command.
supervisor_of_run() {
	local pid

	pid=$(pgrep -f "^bash $T/command" | head -n 1)
	[ -n "$pid" ] && awk '{ print $4 }' "/proc/$pid/stat"
}

break_it() {
	# One that is stopped hears no SIGTERM.
	[ "$cut:$moment" != agent-restarted:unanswered ] || kill -CONT "${agent_pid[web1]}"
	case $cut in
	cli) kill -KILL "$cli" ;;
	cli-link) kill_daemon "${link_pid[master]}" ;;
	master-killed) kill_daemon "$master_pid" ;;
	master-restarted) stop_daemon "$master_pid" ;;
	agent-link) kill_daemon "${link_pid[agent]}" ;;
	agent-killed) kill_daemon "${agent_pid[web1]}" ;;
	agent-restarted) stop_daemon "${agent_pid[web1]}" ;;
	supervisor-killed)
		victim=$(supervisor_of_run)
		[ -z "$victim" ] || kill -KILL "$victim"
		;;
	rebooted) reboot_agent ;;
	esac
	touch "$T/cut"
}

# Every process of the agent's machine ends, supervisors before what they watch, the runtime directory is empty, and the
# kernel has another boot id.
reboot_agent() {
	local pids

	pids="$(pgrep -P "${agent_pid[web1]}") $(pgrep -f "^bash $T/command")"
	kill_daemon "${agent_pid[web1]}"
	# shellcheck disable=SC2086  # words are pids
	kill -KILL $pids 2>/dev/null
	rm -rf "$T/agent-web1/run"
	"$python" -c 'import uuid; print(uuid.uuid4())' >"$T/boot_id"
}
launch_rebooted() {
	launch_linked_agent unshare --mount --propagation private sh -c \
		"mount --bind '$T/boot_id' /proc/sys/kernel/random/boot_id && exec \"\$@\"" sh
}

mend() {
	case $cut in
	cli-link) start_link master "$master_port" "$master_link" ;;
	master-killed | master-restarted) start_secure_master --port "$master_port" ;;
	agent-link) start_link agent "$agent_listens" "$agent_link" ;;
	agent-killed | agent-restarted) launch_linked_agent ;;
	rebooted) launch_rebooted ;;
	esac
	[ "$moment" != unanswered ] || kill -CONT "${agent_pid[web1]}" 2>/dev/null
	[ "$moment" != unacked ] || kill -CONT "$cli" 2>/dev/null
	touch "$T/mended"
	[ "$cut" = cli ] || touch "$T/go" "$T/leave"	# a run that has lost its caller is not to end by itself
}

# ---- the end ----

# whole: output and exit status are the command's. lost: 125, with words. either: one of them, for moments at which it
# cannot be known. killed: there is no caller any more.
expected() {
	case $cut:$moment in
	cli:*) echo killed ;;
	supervisor-killed:*) [ -n "$victim" ] && [ "$moment" != exiting ] && echo lost || echo either ;;
	*:before | *:unanswered) echo either ;;
	rebooted:unacked | rebooted:exiting) echo either ;;
	rebooted:*) echo lost ;;
	*) echo whole ;;
	esac
}

# What the CLI says when it does not know how a run ended, does not have all of it, or could not begin it.
says_what_is_lost() {
	if [ "$moment" = before ]; then
		grep -qE '^sloth: (agent not found or inactive: )?web1: ' "$T/err"
	else
		grep -qE 'lost contact|not known|result unknown|output is incomplete|was killed|restarted|never began' "$T/err"
	fi
}

assert_whole() {
	assert_equal "$1" $exit_wanted "exit status ($(cat "$T/err"))"
	assert_same "$T/payload" "$T/out"
	grep -qx last "$T/err" || fail "stderr is not whole: $(cat "$T/err")"
}
assert_lost() {
	assert_equal "$1" 125 "exit status ($(cat "$T/err"))"
	says_what_is_lost || fail "it does not say what is lost: $(cat "$T/err")"
}

# The caller comes to its end by itself, whatever was cut.
wait_caller() {
	until_true "$patience" is_gone "$cli" || fail "the caller goes on: $(cat "$T/err")"
	wait "$cli"
	caller_status=$?
	wait "$reader"
}

judge_attached() {
	wait_caller
	case $(expected) in
	killed) ;;
	whole) assert_whole "$caller_status" ;;
	lost) assert_lost "$caller_status" ;;
	either) if [ "$caller_status" -eq $exit_wanted ]; then assert_whole $exit_wanted; else assert_lost "$caller_status"; fi ;;
	esac
}

judge_detached() {
	# A master that was killed right after the start learns of the run when the agent has come back.
	until_true 20 sloth run show "$run_id" >/dev/null 2>"$T/err" || fail "no such run: $(cat "$T/err")"
	run sloth run wait --timeout "$patience" "$run_id"
	cp "$T/stderr" "$T/err"
	caller_status=$status
	if [ "$(expected)" = lost ]; then
		assert_lost "$status"
		return
	fi
	assert_equal "$status" $exit_wanted 'exit status of sloth run wait'
	sloth run logs "$run_id" >"$T/out" 2>"$T/err" || fail "sloth run logs: $(cat "$T/err")"
	assert_whole "$status"
}

count() { stat -c %s "$T/count"; }

# The state that is recorded, once it is final.
recorded() {
	local all

	all=$(sloth history --agent web1 -n 1 -o json 2>"$T/history.err") || return 1
	state=$(json "$all" '.runs[0].state')
	code=$(json "$all" '.runs[0].exit')
}
is_final() {
	recorded || return 1
	case $state in '' | queued | running | lost-contact | unreachable) return 1 ;; esac
}

# A run that never came to the master is in no record.
is_unheard() { [ "$moment" = before ] && [ "$caller_status" = 125 ] && [ "$(count)" -eq 0 ]; }

assert_recorded() {
	state='' code=''
	! is_unheard || { recorded; state=${state:-none}; return; }
	if ! until_true "$patience" is_final; then
		fail "the record does not come to an end: '$state' $(cat "$T/history.err")"
	fi
	case $(expected):$state in
	whole:exited) assert_equal "$code" $exit_wanted 'recorded exit status' ;;
	lost:unknown) ;;
	lost:exited) grep -q 'output is incomplete' "$T/err" || fail 'recorded as exited, and the caller was not told' ;;
	killed:cancelled) ;;
	killed:exited) [ "$moment" != running ] || fail 'it ended by itself, though its caller was lost' ;;
	either:exited) assert_equal "$(count)" 1 'runs of a command that is recorded as exited' ;;
	either:unknown) ;;
	either:cancelled) [ "$caller_status" -ne $exit_wanted ] || fail 'recorded as cancelled, but the caller has its end' ;;
	either:rejected | either:never-began) assert_equal "$(count)" 0 'runs of a command that is recorded as never begun' ;;
	*) fail "recorded as $state, for a run that is $(expected)" ;;
	esac
	[ "$caller_status" != $exit_wanted ] || assert_equal "$state" exited 'recorded state of a run whose end the caller has'
}

[ "$cut" != rebooted ] ||
	unshare --mount --propagation private mount --bind /dev/null /proc/sys/kernel/random/boot_id 2>"$T/why" ||
	skip "a machine's start cannot be pretended here: $(cat "$T/why")"
write_command
start_world
if [ "$moment" = before ]; then
	break_it
	start_cli
	sleep 0.2		# not an event: some callers try at once, some when it is mended
	mend
else
	come_to_moment
	break_it
	mend
fi
if [ "$moment" = detached ]; then judge_detached; else judge_attached; fi
assert_at_most "$(count)" 1 'how often the command ran'
[ "$caller_status" != $exit_wanted ] || assert_equal "$(count)" 1 'how often the command ran'
wait_no_process "^bash $T/command" $((reconnect_s + 20))
assert_recorded
note "$cut at $moment: the caller ended with $caller_status, recorded as $state"
