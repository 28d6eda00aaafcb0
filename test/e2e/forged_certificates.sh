#!/usr/bin/env bash
# Certificates that nobody may be taken in by: with two names, with names that are none, signed by an agent's leaf. Whoever
# shows one gets no further than without, and reads why.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/peers.sh"
start_secure_master
ca=$T/master/ca.crt
cluster=$(cat "$T/master/cluster")
certify "$T/master/ca" leaf -1 30 agent/web1
certify "$T/leaf" authority -1 30 CA

# refused ISSUER WORDS URI...: a certificate with these names
refused() {
	certify "$1" forged -1 30 "${@:3}"
	call $'/sloth.v1.Master/Status\n/grpc.health.v1.Health/Check' -k "$T/forged" -c "$ca" "$master"
	assert_stdout_has "- /sloth.v1.Master/Status UNAUTHENTICATED: $2"
	assert_stdout_has 'y /grpc.health.v1.Health/Check OK'
}
own() { refused "$T/master/ca" "$@"; }
own 'the certificate names more than one identity' agent/web1 operator/root
own 'the certificate names more than one identity' operator/root operator/root
own 'the certificate names more than one identity' https://example.com/ operator/root
for name in ro%6ft '' .. ../root root/x 'root?x' root,agent/web1 'root '; do
	own 'the name in the certificate is not allowed as a name' "operator/$name"
done
for uri in operator/root@ operator/root@.example.com "spiffe://$cluster@/operator/root"; do
	own 'the identity in the certificate has a NUL in it' "$uri"
done
own 'the identity in the certificate is no agent, operator or master' Operator/root
own 'the identity in the certificate names no cluster' "spiffe://${cluster^^}/operator/root"
own 'the identity in the certificate does not begin with spiffe://' "SPIFFE://$cluster/operator/root"
own 'the identity in the certificate does not begin with spiffe://' "https://$cluster/operator/root"
refused "$T/leaf" 'the certificate is of another CA' operator/root
refused "$T/authority" 'the certificate is of another CA' operator/root
refused "$T/leaf" 'the certificate is of another CA' master/master

# The one that they are variations of is good.
certify "$T/master/ca" forged -1 30 operator/root
call /sloth.v1.Master/Status -k "$T/forged" -c "$ca" "$master"
assert_stdout_like '^y '
