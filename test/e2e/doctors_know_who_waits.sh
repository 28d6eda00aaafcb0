#!/usr/bin/env bash
# An agent that waits to be accepted, or was denied, is unknown to neither doctor: both say how it stands, and the command.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
launch_secure_agent web2
stands() { [ "$(cut -d' ' -f1 "$T/agent-web2/run/status" 2>/dev/null)" = "$1" ]; }
itself() { run slothd-agent --doctor --state-dir "$T/agent-web2"; }

until_true 20 stands waiting || fail "web2 does not wait: $(tail -n 3 "$T/web2.log")"
run on_master agent doctor web2
assert_status 1
assert_stderr_has 'agent web2 waits to be accepted: sloth agent pending shows its key, sloth agent accept web2 lets it in'
itself
assert_status 1
assert_stdout_like '^failed +certificate +none yet: waiting for acceptance; .*\(this key [0-9a-f]{16}, CA [0-9a-f]{16}\)$'
assert_stdout_like '^ +-> on the master: sloth agent pending, then sloth agent accept web2$'

on_master agent reject web2 >/dev/null || fail "web2 cannot be rejected"
until_true 20 stands denied || fail "web2 is not denied: $(tail -n 3 "$T/web2.log")"
run on_master agent doctor web2
assert_status 1
assert_stderr_has 'agent web2 was rejected: sloth agent accept web2 lets it in'
itself
assert_status 1
assert_stdout_like '^failed +certificate +none yet: .*denies a certificate: .*\(this key [0-9a-f]{16}, CA [0-9a-f]{16}\)$'
assert_stdout_like '^ +-> on the master: sloth agent pending; where it shows web2, sloth agent accept web2 --replace, else '
