#!/usr/bin/env bash
# slothd-agent --doctor by who may not look into the state directory: what is in there is skipped, and not said to be missing.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1
as_other=()
if [ "$(id -u)" -eq 0 ]; then
	as_other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$T"
fi
chmod 000 "$T/agent-web1"
port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$T/web1.log")
run "${as_other[@]}" slothd-agent --doctor --name web1 --port "$port" --master "$master" --state-dir "$T/agent-web1"
chmod 700 "$T/agent-web1"
assert_status 1
assert_stdout_like "^failed +state directory +$T/agent-web1: Permission denied"
assert_stdout_like '^ +-> as the user of the agent: slothd-agent --doctor'
for line in "process +$T/agent-web1/agent.pid" "certificate +$T/agent-web1/agent.crt" "port +$port is taken; whether"; do
	assert_stdout_like "^skipped +$line"
done
assert_stdout_lacks 'no agent runs|none yet|another process'
assert_stdout_like "^ok +master's identity"
