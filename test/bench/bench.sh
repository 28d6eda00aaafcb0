#!/usr/bin/env bash
#
# bench.sh BUILD - speed and memory as ratios against things that run beside it in the same minute.
#
# Times are medians of interleaved pairs, and so are the ratios. Absolute figures of a shared machine move by a
# quarter, the ratios much less. nghttpd and h2load (packages nghttp2-server and nghttp2-client) are the peers;
# without them their rows are skipped, aloud. The exit status does not judge: 0 unless something could not be measured.
# shellcheck source=test/bench/lib.sh
. "$(dirname "$0")/lib.sh" "${1:?usage: test/bench/bench.sh BUILD}"

# Rows are measured before daemons have grown: memory first.
bench_memory() {
	figure 'private dirty memory, idle: master' "$(dirty_kib "$master_pid")" KiB '<=' 2048
	figure 'private dirty memory, idle: agent' "$(dirty_kib "$agent_pid")" KiB '<=' 1536
	! has_nghttp2 || our_memory_rows
}

bench_warm_runs() {
	local spawn run r spawn_cpu run_cpu cpu_r

	read -r run spawn r run_cpu spawn_cpu cpu_r < <("$build/test/bench_client" pairs "unix:$socket" web1 $((pairs * 4)) "$master_pid" "$agent_pid")
	ratio 2 'warm connection, bash -c true by two hops / exec floor' "${run:-}" "${run:-} us" "${spawn:-}" "${spawn:-} us" '<=' 1.6 "${r:-}"
	ratio 3 'CPU of master + agent per run / CPU of spawning it' "${run_cpu:-}" "${run_cpu:-} us" "${spawn_cpu:-}" "${spawn_cpu:-} us" '<=' 0.25 "${cpu_r:-}"
}

# Supervisors return to the pool: in a row of runs it is the same ones that work.
bench_supervisors() {
	local pids spawn run r spawn_cpu run_cpu cpu_r

	mapfile -t pids < <(pgrep -P "$agent_pid" -f sloth-supervise)
	read -r run spawn r run_cpu spawn_cpu cpu_r < <("$build/test/bench_client" pairs "unix:$socket" web1 $((pairs * 2)) "${pids[@]}")
	ratio 3 'CPU of the supervisors per run / CPU of spawning it' "${run_cpu:-}" "${run_cpu:-} us" "${spawn_cpu:-}" "${spawn_cpu:-} us" '<=' 0.5 "${cpu_r:-}"
}

private_kib() {
	local pid sum=0

	for pid in "$master_pid" "$agent_pid" $(pgrep -P "$agent_pid" -f sloth-supervise); do
		sum=$((sum + $(dirty_kib "$pid")))
	done
	echo $sum
}
count_sleepers() { [ "$(pgrep -cf '^sleep 7654.3')" -eq "$1" ]; }
# Runs that do nothing, on a master and an agent of their own.
bench_running_runs() {
	local master_pid agent_pid master agent socket SLOTH_MASTER=$SLOTH_MASTER n=100 before id ids=()

	start_sloth "$dir/many"
	before=$(private_kib)
	for ((i = 0; i < n; i++)); do
		ids+=("$("$sloth" agent run -n --detach web1 'exec sleep 7654.3')")
	done
	wait_for count_sleepers $n
	figure "private dirty memory for each of $n runs: master, agent, supervisors" $((($(private_kib) - before) / n)) KiB '<=' 200
	for id in "${ids[@]}"; do
		"$sloth" run stop "$id" >/dev/null
	done
	wait_for count_sleepers 0
}

bench_calls() {
	if ! has_nghttp2; then
		echo "SKIPPED: bars 4, 5, 7 and the ratios of 8: install nghttp2-server and nghttp2-client"
		return
	fi
	call_targets
	measure "$blocks"
	call_rows
}

bench_output() {
	output_targets
	measure $(((pairs + 1) / 2))
	output_rows
}

# A reader that does not read, on a master and an agent that have not been busy: growth of all three, and what
# another run costs there, beside the agent of all other measurements.
bench_slow_reader() {
	local master_pid agent_pid master agent quiet=$socket socket SLOTH_MASTER=$SLOTH_MASTER
	local cli sleeper before ours theirs r

	start_sloth "$dir/slow"
	mkfifo pipe
	before=("$(rss_kib "$master_pid")" "$(rss_kib "$agent_pid")")
	tail -f /dev/null <pipe &
	sleeper=$!
	pids+=("$sleeper")
	"$sloth" agent run -n web1 yes >pipe 2>/dev/null &
	cli=$!
	sleep 1
	before+=("$(rss_kib $cli)")
	read -r ours theirs r < <("$build/test/bench_proc" pairs "$pairs" "$sloth" agent run --socket "$socket" web1 true -- \
		"$sloth" agent run --socket "$quiet" web1 true)
	sleep 10
	figure 'yes into a reader that sleeps: growth of the CLI' $(($(rss_kib $cli) - before[2])) KiB '<=' 2048
	figure 'yes into a reader that sleeps: growth of the master' $(($(rss_kib "$master_pid") - before[0])) KiB '<=' 2048
	figure 'yes into a reader that sleeps: growth of the agent' $(($(rss_kib "$agent_pid") - before[1])) KiB '<=' 2048
	ratio - 'a run beside it / a run on a quiet agent' "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" '<=' 1.2 "${r:-}"
	stop $sleeper
	wait $cli 2>/dev/null
}

# 1,000 agents: what listing them costs the master.
bench_fleet() {
	local before

	start fleet.log "$build/test/fleet" "$master" 1000
	wait_for grep -q '^registered 1000' fleet.log
	wait_for bash -c "[ \$('$sloth' agent list --state active 'fleet-*' -o json | grep -o '\"name\"' | wc -l) -eq 1000 ]"
	before=$(cpu_of "$master_pid")
	for _ in $(seq 20); do
		"$sloth" agent list >/dev/null
	done
	figure 'CPU of the master for agent list with 1,000 agents' "$(awk -v us=$(($(cpu_of "$master_pid") - before)) 'BEGIN { printf "%.1f", us / 20000 }')" ms '<=' 50
	stop "$started"
}

begin
bench_memory
our_start_rows
our_run_row
bench_warm_runs
bench_supervisors
bench_running_runs
bench_calls
bench_output
bench_slow_reader
bench_fleet
say_how_busy
exit $failed
