# shellcheck shell=bash disable=SC2154  # variables of lib.sh
#
# mixed.sh - a mixture of calls against a master and an agent of its own, and what must not be left of it. For
# scripts that have read lib.sh.

dirty_growth_max_kib=512
past_ids_kib=800		# the agent's ring of ids: its pages come with the runs, and stay

# mixed_calls SECONDS SEED: with the programs of $SLOTH_BUILD; a tree that is not sanitized also has to give its
# memory back. Notes how many calls it was.
mixed_calls() {
	local address master_kib agent_kib agent

	start_master --log-level debug
	start_agent web1 --log-level debug
	agent=${agent_pid[web1]}
	address=$(sed -nE 's/.*agent web1: listening on (127[0-9.]*:[0-9]+).*/\1/p' "$T/web1.log" | head -n 1)
	note_descriptors
	master_kib=$(dirty_kib "$master_pid") agent_kib=$(dirty_kib "$agent")
	run "$SLOTH_BUILD/test/mix" "unix:$master_socket" "$master" "$address" web1 "$1" "$2"
	[ "$status" -eq 0 ] || fail "mix $1 $2: exit status $status"
	expect_descriptors
	until_true 15 has_no_runs "$agent" || fail "still running: $(pgrep -a -P "$agent")"
	expect_no_calls "$master_pid" "$T/master.log"
	expect_no_calls "$agent" "$T/web1.log"
	[[ $SLOTH_BUILD == */san ]] || expect_memory "$master_kib" "$agent_kib"
	stop_daemons
	! compgen -G "$san_log.*" >/dev/null || fail "a sanitizer report: $(head -n 20 "$san_log".*)"
	expect_last_counts "$T/master.log"
	expect_last_counts "$T/web1.log"
	note "$(tail -n 1 "$T/stdout"), seed $2${memory:+, }${memory:-}"
}

# What is left are supervisors that wait for a run, at most as many as are kept ready.
has_no_runs() {
	local supervisors

	supervisors=$(pgrep -P "$1")
	[ "$(wc -w <<<"$supervisors")" -le 4 ] || return 1
	[ -z "$supervisors" ] || ! pgrep -P "${supervisors//$'\n'/,}" >/dev/null
}

# expect_no_calls PID LOG: asked by SIGHUP, a daemon has nothing that belongs to a call.
expect_no_calls() {
	local lines

	lines=$(wc -l <"$2")
	until_true 15 says_no_calls "$1" "$2" "$lines" || fail "calls are alive: $(grep -a 'wire: ' "$2" | tail -n 1)"
}
says_no_calls() {
	kill -HUP "$1"
	sed "1,$3d" "$2" | grep -aE 'wire: [0-9]+ connections, ' | tail -n 1 | grep -q ' 0 calls, 0 bytes buffered'
}

expect_last_counts() {
	tail -n 3 "$1" | grep -qE 'wire: 0 connections, 0 calls, 0 bytes buffered, [0-9]+ calls since the start' ||
		fail "${1##*/} does not say that nothing was alive at the end"
}

# expect_memory MASTER_KIB AGENT_KIB: private memory as it was, once the load has been over for some seconds.
expect_memory() {
	until_true 30 is_small "$master_pid" $(($1 + dirty_growth_max_kib)) ||
		fail "master: $(dirty_kib "$master_pid") KiB of private memory, $1 before"
	until_true 30 is_small "${agent_pid[web1]}" $(($2 + dirty_growth_max_kib + past_ids_kib)) ||
		fail "agent: $(dirty_kib "${agent_pid[web1]}") KiB of private memory, $2 before"
	memory="master $1 -> $(dirty_kib "$master_pid") KiB, agent $2 -> $(dirty_kib "${agent_pid[web1]}") KiB"
}
