#!/usr/bin/env bash
# Where plaintext is let in, nobody speaks for an agent that has a certificate without showing it.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/peers.sh"
start_secure_master --insecure
start_secure_agent web1

for request in '/agent.AgentRegistry/RegisterAgent 1=web1 2=127.0.0.1:1' '/agent.AgentRegistry/Heartbeat 1=web1 3=forged'; do
	call "$request" "$master"
	assert_stdout_like '^- .* PERMISSION_DENIED: agent "web1" has a certificate: nobody speaks for it without'
	call "${request/web1/web9}" "$master"
	assert_stdout_like '^y .* OK'
done
run on_master agent get web1
assert_stdout_lacks forged
is_usable web1 || fail "web1 was taken from where it is"
