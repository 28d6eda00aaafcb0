#!/usr/bin/env bash
# What both daemons insist on in TLS: version 1.3, HTTP/2 by ALPN and the role that was agreed on there, and a whole
# handshake for every connection.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
command -v openssl >/dev/null || skip "no openssl here"
start_secure_master
start_secure_agent web1
ca=$T/master/ca.crt
agent=$(json "$(on_master agent get web1 -o json)" .address)
mkfifo "$T/typed"
exec 9<>"$T/typed"		# nobody types the end of a file

client() { run timeout 10 openssl s_client -connect "$1" -CAfile "$ca" -verify_return_error "${@:2}"; }

# refused ADDRESS WORDS OPTION...: no handshake comes to an end
refused() {
	client "$1" "${@:3}" </dev/null
	[ "$status" -ne 0 ] || fail "openssl s_client ${*:3} succeeded"
	assert_stderr_has "$2"
}

# closed ADDRESS BYTES OPTION...: the connection ends after these bytes
closed() {
	printf '%b' "$2" >&9
	client "$1" -quiet "${@:3}" <"$T/typed"
	[ "$status" -ne 124 ] || fail "the connection is still there"
}

preface='PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0'
reverse='SLOTH-RH2 1\r\n\0\0\0\4\0\0\0\0\0'
judge() {
	local address=$1 log=$2

	refused "$address" 'alert protocol version' -tls1_2 -alpn h2
	wait_line "$log" 'TLS: the peer does not speak TLS 1.3'
	refused "$address" 'alert no application protocol' -alpn spdy/1
	wait_line "$log" 'the peer speaks TLS, but not gRPC'

	closed "$address" "$preface"
	wait_line "$log" 'inside TLS without having asked for it'
	closed "$address" "$reverse"
	closed "$address" "$reverse" -alpn h2
	wait_line "$log" 'bad client magic'
	closed "$address" "$preface" -alpn rh2
	wait_line "$log" 'the peer does not speak HTTP/2'
	closed "$address" 'GET / HTTP/1.1\r\n\r\n' -alpn http/1.1
	assert_stdout_has "$3"

	# Nothing to resume with: no ticket comes behind the handshake, of which HTTP/2's first bytes are the proof.
	closed "$address" "$reverse" -alpn h2 -sess_out "$T/session"
	[ ! -e "$T/session" ] || fail "the session can be resumed"
}
judge "$master" "$T/master.log" 'HTTP/1.1 400 Bad Request'
judge "$agent" "$T/web1.log" 'This port speaks gRPC'
is_usable web1 || fail "the agent is gone"
