# shellcheck shell=bash disable=SC2034,SC2154  # variables of lib.sh, and for scripts
#
# abuse.sh - attacks on a daemon with a healthy client beside them; after lib.sh. The attacks and what has to
# happen are the tables in test/abuse/; here is what they may cost.
#
# ABUSE_JOBS attackers at once make ABUSE_ROUNDS connections each.

attack=$SLOTH_PLAIN_BUILD/test/attack
probe=$SLOTH_PLAIN_BUILD/test/probe
: "${ABUSE_JOBS:=4}" "${ABUSE_ROUNDS:=4}"
after_kib=16384				# what an attack may leave behind
answer_ms=1000				# how long a healthy client may wait
is_san=
[ "$SLOTH_BUILD" = "$SLOTH_PLAIN_BUILD" ] || is_san=yes

# aim PID ADDRESS [OPTION]: whom the attacks are for, from here on. OPTION: --agent.
aim() {
	aim_pid=$1 aim_port=${2##*:}
	aim_options=(--port "$aim_port" "${@:3}")
	aim_base=$(rss_kib "$aim_pid")
}

reset_peak() { echo 5 >"/proc/$aim_pid/clear_refs"; }
peak_kib()   { awk '/^VmHWM:/ { print $2 }' "/proc/$aim_pid/status"; }

# The healthy client asks from another address than the attackers do.
start_probe() {
	exec 7< <(exec "$probe" "127.0.0.1:$aim_port" /grpc.health.v1.Health/Check $answer_ms "$aim_pid" 2>&1)
	probe_pid=$!
	read -r probe_said <&7
}
# 1: it was not answered, or too late.
stop_probe() {
	kill -TERM "$probe_pid"
	probe_said=$(cat <&7)
	exec 7<&-
	wait "$probe_pid"
}

# assert_memory NAME MIB: at the peak since reset_peak, and afterwards. Sanitizers have a memory of their own.
assert_memory() {
	[ -z "$is_san" ] || return 0
	peak=$(($(peak_kib) - aim_base))
	assert_at_most $peak $(($2 * 1024)) "$1: growth in KiB at its peak"
	until_true 8 is_back || fail "$1: $(($(rss_kib "$aim_pid") - aim_base)) KiB have stayed"
}
is_back() { [ $(($(rss_kib "$aim_pid") - aim_base)) -le $after_kib ]; }

# attack_by NAME MIB: one attack, its reaction, its cost.
attack_by() {
	local name=$1 is_good=yes is_served=yes

	reset_peak
	start_probe
	"$attack" "${aim_options[@]}" --jobs "$ABUSE_JOBS" --rounds "$ABUSE_ROUNDS" run "$name" >"$T/attack" 2>&1 || is_good=
	stop_probe || is_served=
	[ $is_good ] || fail "$name: the reaction is not as expected: $(head -n 5 "$T/attack")"
	[ $is_served ] || fail "$name: a healthy client beside it: $probe_said"
	assert_running "$aim_pid"
	assert_memory "$name" "$2"
	note "$(head -n 1 "$T/attack"); +${peak:-?} KiB; $probe_said"
}

# attack_by_theme THEME: every attack of it.
attack_by_theme() {
	local name mib

	while read -r name mib; do
		attack_by "$name" "$mib"
	done < <("$attack" list "$1")
}

# hold_crowd ARGUMENT...: many connections at once, until end_crowd; then $crowd_left of them were still there.
hold_crowd() {
	rm -f "$T/crowd"	# what is waited for is not what the crowd before has said
	mkfifo "$T/crowd.in"
	"$attack" --port "$master_port" "$@" <"$T/crowd.in" >"$T/crowd" 2>&1 &
	crowd_pid=$!
	exec 8>"$T/crowd.in"
	rm "$T/crowd.in"
	wait_line "$T/crowd" '^holding' 60
}
end_crowd() {
	exec 8>&-
	wait "$crowd_pid" || fail "$(cat "$T/crowd")"
	crowd_left=$(sed -nE 's/^([0-9]+) of .* left$/\1/p' "$T/crowd")
}
# The same with a healthy client beside them while they come.
crowd_beside() {
	start_probe
	hold_crowd "$@"
	stop_probe || fail "a healthy client beside it: $probe_said"
}

# start_rogue NAME: a server that does this to the next one that dials it; its port is in $rogue_port.
start_rogue() {
	rm -f "$T/rogue.$1"
	"$attack" serve "$1" >"$T/rogue.$1" 2>&1 &
	rogue_pid=$!
	wait_line "$T/rogue.$1" '^listening'
	rogue_port=$(sed -n 's/^listening //p' "$T/rogue.$1")
}
# end_rogue NAME PID: it has met the reaction that it should.
end_rogue() {
	wait "$2" || fail "$1: the reaction is not as expected: $(cat "$T/rogue.$1")"
	note "$(tail -n 1 "$T/rogue.$1")"
}
