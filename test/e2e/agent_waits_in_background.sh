#!/usr/bin/env bash
# Without a token --daemon returns at once, says how to accept the agent, and a service manager sees it wait; it comes
# up by itself within seconds of being accepted.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master

"$python" -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(65536).decode().replace("\n", "|"), flush=True)
' "$T/notify" >"$T/notify.log" &
listener=$!
wait_line "$T/notify.log" bound

began=${EPOCHREALTIME/./}
run env NOTIFY_SOCKET="$T/notify" sloth agent start --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 \
	--state-dir "$T/a" --daemon
took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
assert_status 0
assert_at_most "$took_ms" 10000 'milliseconds until it is in the background'
assert_stdout_has 'on the master: sloth agent accept web1'
pid=$(cat "$T/a/agent.pid")
assert_running "$pid" 'the agent'
wait_line "$T/notify.log" '^READY=1\|STATUS=.*waiting for acceptance'
ca=$(json "$(slothd-master ca show --state-dir "$T/master" -o json)" .fingerprint)
assert_stdout_has "CA ${ca:0:16}"
assert_equal "$(grep -c 'waiting for acceptance' "$T/a/slothd-agent.log")" 1 'lines about it'

run on_master agent accept web1
assert_status 0
began=${EPOCHREALTIME/./}
until_true 20 is_usable web1 || fail "web1 does not come up"
assert_at_most $(((${EPOCHREALTIME/./} - began) / 1000)) 8000 'milliseconds until it is up'
wait_line "$T/notify.log" '^STATUS=.*registered with'
run on_master agent run -n web1 echo hello
assert_stdout_is $'hello\n'
[ ! -e "$T/a/agent.key.new" ] || fail "a key is left over"
assert_equal "$(stat -c %a "$T/a/agent.key")" 600 'mode of the key'

run on_master agent stop web1
assert_status 0
wait_gone "$pid"
wait_line "$T/notify.log" '^STOPPING=1'
kill "$listener"
wait_gone "$listener"
