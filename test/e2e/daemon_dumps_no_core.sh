#!/usr/bin/env bash
# build: plain
# No core dump is made of a daemon, whose memory holds keys; of a command it is.
. "$(dirname "$0")/lib.sh"

# dumps COMMAND...: whether one is made of it when it crashes, in a directory of its own.
cat >"$T/crash.py" <<'PY'
import os, resource, signal, sys, time
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
deadline = time.time() + 20
while not os.path.exists(sys.argv[1]) and time.time() < deadline:
    time.sleep(0.02)
os.kill(pid, signal.SIGSEGV)
status = os.waitpid(pid, 0)[1]
print("dumped" if os.WCOREDUMP(status) else "not dumped", "signal", os.WTERMSIG(status))
PY
mkdir "$T/cwd"
cd "$T/cwd" || exit 1
dumps() { run "$python" "$T/crash.py" "$@"; }

dumps /proc/self sleep 60
grep -q '^dumped' "$T/stdout" || skip "this machine makes no core dumps"
dumps "$T/m/master.sock" slothd-master --port 0 --bind-address 127.0.0.1 --state-dir "$T/m"
assert_stdout_is $'not dumped signal 11\n'
dumps "$T/a/instance" slothd-agent --name web1 --port 0 --bind-address 127.0.0.1 --master "127.0.0.1:$(closed_port)" \
	--state-dir "$T/a"
assert_stdout_is $'not dumped signal 11\n'
