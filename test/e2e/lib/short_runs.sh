# shellcheck shell=bash disable=SC2154  # variables of lib.sh and group.sh
# short_runs.sh - many short runs in a row, and what must not be left of them. Source it after lib.sh and group.sh.

short_growth_max_kib=768	# of private memory, of the agent and the master; the agent's table of past runs comes on top
short_supervisors_max=4		# that may be idle

supervisors()     { pgrep -P "${agent_pid[web1]}" -x sloth-supervise; }
supervisor_fds()  { local pid; for pid in $(supervisors); do open_fds "$pid"; done | sort -n | tail -n 1; }
supervisor_kib()  { local pid; for pid in $(supervisors); do dirty_kib "$pid"; done | sort -n | tail -n 1; }
few_supervisors() { [ "$(supervisors | wc -l)" -le $short_supervisors_max ] && [ "$(pgrep -c -P "${agent_pid[web1]}")" -eq "$(supervisors | wc -l)" ]; }
run_dirs()        { find "$T"/agent-web1/run/runs "$T"/agent-web1/runs -mindepth 1 -maxdepth 1 ! -name 'idle-*'; }
idle_dirs()       { find "$T"/agent-web1/run/runs -mindepth 1 -maxdepth 1 -name 'idle-*' | wc -l; }
no_run_dirs()     { [ -z "$(run_dirs)" ]; }
no_run_groups()   { [ -z "$group" ] || [ -z "$(find "$group" -mindepth 1 -type d)" ]; }
has_settled()     { few_supervisors && no_run_dirs && no_run_groups && [ "$(idle_dirs)" -eq "$(supervisors | wc -l)" ]; }
wait_settled() {
	until_true 15 has_settled || fail "left: $(supervisors | wc -l) supervisors, $(idle_dirs) idle directories," \
		"$(run_dirs | wc -l) others, groups: $([ -z "$group" ] || find "$group" -mindepth 1 -type d | wc -l), children:" \
		"$(pgrep -a -P "${agent_pid[web1]}")"
}

# short_runs N PAST_KIB: on web1, which has settled afterwards and is as large as before, but for PAST_KIB of past runs.
short_runs() {
	local median before=() after=() i names=(master agent supervisor)

	many_runs 300
	note_descriptors
	wait_settled
	local sup_fds
	sup_fds=$(supervisor_fds)
	before=("$(dirty_kib "$master_pid")" "$(dirty_kib "${agent_pid[web1]}")" "$(supervisor_kib)")
	many_runs "$1"
	wait_settled
	expect_descriptors
	assert_at_most "$(supervisor_fds)" "$sup_fds" 'descriptors of a supervisor'
	until_true 30 is_small "$master_pid" $((before[0] + short_growth_max_kib)) || true
	until_true 30 is_small "${agent_pid[web1]}" $((before[1] + short_growth_max_kib + $2)) || true
	after=("$(dirty_kib "$master_pid")" "$(dirty_kib "${agent_pid[web1]}")" "$(supervisor_kib)")
	local limits=("$short_growth_max_kib" $((short_growth_max_kib + $2)) 16)
	for i in 0 1 2; do
		assert_at_most $((after[i] - before[i])) "${limits[i]}" "growth of the ${names[i]} in KiB (from ${before[i]})"
	done
	note "$1 runs, median $median us; private memory in KiB: master ${before[0]} -> ${after[0]}, agent ${before[1]} -> ${after[1]}," \
		"supervisor ${before[2]} -> ${after[2]}"
}
many_runs() {
	median=$("$SLOTH_PLAIN_BUILD/test/bench_client" latency "unix:$master_socket" web1 "$1" 2>"$T/stderr") ||
		fail "not all of $1 runs ended well"
}
