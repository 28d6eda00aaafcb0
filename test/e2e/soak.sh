#!/usr/bin/env bash
#
# soak.sh BUILD MINUTES - long runs, large runs and many runs on one master and one agent that live through all.
#
# First a mixture of calls, cancels and disconnects against daemons of its own: sanitized, then plain. Then 10,000 short
# runs, also with daemons of their own. Then a quiet command and a slow stream last while everything else happens beside
# them. What has a number of rounds ends early when its share of the time is over, and says how far it came. One line per check, the
# last line is "N passed, N failed"; the exit status is 1 when one failed.
#
# shellcheck disable=SC2030,SC2031  # every check has a T of its own
SLOTH_BUILD=${1:?usage: test/e2e/soak.sh BUILD MINUTES}
: "${2:?usage: test/e2e/soak.sh BUILD MINUTES}"
. "$(dirname "$0")/lib.sh"
. "$here/lib/mixed.sh"
. "$here/lib/group.sh"
. "$here/lib/short_runs.sh"

total_s=$(($2 * 60))
growth_max_kib=2048
passed=0 failed=0
checks=0
declare -A check_name=() check_dir=() check_began=()	# by pid

now_s() { echo "${EPOCHREALTIME%.*}"; }
at_most() { echo $(($1 < $2 ? $1 : $2)); }
is_over() { [ "${EPOCHREALTIME%.*}" -ge "$1" ]; }
# share PERCENT: the time at which a check that begins now has used up so much of the whole.
share() { echo $(($(now_s) + total_s * $1 / 100)); }

# ---- checks ----

# launch NAME FUNCTION [ARG...]: begins a check in a directory of its own; its pid is in $launched.
launch() {
	local name=$1 dir

	checks=$((checks + 1))
	dir=$T/check.$checks
	mkdir "$dir"
	shift
	(
		T=$dir
		trap 'now_s >"$dir/ended"; kill $(jobs -p) 2>/dev/null' EXIT	# what a failed check leaves running
		cd "$T" && "$@"
	) >"$dir/said" 2>&1 &
	launched=$!
	check_name[$launched]=$name check_dir[$launched]=$dir check_began[$launched]=$(now_s)
}

report() {
	printf '%-4s  %-52s %5ss  %s\n' "$@"
}

# judge PID: waits for a check and says how it went.
judge() {
	local pid=$1 code took

	wait "$pid"
	code=$?
	took=$(($(cat "${check_dir[$pid]}/ended") - check_began[$pid]))
	if [ $code -eq 0 ]; then
		passed=$((passed + 1))
		report ok "${check_name[$pid]}" "$took" "$(sed -n 's/^note: //p' "${check_dir[$pid]}/said" | tail -n 1)"
	else
		failed=$((failed + 1))
		report FAIL "${check_name[$pid]}" "$took" ''
		tail -n 60 "${check_dir[$pid]}/said" | cut -c 1-500 | tr -d '\000' | sed 's/^/    | /'
		tail -n 15 "$T/master.log" "$T/web1.log" | sed 's/^/    # /'
	fi
	rm -rf "${check_dir[$pid]}"
}

check() {
	launch "$@"
	judge "$launched"
}

# ---- mixed ----

# mixed_calls_in BUILD SECONDS: the daemons here are none of the others'.
mixed_calls_in() {
	SLOTH_BUILD=$1
	PATH=$1/bin:$1/sbin:$PATH
	daemon_pids=()
	mixed_calls "$2" "${SEED:-$RANDOM}"
}

# ---- short ----

# short_runs_alone N: with daemons of its own, too.
short_runs_alone() {
	daemon_pids=()
	start_master
	if [ -n "$group" ]; then start_agent_in_group web1; else start_agent web1; fi
	short_runs "$1" 512
	stop_daemons
}

# ---- long ----

quiet_command() {
	run sloth agent run -n web1 "sleep $1; echo over; exit 3"
	assert_status 3
	assert_stdout_is $'over\n'
	note "$1 s without a byte"
}

# Ten numbered lines a second: none missing, none twice, and how long the reader waited for one at most.
slow_stream() {
	local code last gap

	sloth agent run -n web1 "end=\$((SECONDS + $1)); while [ \$SECONDS -lt \$end ]; do
		i=\$((i + 1)); echo line \$i; sleep 0.1; done; echo total \$i >&2" 2>"$T/stderr" | follow_lines >"$T/followed"
	code=${PIPESTATUS[0]}
	[ "$code" -eq 0 ] || fail "exit status $code"
	read -r last gap <"$T/followed"
	assert_equal "total $last" "$(cat "$T/stderr")" 'number of lines'
	note "$last lines in $1 s, at most $gap ms between two"
}
follow_lines() {
	local word number last=0 gap=0 earlier=${EPOCHREALTIME/./} now

	while read -r word number; do
		now=${EPOCHREALTIME/./}
		[ "$word $number" = "line $((last + 1))" ] || { echo "after $last came '$word $number'"; return 1; }
		[ $((now - earlier)) -le "$gap" ] || gap=$((now - earlier))
		last=$number earlier=$now
	done
	echo "$last $((gap / 1000))"
}

# ---- large ----

one_long_line() {
	sloth agent run -n web1 "head -c 500000000 /dev/zero | tr '\\0' x" | cmp - <(head -c 500000000 /dev/zero | tr '\0' x) ||
		fail "the line of 500 MB has changed"
	note '500,000,000 bytes'
}

random_bytes() {
	head -c 1073741824 /dev/urandom >"$T/random"
	sloth agent run -n web1 cat "$T/random" | cmp - "$T/random" || fail "1 GiB of output has changed"
	assert_equal "$(sloth agent run web1 cksum <"$T/random")" "$(cksum <"$T/random")" 'checksum of 1 GiB of input'
	note 'as output and as input'
}

# ---- many ----

# many_outputs N UNTIL
many_outputs() {
	local i

	seq 1 20000 >"$T/expected"
	for ((i = 0; i < $1; i++)); do
		! is_over "$2" || break
		sloth agent run -n web1 seq 1 20000 | cmp - "$T/expected" || fail "output $i is not whole"
	done
	note "$i complete outputs"
}

# at_once ROUNDS UNTIL: 50 commands each, every one with an output and a status of its own.
at_once() {
	local round i pids

	for i in $(seq 50); do
		seq "$i" $((i * 100)) >"$T/expected.$i"
	done
	note_descriptors
	for ((round = 0; round < $1; round++)); do
		! is_over "$2" || break
		pids=()
		for i in $(seq 50); do
			one_of_many "$i" &
			pids+=($!)
		done
		wait "${pids[@]}"
		[ ! -e "$T/wrong" ] || fail "round $round: $(wc -l <"$T/wrong") of 50 went wrong: $(head -c 1000 "$T/wrong" "$T/errors")"
	done
	expect_descriptors
	note "$round rounds"
}
one_of_many() {
	local code

	sloth agent run -n web1 "seq $1 $(($1 * 100)); exit $1" >"$T/out.$1" 2>>"$T/errors"
	code=$?
	[ $code -eq "$1" ] || echo "command $1: exit status $code" >>"$T/wrong"
	cmp "$T/out.$1" "$T/expected.$1" >>"$T/wrong" 2>&1 || echo "command $1: not its output" >>"$T/wrong"
	[ -s "$T/wrong" ] || rm -f "$T/wrong"
}

# ---- a reader that does not read ----

# slow_reader SECONDS: all three stay as small as they were, and another run does not notice.
slow_reader() {
	local cli sleeper before alone during i rss grown=()

	sloth agent run -n web1 true
	alone=$(latency) || fail "runs failed"
	before=("$(rss_kib "$master_pid")" "$(rss_kib "${agent_pid[web1]}")")
	mkfifo "$T/pipe"
	# shellcheck disable=SC2217  # it holds the pipe and does not read
	sleep "$1" <"$T/pipe" &
	sleeper=$!
	sloth agent run -n web1 yes >"$T/pipe" 2>"$T/stderr" &
	cli=$!
	sleep 1
	before=("$(rss_kib $cli)" "${before[@]}")
	during=$(latency) || fail "runs beside it failed"
	while kill -0 $sleeper 2>/dev/null; do
		rss=("$(rss_kib $cli)" "$(rss_kib "$master_pid")" "$(rss_kib "${agent_pid[web1]}")")
		for i in 0 1 2; do
			grown[i]=$((rss[i] - before[i]))
		done
		sleep 0.3
	done
	wait $cli
	assert_equal $? 141 'exit status'
	assert_at_most "${grown[0]}" $growth_max_kib 'growth of the CLI in KiB'
	assert_at_most "${grown[1]}" $growth_max_kib 'growth of the master in KiB'
	assert_at_most "${grown[2]}" $growth_max_kib 'growth of the agent in KiB'
	assert_at_most "$during" $((alone * 3)) "latency beside it in us (alone $alone)"
	note "grown by ${grown[*]} KiB (CLI, master, agent); latency $during us, alone $alone us"
}
latency() { "$SLOTH_PLAIN_BUILD/test/bench_client" latency "unix:$master_socket" web1 100; }

# ---- cancels and kills ----

# cut_short UNTIL: commands that end in every way but their own, at once; nothing of them is left.
cut_short() {
	local round=0 mark=7$$

	note_descriptors
	until [ $round -gt 0 ] && is_over "$1"; do
		cut_short_once "$mark"
		round=$((round + 1))
	done
	expect_descriptors
	note "$round rounds of 7"
}
cut_short_once() {
	local mark=$1 int term kill victim i

	env --default-signal=INT sloth agent run -n web1 sleep "${mark}1.25" 2>>"$T/stderr" &
	int=$!
	sloth agent run -n --kill-grace 200ms web1 "trap '' TERM; sleep ${mark}2.25; sleep ${mark}2.25" 2>>"$T/stderr" &
	term=$!
	sloth agent run -n --reconnect 1 --kill-grace 200ms web1 "sleep ${mark}3.25 & yes" >/dev/null 2>>"$T/stderr" &
	kill=$!
	sloth agent run -n web1 sleep "${mark}4.25" 2>>"$T/stderr" &
	victim=$!
	sloth agent run -n --timeout 300ms --kill-grace 200ms web1 "yes & sleep ${mark}5.25" >/dev/null 2>>"$T/stderr"
	assert_equal $? 124 'exit status of --timeout'
	sloth agent run -n web1 'yes' 2>>"$T/stderr" | head -c 3000000 >"$T/head"
	assert_equal "${PIPESTATUS[0]}" 141 'exit status after a closed pipe'
	head -c 3000000 /dev/zero | sloth agent run web1 'head -c 1000; exit 5' >"$T/head" 2>>"$T/stderr"
	assert_equal "${PIPESTATUS[1]}" 5 'exit status of a command that leaves input unread'
	cmp "$T/head" <(head -c 1000 /dev/zero) || fail "input that was not read to its end"
	for i in 1 2 3 4; do
		wait_process "^sleep $mark$i.25"
	done
	kill -INT $int
	kill -TERM $term
	kill -KILL $kill
	pkill -KILL -f "^sleep ${mark}4.25"
	wait $int
	assert_equal $? 130 'exit status after SIGINT'
	wait $term
	assert_equal $? 143 'exit status after SIGTERM'
	wait $kill 2>/dev/null
	wait $victim
	assert_equal $? 137 'exit status of a command that was killed'
	wait_no_process "^sleep ${mark}[1-5].25"
}

# ---- the whole ----

# What all of this has left in the daemons; memory is given back some time after the load.
nothing_left() {
	expect_descriptors
	until_true 60 is_small "$master_pid" $((master_kib + growth_max_kib)) ||
		fail "master: $(dirty_kib "$master_pid") KiB of private memory, $master_kib before"
	until_true 60 is_small "${agent_pid[web1]}" $((agent_kib + growth_max_kib)) ||
		fail "agent: $(dirty_kib "${agent_pid[web1]}") KiB of private memory, $agent_kib before"
	note "private memory $master_kib -> $(dirty_kib "$master_pid") KiB (master)," \
		"$agent_kib -> $(dirty_kib "${agent_pid[web1]}") KiB (agent)"
}

# Pages of a program that was just built count as its private memory until they are on the disk.
sync -f "$SLOTH_BUILD"/bin/* "$SLOTH_BUILD"/sbin/*
mixed_s=$((total_s / 10))
check 'mixed calls, sanitized' mixed_calls_in "$SLOTH_BUILD/san" $mixed_s
check 'mixed calls, plain' mixed_calls_in "$SLOTH_BUILD" $mixed_s
total_s=$((total_s - 2 * mixed_s))
make_group || group=''
check '10,000 short runs in a row' short_runs_alone 10000
start_master
start_agent web1
note_descriptors
master_kib=$(dirty_kib "$master_pid") agent_kib=$(dirty_kib "${agent_pid[web1]}")
end_s=$(share 100)

launch 'a quiet command' quiet_command "$(at_most 300 $total_s)"
quiet=$launched
launch 'a stream' slow_stream "$(at_most 600 $total_s)"
stream=$launched
check '500 MB in one line' one_long_line
check '1 GiB of random bytes' random_bytes
check '1,000 times seq 1 20000' many_outputs 1000 "$(share 25)"
check 'a reader that does not read' slow_reader "$(at_most 60 $((total_s / 4)))"
check '200 rounds of 50 commands at once' at_once 200 "$(share 40)"
check 'interrupts, cancels, kills, timeouts, closed pipes' cut_short "$end_s"
judge "$quiet"
judge "$stream"
check 'nothing is left in the daemons' nothing_left
if [ $failed -eq 0 ]; then
	stop_daemons
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
