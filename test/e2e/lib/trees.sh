# shellcheck shell=bash disable=SC2154,SC2034  # variables of lib.sh, and for it
# trees.sh - trees of processes that do not want to end, and that nothing is left of them: for scripts that say what holds
# them together. Source it after lib.sh.
#
# Every process of a tree has the mark of its run on its command line; which it is, is told by its end: all of a run's
# processes, supervisors and daemons apart, are found by it, wherever they went.
grace_ms=500
trees=(detached holding stubborn sessions bomb)

# tree KIND MARK: a shell command. Its first process ignores SIGTERM where the name says so, and says when Ctrl-C comes.
tree() {
	local m=$2 nap="sleep $2.25" loop="while :; do sleep $2.25; done"

	echo "trap 'echo again' INT"
	case $1 in
	detached)	# twice forked, in a session of its own, without a descriptor or variable of ours
		echo "(setsid nohup env -i bash -c '$nap & exec $nap' >/dev/null 2>&1 </dev/null &)" ;;
	holding)	# grandchildren that keep the output open
		echo "(setsid $nap &) ; (trap '' TERM HUP; bash -c '$nap; : $m' &)" ;;
	stubborn)	# three storeys that ignore what can be ignored
		echo "trap '' TERM HUP; bash -c 'bash -c \"$loop\" & $loop' &" ;;
	sessions)	# groups and sessions, one below the other
		echo "set -m; $nap & set +m; setsid bash -c 'set -m; $nap & setsid bash -c \"trap : TERM; $loop\" & wait; $loop' &" ;;
	bomb)		# forks for ever; each one moves to a session of its own
		echo "perl -MPOSIX -e '\$SIG{TERM} = \"IGNORE\"; while (1) { setsid() unless fork();" \
			"select(undef, undef, undef, 0.005) } # $m' &" ;;
	esac
	echo "echo ready; $loop"
}

# tree_options KIND: sets options. A bomb has a user and a limit of its own, root has none.
tree_options() {
	options=(-n --kill-grace "${grace_ms}ms")
	[ "$1" != bomb ] || options+=(--user "$bomb_user" --rlimit nproc=80)
}

left_of() { pgrep -f -- "^(bash|sh|sleep|env|setsid|nohup|perl) .*\<$1\>" ; }
# A tree has grown: its least number of processes.
has_grown() { [ "$(left_of "$2" | wc -l)" -ge "$([ "$1" = bomb ] && echo 40 || echo 4)" ]; }
wait_grown() { until_true 10 has_grown "$1" "$2" || fail "$1 has $(left_of "$2" | wc -l) processes only"; }
all_left() { left_of "${1}[0-9]"; }
none_left() { looked=${EPOCHREALTIME/./}; [ -z "$(all_left "$1")" ]; }

# expect_none MARKS SINCE_US: they are gone a second after their grace at the latest.
expect_none() {
	local took limit=$((grace_ms + 1000))

	until_true 10 none_left "$1" || fail "left: $(pgrep -af -- "\<${1}[0-9]\>" | cut -c 1-150)"
	took=$(((looked - $2) / 1000))
	note "gone after $took ms"
	assert_at_most "$took" "$limit" "time to the last process in ms"
}

is_held_by() { [ "$(json "$(sloth run show "$1" -o json)" .containment)" = "$2" ]; }
is_in_state() { [ "$(json "$(sloth run show "$1" -o json)" .state)" = "$2" ]; }
# expect_record ID STATE: what is known of it afterwards.
expect_record() {
	until_true 10 is_in_state "$1" "$2" || fail "it is not $2: $(sloth run show "$1")"
	is_held_by "$1" "$containment" || fail "not held by $containment: $(sloth run show "$1")"
}

# The newest run with that mark.
id_of() { json "$(sloth run list --all -o json | tr -d '\n' | "$python" -c '
import json, sys
print(json.dumps([run for run in json.load(sys.stdin)["runs"] if sys.argv[1] in run["command"]]))' "$1")" '[0].id'; }

# ---- the three ways to end them ----

# stop_trees MARKS: `sloth run stop`, one for each.
stop_trees() {
	local i since ids=() pids=()

	for i in "${!trees[@]}"; do
		tree_options "${trees[i]}"
		ids[i]=$(sloth agent run --detach "${options[@]}" web1 "$(tree "${trees[i]}" "$1$i")") || fail "${trees[i]}: not started"
	done
	for i in "${!trees[@]}"; do
		wait_grown "${trees[i]}" "$1$i"
	done
	for i in "${!trees[@]}"; do
		sloth run stop "${ids[i]}" >"$T/stop.$i" 2>&1 &
		pids[i]=$!
	done
	wait "${pids[@]}"
	since=${EPOCHREALTIME/./}
	expect_none "$1" "$since"
	for i in "${!trees[@]}"; do
		expect_record "${ids[i]}" cancelled
	done
}

# time_trees MARKS: --timeout. Each has its own moment; a run that has told its end has left nothing.
time_trees() {
	local i pids=() code

	for i in "${!trees[@]}"; do
		tree_options "${trees[i]}"
		sloth agent run --timeout 3s "${options[@]}" web1 "$(tree "${trees[i]}" "$1$i")" >"$T/time.$i" 2>&1 &
		pids[i]=$!
	done
	for i in "${!trees[@]}"; do
		wait "${pids[i]}"
		code=$?
		[ -z "$(left_of "$1$i")" ] || fail "${trees[i]}: left at its end: $(left_of "$1$i" | wc -l)"
		assert_equal $code 124 "exit status of ${trees[i]} ($(tail -n 1 "$T/time.$i"))"
		has_line "$T/time.$i" ready || fail "${trees[i]} did not begin"
		expect_record "$(id_of "$1$i")" timed-out
	done
}

# interrupt_trees MARKS: Ctrl-C twice.
interrupt_trees() {
	local i since pids=() code

	for i in "${!trees[@]}"; do
		tree_options "${trees[i]}"
		env --default-signal=INT sloth agent run "${options[@]}" web1 "$(tree "${trees[i]}" "$1$i")" >"$T/int.$i" 2>&1 &
		pids[i]=$!
	done
	for i in "${!trees[@]}"; do
		wait_line "$T/int.$i" ready
		wait_grown "${trees[i]}" "$1$i"
	done
	kill -INT "${pids[@]}"
	for i in "${!trees[@]}"; do
		wait_line "$T/int.$i" again
	done
	since=${EPOCHREALTIME/./}
	kill -INT "${pids[@]}"
	expect_none "$1" "$since"
	for i in "${!trees[@]}"; do
		wait "${pids[i]}"
		code=$?
		assert_equal $code 130 "exit status of ${trees[i]}"
		expect_record "$(id_of "$1$i")" cancelled
	done
}

all_trees() {
	if [ "$(id -u)" -ne 0 ]; then
		trees=("${trees[@]:0:4}")
		note 'without a fork bomb, which needs root for a user of its own'
	fi
	sloth agent run -n web1 true
	stop_trees "$1"1
	time_trees "$1"2
	interrupt_trees "$1"3
}
