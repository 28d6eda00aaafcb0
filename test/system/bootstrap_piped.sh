#!/usr/bin/env bash
#
# The lines that people know: the script piped into a shell from some web server, into a container behind a forwarded port.
# It carries the hashes of its agents; the agent waits until it is accepted, and is reached through the forward.
. "$(dirname "$0")/lib.sh"
. "$here/lib/bootstrap.sh"

boot_master
boot main 10.77.0.3/24
on_network /usr/bin/python3 -m http.server -b 10.77.0.1 -d "$SLOTH_BUILD/share/sloth/dist" 8000 >"$T/web.log" 2>&1 &
on_network "$SLOTH_BUILD/test/forward" 10.77.0.1:50061 10.77.0.3:50051 >"$T/forward.log" 2>&1 &
trap 'end_helpers; finish' EXIT
serves() { on_network curl -fsS -o "$T/script" http://10.77.0.1:8000/bootstrap.sh 2>/dev/null; }
until_true 20 serves || fail 'the web server does not serve'

run on main bash -c 'curl -fsSL http://10.77.0.1:8000/bootstrap.sh | bash -s -- --name main --master 10.77.0.2:50053 --incus 10.77.0.1:50061'
assert_status 7
assert_stderr_has 'installed, waiting for acceptance: sloth agent accept main'
run on m1 sloth agent accept main
assert_status 0
listed() { on m1 sloth agent list main -o json 2>/dev/null | grep -q '"address":"10.77.0.1:50061".*"state":"active"'; }
until_true 60 listed || fail "not listed: $(on m1 sloth agent list 2>&1)"
run on m1 sloth agent run -n main echo 'through the forward'
assert_stdout_is $'through the forward\n'

run on main bash -c 'bash <(curl -fsSL http://10.77.0.1:8000/bootstrap.sh) \
     --name main \
     --master 10.77.0.2:50053 \
     --incus 10.77.0.1:50061'
assert_status 0
assert_stdout_has 'nothing has changed'
