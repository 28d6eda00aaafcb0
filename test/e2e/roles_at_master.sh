#!/usr/bin/env bash
# Which of the master's methods let whom in: every method that is served, called by every kind of peer. A method that has
# no row here fails the test.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/peers.sh"
start_secure_master
ca=$T/master/ca.crt
as() { peer "$1" -k "$T/$1" -c "$ca" "$master"; }

run slothd-master ca init --state-dir "$T/foreign"
assert_status 0
certify "$T/master/ca" agent -1 30 agent/web1
certify "$T/master/ca" other -1 30 agent/web2
certify "$T/master/ca" operator -1 30 operator/olga
certify "$T/master/ca" revoked -1 30 operator/rita
certify "$T/foreign/ca" foreign -1 30 operator/olga
certify "$T/master/ca" early 1 30 operator/olga
for name in agent revoked; do
	call /grpc.health.v1.Health/Check -k "$T/$name" -c "$ca" "$master"
	assert_stdout_like '^y '
done
call '/sloth.v1.Master/Revoke 1=operator 2=rita' "unix:$master_socket"
for name in expired ancient; do
	cp "$T/agent.key" "$T/$name.key"
done
certify "$T/master/ca" expired -100 -1 agent/web1
certify "$T/master/ca" ancient -800 -700 agent/web1

list_methods "unix:$master_socket"
peer none -c "$ca" "$master"
for name in foreign revoked early ancient expired agent other operator; do
	as "$name"
done
peer master -k "$T/master/master" -c "$ca" "$master"
peer admin "unix:$master_socket"
peer plain "$master"
start_daemon "$T/insecure.log" slothd-master --insecure --port 0 --bind-address 127.0.0.1 --state-dir "$T/insecure"
wait_line "$T/insecure.log" 'listening for operators'
insecure=$(sed -nE 's/.*agent registrations on (127[0-9.]*:[0-9]+).*/\1/p' "$T/insecure.log")
peer insecure "$insecure"

assert_table <<'END'
method                                 none foreign revoked early ancient expired agent other operator master admin plain insecure
/agent.AgentRegistry/RegisterAgent      -      -       -      -      -       -      y     n      -       -      -     x      y
/agent.AgentRegistry/Heartbeat          -      -       -      -      -       -      y     n      -       -      -     x      y
/agent.AgentRegistry/ListAgents         -      -       -      -      -       -      -     -      y       -      y     x      y
/agent.AgentRegistry/GetAgentInfo       -      -       -      -      -       -      -     -      y       -      y     x      y
/agent.AgentRegistry/StopAgent          -      -       -      -      -       -      -     -      y       -      y     x      y
/agent.AgentRegistry/UnregisterAgent    -      -       -      -      -       -      -     -      y       -      y     x      y
/agent.AgentRegistry/ExecuteCommand     -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/Run                    -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/ListRuns               -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/WaitRun                -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/ControlRun             -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/Ping                   -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/DrainAgent             -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/ExamineAgent           -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/Status                 -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/Enroll                 y      y       y      y      y       y      y     y      y       y      y     x      y
/sloth.v1.Master/Renew                  -      -       -      -      -       y      y     y      y       -      y     x      y
/sloth.v1.Master/WhoAmI                 -      -       -      -      y       y      y     y      y       y      y     x      y
/sloth.v1.Master/CreateToken            -      -       -      -      -       -      -     -      p       -      y     x      p
/sloth.v1.Master/ListTokens             -      -       -      -      -       -      -     -      p       -      y     x      p
/sloth.v1.Master/RevokeToken            -      -       -      -      -       -      -     -      p       -      y     x      p
/sloth.v1.Master/ListIdentities         -      -       -      -      -       -      -     -      y       -      y     x      y
/sloth.v1.Master/Accept                 -      -       -      -      -       -      -     -      p       -      y     x      p
/sloth.v1.Master/Reject                 -      -       -      -      -       -      -     -      p       -      y     x      p
/sloth.v1.Master/Revoke                 -      -       -      -      -       -      -     -      p       -      y     x      p
/sloth.v1.Master/Audit                  -      -       -      -      -       -      -     -      p       -      y     x      p
/grpc.health.v1.Health/Check            y      y       y      y      y       y      y     y      y       y      y     x      y
/grpc.health.v1.Health/Watch            y      y       y      y      y       y      y     y      y       y      y     x      y
/grpc.reflection.v1.ServerReflection/ServerReflectionInfo       - - - - - - - - y y y x y
/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo  - - - - - - - - y y y x y
END
says none 'UNAUTHENTICATED: this needs a certificate of this cluster: enrol first'
says foreign 'the certificate is of another CA: it belongs to another cluster'
says revoked 'the certificate was revoked'
says early 'the certificate of operator olga is not valid before .*; is a clock wrong?'
says expired 'the certificate of agent web1 has expired on .*; is a clock wrong?'
says agent 'PERMISSION_DENIED: .* is not for you, see sloth whoami'
has_line "$T/as-ancient" 'Renew PERMISSION_DENIED: the certificate has expired more than 365 days ago' ||
	fail "ancient: $(grep Renew "$T/as-ancient")"
assert_equal "$(grep -c 'plaintext peer' "$T/master.log")" 1 'lines about the plaintext peer'

# What those who are known were refused is on record, and no thief of a key fills the log with it.
audit=$T/master/audit/audit.log
recorded() { has_line "$audit" "\"event\":\"$1\",\"who\":\"$2\".*\"object\":\"$3\".*\"decision\":\"denied\""; }
recorded role.denied agent:web1 /sloth.v1.Master/Revoke || fail "no record of what web1 tried"
recorded policy.denied operator:olga enroll || fail "no record of what olga tried"
! recorded role.denied tcp:.* .* || fail "strangers are on record"
for _ in {1..8}; do
	as agent
done
assert_at_most "$(grep -c '"event":"[a-z]*.denied"' "$audit")" 120 'records of refusals'

# Nor the master's own log, with registrations that are none.
for _ in {1..100}; do
	echo '/agent.AgentRegistry/RegisterAgent 1=web1 2=nowhere'
done >"$T/registrations"
knock -k "$T/agent" -c "$ca" "$master" <"$T/registrations" >"$T/stdout" || fail "knock failed"
assert_equal "$(grep -c '^y' "$T/stdout")" 100 'registrations'
assert_at_most "$(grep -c 'registration from .* refused' "$T/master.log")" 40 'lines about refused registrations'

# In the group of the socket, but neither root nor the master's own user: an operator.
as_group() { setpriv --reuid 65534 --regid "$(stat -c %g "$master_socket")" --clear-groups "$@"; }
chmod 755 "$T"
if as_group knock -l "unix:$master_socket" >/dev/null 2>&1; then
	as_group knock "unix:$master_socket" <"$T/requests" >"$T/as-group" || fail "knock failed in the group"
	assert_equal "$(cut -c1 "$T/as-group")" "$(cut -c1 "$T/as-operator")" 'the column of the group'
else
	note "nobody here can be another user in the socket's group"
fi
