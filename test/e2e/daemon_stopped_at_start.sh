#!/usr/bin/env bash
# SIGTERM the moment a daemon says that it listens: it ends in good order, status 0, no socket left.
. "$(dirname "$0")/lib.sh"

# stopped_at_line WORDS COMMAND...: SIGTERM as soon as its stderr has the words; its exit status.
cat >"$T/stopped_at_line.py" <<'PYTHON'
import subprocess, sys
words = sys.argv[1].encode()
daemon = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0)
seen = b""
while words not in seen:
    piece = daemon.stderr.read(4096)
    if not piece:
        break
    seen += piece
daemon.terminate()
sys.stderr.buffer.write(seen + daemon.stderr.read())
sys.exit(daemon.wait() % 256)
PYTHON

for i in 1 2 3; do
	run "$python" "$T/stopped_at_line.py" 'listening for' slothd-master --port 0 --state-dir "$T/m$i"
	assert_status 0
	assert_stderr_has 'stopping: SIGTERM'
	[ ! -e "$T/m$i/master.sock" ] || fail "its socket is left"
	run "$python" "$T/stopped_at_line.py" 'listening on' slothd-agent --name web1 --port 0 --state-dir "$T/a$i"
	assert_status 0
	assert_stderr_has 'stopping: SIGTERM'
done
