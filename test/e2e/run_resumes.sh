#!/usr/bin/env bash
# The master is killed and started again under a run: output and input go on at the exact byte, and nobody but a person is
# told. So it is when the agent is killed.
# timeout: 120
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

head -c 6000000 /dev/urandom >"$T/data"
mkfifo "$T/in"
sloth agent run web1 'cat; exit 4' <"$T/in" >"$T/out" 2>"$T/err" &
cli=$!
exec 9>"$T/in"		# no daemon may hold it open
has_bytes() { [ "$(stat -c %s "$T/out")" -ge "$1" ]; }
feed() { tail -c +$(($1 + 1)) "$T/data" | head -c 2000000 >&9; }

feed 0
until_true 20 has_bytes 1000000 || fail "no output came"
kill_daemon "$master_pid"
feed 2000000 &
feeder=$!
start_master --port "$master_port" 9>&-
wait_agent web1
wait $feeder
until_true 30 has_bytes 3000000 || fail "no output came after the master was killed: $(cat "$T/err")"
kill_daemon "${agent_pid[web1]}"
feed 4000000 &
feeder=$!
start_agent web1 9>&-
wait $feeder
exec 9>&-
wait $cli
status=$?
assert_status 4
assert_same "$T/data" "$T/out"
[ ! -s "$T/err" ] || fail "it says: $(cat "$T/err")"
