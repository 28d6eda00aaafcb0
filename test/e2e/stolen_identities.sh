#!/usr/bin/env bash
# What a stolen key is good for: the key of an agent makes nobody another agent, nor the master of agents, and neither an
# operator nor a stranger can say that a run is somebody else's.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/peers.sh"
start_secure_master
start_secure_agent web2
ca=$T/master/ca.crt
web2=$(json "$(on_master agent get web2 -o json)" .address)

# web2 answers where web1 is said to be: the name in the certificate decides.
certify "$T/master/ca" web1 -1 30 agent/web1
call "/agent.AgentRegistry/RegisterAgent 1=web1 2=$web2" -k "$T/web1" -c "$ca" "$master"
assert_stdout_like '^y '
run on_master agent get web1
assert_stdout_has 'other-agent: name differs: that address answers as web2'
run on_master agent run web1 "touch '$T/ran'"
assert_status 125
assert_stderr_has 'name differs: that address answers as web2'
[ ! -e "$T/ran" ] || fail "web2 ran what was meant for web1"

# Whose run it is says the certificate, not the caller.
certify "$T/master/ca" olga -1 30 operator/olga
for claim in sloth-principal=root sloth-principal=operator:root; do
	call "/agent.AgentRegistry/ExecuteCommand 1=web2 2=env>$T/env" -m "$claim" -k "$T/olga" -c "$ca" "$master"
	assert_stdout_like '^y .* OK'
	has_line "$T/env" '^SLOTH_PRINCIPAL=operator:olga$' || fail "$claim: $(grep SLOTH "$T/env")"
	rm "$T/env"
done

# An agent as the master of agents, and the master of another cluster.
mkdir "$T/agent-db1"
certify "$T/master/ca" db1 -1 30 agent/db1
cp "$T/db1.key" "$T/agent-db1/agent.key"
cp "$T/db1.crt" "$T/agent-db1/agent.crt"
cp "$ca" "$T/agent-db1/ca.crt"
launch_secure_agent db1 --master "$web2"
wait_line "$T/db1.log" 'that address answers as agent web2, which is no master'
stop_daemon "${agent_pid[db1]}"
start_daemon "$T/foreign.log" slothd-master --port 0 --bind-address 127.0.0.1 --state-dir "$T/foreign"
wait_line "$T/foreign.log" 'listening for operators'
foreign=$(sed -nE 's/.*agent registrations on (127[0-9.]*:[0-9]+).*/\1/p' "$T/foreign.log")
launch_secure_agent db1 --master "$foreign"
wait_line "$T/db1.log" 'the certificate is of another CA: it belongs to another cluster'
call "/agent.AgentRegistry/RegisterAgent 1=db1 2=$web2" -k "$T/db1" -c "$T/foreign/ca.crt" "$foreign"
assert_stdout_has 'UNAUTHENTICATED: the certificate is of another CA'

# The master's own key: what the agent's policy denies it gets nowhere with, whoever it says is asking.
echo 'allow * run-as=no-such-user' >"$T/policy"
start_secure_agent app1 --policy "$T/policy"
app1=$(json "$(on_master agent get app1 -o json)" .address)
for request in "/agent.Agent/RunCommand 1=echo>$T/ran" /agent.Agent/Shutdown; do
	call "$request" -m sloth-principal=root -k "$T/master/master" -c "$ca" -e agent "$app1"
	assert_stdout_like '^p .*its policy denies root'
done
[ ! -e "$T/ran" ] || fail "app1 ran what its policy denies"
is_usable app1 || fail "app1 was stopped"
