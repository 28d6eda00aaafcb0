# shellcheck shell=bash disable=SC2034,SC2154  # variables that scripts use, and those of lib.sh
#
# fleet.sh - many agents of test/fleet at a master with TLS. Sourced behind secure.sh.

since_ms() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }

# wait_fleet SECONDS: all $members are active and reachable; the slowest answer of `agent list` is in $worst_ms.
wait_fleet() {
	worst_ms=0
	until_true "$1" is_complete || fail "$usable of $members agents are usable: $(tail -n 3 "$T/fleet.log")"
}
is_complete() {
	local begin_us=${EPOCHREALTIME/./} ms

	usable=$(on_master agent list --state active -o json 'fleet-*' 2>/dev/null | grep -o '"reachable":true' | wc -l)
	ms=$(since_ms "$begin_us")
	[ "$ms" -le "$worst_ms" ] || worst_ms=$ms
	[ "$usable" -eq "$members" ]
}

# restart_master: killed, and started again where it was. The time of that is in $begin_us.
restart_master() {
	kill_daemon "$master_pid"
	begin_us=${EPOCHREALTIME/./}
	start_secure_master --port "$master_port"
}
