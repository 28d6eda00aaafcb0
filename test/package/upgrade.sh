#!/usr/bin/env bash
# A new version restarts the daemons, and no run fails: one that is watched and one that is not go on, and all that are
# asked for meanwhile are whole.
# timeout: 300
. "$(dirname "$0")/lib/packages.sh"
boot m1
put_on m1 srv/old sloth-master sloth-agent sloth-cli
age m1 srv/old 0.0.1
put_on m1 srv/deb sloth-master sloth-agent sloth-cli
install_on m1 srv/old
be_agent m1

main_pid() { on m1 systemctl show -p MainPID --value "$1"; }
master_pid=$(main_pid slothd-master) agent_pid=$(main_pid slothd-agent)
# shellcheck disable=SC2016  # expanded there
watched='i=0; until [ -e /srv/done ]; do i=$((i + 1)); echo $i; sleep 0.05; done; echo end; exit 7'
on m1 sloth agent run web1 "$watched" >"$T/watched" 2>"$T/watched.err" &
watcher=$!
id=$(on m1 sloth agent run --detach web1 "$watched")
until_true 20 grep -q 5 "$T/watched" || fail 'the watched run says nothing'

short_runs() {
	while [ ! -e "$T/m1/srv/done" ]; do
		run_short "$T/short-$1" && echo whole >>"$T/shorts"
	done
}
run_short() {
	local code

	on m1 sloth agent run web1 'echo ran >>/srv/ran; echo short' >"$1" 2>"$1.err"
	code=$?
	[ "$code.$(cat "$1")" = 0.short ] || { echo "status $code" && cat "$1" "$1.err"; } >>"$T/failed"
	[ "$code" -eq 0 ]
}
# Four at a time, so that there are some in every moment of the upgrade.
shorts=()
for i in 1 2 3 4; do
	short_runs "$i" &
	shorts+=("$!")
done
until_true 20 [ -s "$T/shorts" ] || fail 'no short run ended'
install_on m1 srv/deb
[ "$(main_pid slothd-master)" != "$master_pid" ] || fail 'the master was not restarted'
[ "$(main_pid slothd-agent)" != "$agent_pid" ] || fail 'the agent was not restarted'
run on m1 systemctl is-active slothd-master slothd-agent
assert_stdout_is $'active\nactive\n'
until_true 20 runs_commands m1 || fail "web1 does not run commands: $(on m1 sloth agent list)"
touch "$T/m1/srv/done"
wait "$watcher"
assert_equal "$?" 7 'the exit status of the watched run'
wait "${shorts[@]}"
n=$(($(wc -l <"$T/watched") - 1))
assert_equal "$(cat "$T/watched")" "$(seq "$n"; echo end)" 'the output of the watched run'
run on m1 sloth run wait "$id"
assert_status 7
run on m1 sloth run logs "$id"
assert_stdout_like '^end$'
note "$(wc -l <"$T/shorts") short runs"
[ ! -s "$T/failed" ] || fail "short runs failed: $(head -n 5 "$T/failed")"
assert_equal "$(wc -l <"$T/m1/srv/ran")" "$(wc -l <"$T/shorts")" 'the number of short runs that ran, and not of those that are known to have,'
