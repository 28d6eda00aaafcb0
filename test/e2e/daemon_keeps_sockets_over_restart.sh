#!/usr/bin/env bash
# Under a service manager that keeps sockets the daemons can be restarted, and nobody who comes meanwhile is refused: he
# waits. At its next start a daemon takes up what fits its configuration and lets go of the rest.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
kill_daemon "$master_pid"

# managed NAME COMMAND...: under a manager of its own, in $T/m-NAME.
managed() {
	start_daemon "$T/$1.log" "$python" "$here/lib/manager.py" "$T/m-$1" "${@:2}"
	until_true 10 [ -s "$T/m-$1/pid" ] || fail "$1 is not started: $(cat "$T/$1.log")"
}
pid_of() { cat "$T/m-$1/pid"; }
end_now() { kill -TERM "$(pid_of "$1")" && wait_gone "$(pid_of "$1")"; }
start_next() { touch "$T/m-$1/next"; }

managed master slothd-master --port "$master_port" --bind-address 127.0.0.1 --state-dir "$T/master" --socket "$T/admin.sock"
wait_line "$T/m-master/said" '^READY=1'
assert_equal "$(grep -c '^FDSTORE=1' "$T/m-master/said")" 2 'the number of sockets to keep'
make_token "$T/token" --name web1
log_in bob
agent_port=$(closed_port)
bind_to() { printf 'bind-address = %s\n' "$1" >"$T/agent.conf"; }
bind_to 127.0.0.1
managed web1 slothd-agent --config "$T/agent.conf" --name web1 --master "$master" --port "$agent_port" --state-dir "$T/agent" \
	--token-file "$T/token"
until_true 20 is_usable web1 || fail "web1 is not usable: $(on_master agent list)"

# meanwhile COMMAND...: in the background, its outcome in $T/ended-N.
n=0
waiting=()
meanwhile() {
	n=$((n + 1))
	("$@" >"$T/out-$n" 2>&1; echo $? >"$T/ended-$n") &
	waiting+=("$!")
}
all_end_well() {
	wait "${waiting[@]}"
	for ((; n > 0; n--)); do
		assert_equal "$(cat "$T/ended-$n")" 0 "the exit status of one who waited ($(cat "$T/out-$n"))"
	done
	waiting=()
	rm "$T"/ended-*
}
nobody_ended() { ! compgen -G "$T/ended-*" >/dev/null || fail "somebody did not wait: $(cat "$T"/out-*)"; }
# Connected, and not yet taken: the kernel counts them at the socket.
wait_queued() { until_true 10 queue_has "$@" || fail "port $1 has not $2 in its queue: $(ss -ltn)"; }
queue_has() { [ "$(ss -Hltn "sport = :$1" | awk '{ n += $2 } END { print n }')" -ge "$2" ]; }

wait_line "$T/m-master/said" '^STATUS=listening on 127.*; agents: 1 active; runs: 0$'

end_now master
[ -S "$T/admin.sock" ] || fail 'the socket of operators is gone'
meanwhile on_master agent run -n web1 true
meanwhile on_master status
meanwhile sloth agent run -n web1 true
wait_queued "$master_port" 1
nobody_ended
start_next master
all_end_well

end_now web1
meanwhile sloth agent run -n web1 true
wait_queued "$agent_port" 1
nobody_ended
start_next web1
all_end_well

# What is kept is in the way of what the configuration says now.
bind_to 0.0.0.0
end_now web1
start_next web1
wait_line "$T/web1.log" "listening on 0.0.0.0:$agent_port"
wait_line "$T/m-web1/said" '^FDSTOREREMOVE=1'
until_true 20 is_usable web1 || fail "web1 is not usable: $(on_master agent list)"
end_now web1
meanwhile sloth agent run -n web1 true
wait_queued "$agent_port" 1
start_next web1
all_end_well
