#!/usr/bin/env bash
#
# A command goes on while its agent is restarted, while the agent's program is replaced by another, and while the agent is
# killed; its caller sees every line of it. Commands that are asked for while daemons are restarted begin,
# too. Afterwards the unit can be started as often as anybody likes.
. "$(dirname "$0")/lib.sh"

boot m1
install_on m1
start_both m1
on m1 sh -c 'mkfifo /tmp/go'
on m1 sloth agent run -n web1 'exec 3<>/tmp/go; echo begun; for i in 1 2 3 4; do read line <&3; echo $line; done; exit 7' \
	>"$T/caller.out" 2>"$T/caller.err" </dev/null &
caller=$!
lines_are() { [ "$(cat "$T/caller.out")" = "$(printf '%s\n' "$@")" ]; }
wait_lines() { until_true 60 lines_are "$@" || fail "the caller has seen: $(cat "$T/caller.out" "$T/caller.err")"; }
go() { on m1 timeout 60 sh -c "echo $1 >/tmp/go"; }
wait_lines begun

before=$(main_pid m1 slothd-agent)
run on m1 systemctl restart slothd-agent
assert_status 0
[ "$(main_pid m1 slothd-agent)" != "$before" ] || fail 'the agent was not restarted'
go restarted
wait_lines begun restarted

# What an upgrade does: another file in the place of the running one, then a restart.
on m1 sh -c 'cd /usr/local/sbin && cp slothd-agent next && mv -f next slothd-agent'
run on m1 systemctl restart slothd-agent
assert_status 0
go upgraded
wait_lines begun restarted upgraded

before=$(main_pid m1 slothd-agent)
on m1 kill -KILL "$before"
another() { is_active m1 slothd-agent && [ "$(main_pid m1 slothd-agent)" != "$before" ]; }
until_true 60 another || fail 'the agent did not come back'
go killed
wait_lines begun restarted upgraded killed

run on m1 systemctl restart slothd-agent
assert_status 0
go over
wait "$caller"
assert_equal $? 7 'exit status of the caller'
lines_are begun restarted upgraded killed over || fail "the caller has seen: $(cat "$T/caller.out")"
# Whoever asks for a command while master or agent is restarted waits: systemd keeps their sockets.
begin_runs() {
	until [ -e "$T/restarted" ]; do
		on m1 sloth agent run -n web1 'echo ran' >"$T/short" 2>"$T/short.err" && [ "$(cat "$T/short")" = ran ] && echo ran >>"$T/ran" && continue
		cat "$T/short" "$T/short.err" >>"$T/failed"
	done
}
runs_are_over() { [ "$(wc -l <"$T/ran")" -gt "$1" ]; }
touch "$T/ran"
begin_runs &
shorts=$!
for unit in slothd-master slothd-agent slothd-master slothd-agent; do
	seen=$(wc -l <"$T/ran")
	run on m1 systemctl restart "$unit"
	assert_status 0
	until_true 60 runs_are_over $((seen + 1)) || fail "no run after the restart of $unit: $(cat "$T/failed")"
done
touch "$T/restarted"
wait "$shorts"
[ ! -s "$T/failed" ] || fail "runs failed during restarts: $(head -n 5 "$T/failed")"
note "$(wc -l <"$T/ran") runs during restarts"

# The sockets that are kept are not in the way of another address.
on m1 sh -c 'echo "bind-address = 127.0.0.1" >>/etc/sloth/agent.conf'
run on m1 systemctl restart slothd-agent
assert_status 0
wait_answers m1 web1
run on m1 ss -Hltn 'sport = :50051'
assert_stdout_like '127\.0\.0\.1:50051'
assert_stdout_lacks '0\.0\.0\.0:50051'

run on m1 systemctl stop slothd-agent
assert_status 0
unit_shows m1 slothd-agent Result success || fail 'the agent did not end well'

# What is stopped, and not restarted, is gone: nobody waits for it.
run on m1 sloth agent run -n web1 true
assert_status 125
assert_stderr_has 'agent not found or inactive: web1'
run on m1 systemctl stop slothd-master
assert_status 0
run on m1 sloth status
assert_status 1
assert_stderr_has 'there is no socket at /run/sloth/master.sock'
run on m1 test -e /run/sloth
assert_status 1
