#!/usr/bin/env bash
#
# A TCP socket that a service manager passes takes the place of the port; one that is not on a loopback address is not
# taken with --insecure.
. "$(dirname "$0")/lib.sh"

cat >"$T/pass.py" <<'END'
import os, socket, sys
s = socket.socket()
s.bind((sys.argv[1], 0))
s.listen()
print("port", s.getsockname()[1], file=sys.stderr, flush=True)
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execvp(sys.argv[2], sys.argv[2:])
END
pass_to() { "$python" "$T/pass.py" "$@"; }

start_daemon "$T/master.log" "$python" "$T/pass.py" 127.0.0.1 slothd-master --insecure --port 1 --state-dir "$T/master"
wait_line "$T/master.log" 'listening for operators' 20
port=$(sed -n 's/^port //p' "$T/master.log")
wait_line "$T/master.log" "listening for agent registrations on 127.0.0.1:$port"
export SLOTH_MASTER=unix:$T/master/master.sock master=127.0.0.1:$port
until_true 20 answers || fail 'the master does not answer'

start_daemon "$T/web1.log" "$python" "$T/pass.py" 127.0.0.1 slothd-agent --insecure --name web1 --master "$master" --port 1 \
	--state-dir "$T/agent"
wait_agent web1
run sloth agent run -n web1 'ls /proc/self/fd; env | grep LISTEN'
assert_stdout_lacks LISTEN

run pass_to 0.0.0.0 slothd-agent --insecure --name web2 --master "$master" --state-dir "$T/agent2"
assert_status 1
assert_stderr_like 'the socket of the service manager is on 0.0.0.0:[0-9]+, no loopback address'
