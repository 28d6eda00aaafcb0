#!/usr/bin/env bash
# sloth agent start --daemon returns when the master has answered, so that the next command finds the agent; when
# the master refuses, is away or says nothing, it says that, in bounded time, and is 0 all the same.
. "$(dirname "$0")/lib.sh"
start_master

# start NAME MASTER: in the background; its state is in $T/NAME.
start() {
	run sloth agent start --insecure --daemon --name "$1" --master "$2" --port 0 --bind-address 127.0.0.1 --state-dir "$T/$1"
	assert_status 0
	pids+=("$(cat "$T/$1/agent.pid")")
}
pids=()

for i in 1 2 3; do
	start "at-once$i" "$master"
	assert_stdout_has "registered with master $master"
	run sloth agent run "at-once$i" echo hello
	assert_status 0
	assert_stdout_is $'hello\n'
done

run slothd-agent --insecure --daemon --name at-once1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$T/twin"
assert_status 0
pids+=("$(cat "$T/twin/agent.pid")")
assert_stdout_has "not registered yet: refused by master $master"

away=127.0.0.1:$(closed_port)
start away "$away"
assert_stdout_has "not registered yet: cannot reach master $away: refused; trying again"

# Connections are taken, by the kernel, and never answered.
"$python" -c 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$T/mute.port" &
mute=$!
until_true 10 test -s "$T/mute.port" || fail "no port"
began=${EPOCHREALTIME/./}
start mute "127.0.0.1:$(cat "$T/mute.port")"
assert_at_most $(((${EPOCHREALTIME/./} - began) / 1000)) 10000 "milliseconds for a master that says nothing"
assert_stdout_has "not registered yet: no answer from master 127.0.0.1:$(cat "$T/mute.port")"
kill "$mute"
wait "$mute" 2>/dev/null

# A service manager hears READY=1 at the same moment, and STOPPING=1 without it from an agent that ends before.
cat >"$T/manager.py" <<'PYTHON'
import os, socket, subprocess, sys
path = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(path)
manager.settimeout(15)
agent = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=path), stderr=subprocess.DEVNULL)
def hear(word):
    while not (said := manager.recv(4096).decode()).startswith(word):
        pass
    print(said)
hear("READY=1")
agent.terminate()
hear("STOPPING=1")
sys.exit(agent.wait())
PYTHON
run "$python" "$T/manager.py" "$T/notify" slothd-agent --insecure --name told --master "$master" --port 0 --state-dir "$T/told"
assert_status 0
assert_stdout_like '^READY=1'
assert_stdout_has "registered with master $master"
assert_stdout_like '^STOPPING=1'

for pid in "${pids[@]}"; do
	kill "$pid"
	wait_gone "$pid"
done
