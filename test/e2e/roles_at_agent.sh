#!/usr/bin/env bash
# Which of an agent's methods let whom in: all of them its master, and nobody else more than a health check. A method
# that has no row here fails the test.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/peers.sh"
start_secure_master
start_secure_agent web1
ca=$T/master/ca.crt
port_of() { sed -nE 's/.*listening on (127[0-9.]*:[0-9]+).*/\1/p' "$T/$1.log" | head -n 1; }
agent=$(port_of web1)
as() { peer "$1" -k "$2" -c "$ca" -e agent "$agent"; }

run slothd-master ca init --state-dir "$T/foreign"
assert_status 0
certify "$T/master/ca" other -1 30 agent/web2
certify "$T/master/ca" operator -1 30 operator/olga
certify "$T/foreign/ca" foreign -1 30 master/master
certify "$T/master/ca" expired -100 -1 master/master

list_methods -k "$T/master/master" -c "$ca" -e agent "$agent"
for file in methods requests; do	# what ends the agent is called last
	{ grep -v Shutdown "$T/$file"; grep Shutdown "$T/$file"; } >"$T/sorted" && mv "$T/sorted" "$T/$file"
done
peer none -c "$ca" -e agent "$agent"
as own "$T/agent-web1/agent"
for name in other operator foreign expired; do
	as "$name" "$T/$name"
done
peer plain "$agent"
as master "$T/master/master"
launch_secure_agent new
wait_line "$T/new.log" 'waiting for acceptance'
peer waiting -k "$T/master/master" -c "$ca" -e agent "$(port_of new)"
launch_agent insecure --master 127.0.0.1:1
wait_line "$T/insecure.log" 'listening on'
peer insecure "$(port_of insecure)"

assert_table <<'END'
method                                 none own other operator foreign expired plain master waiting insecure
/agent.Agent/RunCommand                 -    -    -      -        -       -      x     y      x       y
/agent.Agent/GetResourceUsage           -    -    -      -        -       -      x     y      x       y
/sloth.v1.Agent/Run                     -    -    -      -        -       -      x     y      x       y
/sloth.v1.Agent/ListRuns                -    -    -      -        -       -      x     y      x       y
/sloth.v1.Agent/WaitRun                 -    -    -      -        -       -      x     y      x       y
/sloth.v1.Agent/ControlRun              -    -    -      -        -       -      x     y      x       y
/sloth.v1.Agent/Hello                   -    -    -      -        -       -      x     y      x       y
/sloth.v1.Agent/Ping                    -    -    -      -        -       -      x     y      x       y
/grpc.health.v1.Health/Check            y    y    y      y        y       y      x     y      x       y
/grpc.health.v1.Health/Watch            y    y    y      y        y       y      x     y      x       y
/grpc.reflection.v1.ServerReflection/ServerReflectionInfo       - - - - - - x y x y
/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo  - - - - - - x y x y
/agent.Agent/Shutdown                   -    -    -      -        -       -      x     y      x       y
END
says foreign 'the certificate is of another CA: it belongs to another cluster'
says expired 'the certificate of master master has expired on .*; is a clock wrong?'
assert_equal "$(grep -c 'plaintext peer' "$T/web1.log")" 1 'lines about the plaintext peer'
wait_line "$T/web1.log" 'agent web1: agent web[12] at 127[0-9.]*:[0-9]+ called /agent.Agent/RunCommand: refused, only a master may'
assert_at_most "$(grep -c 'only a master may' "$T/web1.log")" 20 'lines about refused calls'
for name in web1 insecure; do
	wait_gone "${agent_pid[$name]}"
	wait "${agent_pid[$name]}"
	assert_equal $? 69 "exit status of agent $name, which was told to stop"
	forget "${agent_pid[$name]}"
done
