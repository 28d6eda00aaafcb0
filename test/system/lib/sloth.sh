# shellcheck shell=bash disable=SC2154  # $T, $root, $SLOTH_BUILD are of lib.sh
#
# sloth.sh - our programs and units on machines. For lib.sh.

# install_on NAME [VARIABLE=VALUE...]: what make install puts there, from the build that is tested.
install_on() {
	local name=$1

	shift
	(unset MAKEFLAGS MAKELEVEL MFLAGS
	make -s -C "$root" install BUILD="${SLOTH_BUILD#"$root"/}" DESTDIR="$T/$name" PREFIX=/usr/local "$@") >"$T/said" 2>&1 ||
		fail "make install: $(cat "$T/said")"
	on "$name" sh -c 'systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload' >"$T/said" 2>&1 ||
		fail "after make install: $(cat "$T/said")"
}

# is_active NAME UNIT, unit_shows NAME UNIT PROPERTY VALUE, main_pid NAME UNIT
is_active() { [ "$(on "$1" systemctl is-active "$2" 2>/dev/null)" = active ]; }
property() { on "$1" systemctl show --property="$3" --value "$2"; }
unit_shows() { [ "$(property "$1" "$2" "$3")" = "$4" ]; }
wait_unit() {
	until_true "${5:-60}" unit_shows "$1" "$2" "$3" "$4" ||
		fail "$2 on $1: $3 is $(property "$1" "$2" "$3"), not $4: $(on "$1" systemctl status --no-pager -n 5 "$2" 2>&1)"
}
main_pid() { property "$1" "$2" MainPID; }
journal_has() { on "$1" journalctl -b -q --no-pager -o cat -u "$2" | grep -qE -- "$3"; }
wait_journal() { until_true "${4:-60}" journal_has "$1" "$2" "$3" || fail "the journal of $2 on $1 has nothing like '$3'"; }

answers() { on "$1" sloth agent run -n "$2" true >/dev/null 2>&1; }
wait_answers() { until_true 60 answers "$1" "$2" || fail "$2 does not run a command: $(on "$1" sloth agent list 2>&1)"; }

start_unit() {
	run on "$1" systemctl start "$2"
	assert_status 0
	is_active "$1" "$2" || fail "$2 is not active after its start"
}

# start_both NAME: master and agent web1 on one machine, from their units, until a command runs.
start_both() {
	start_unit "$1" slothd-master
	on "$1" sh -c 'umask 077; { echo master = 127.0.0.1:50053; echo name = web1; echo "token = $(sloth token create)"; } \
		>/etc/sloth/agent.conf' 2>"$T/stderr"
	start_unit "$1" slothd-agent
	wait_answers "$1" web1
}
