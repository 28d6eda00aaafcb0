#!/usr/bin/env bash
# slothd-master ca: init makes the CA once, show and export say the same as openssl and a bare shell do, also
# beside a running master; export gives no key.
. "$(dirname "$0")/lib.sh"

dir=$T/state
ca() { run slothd-master ca "$@" --state-dir "$dir"; }

ca show
assert_status 78
assert_stderr_has "$dir/cluster"
[ ! -e "$dir" ] || fail "show made something"

ca init
assert_status 0
assert_stdout_has 'the CA is made'
first=$(sed -n 's/^CA fingerprint: //p' "$T/stdout")
assert_equal "$(stat -c %a "$dir/ca.key")" 600
ca init
assert_status 0
assert_stdout_has 'was there already'
assert_stdout_has "$first"

ca export
assert_status 0
assert_stdout_lacks 'PRIVATE'
cp "$T/stdout" "$T/ca.pem"
pin=$(sed '/^-----/d' "$T/ca.pem" | base64 -d | sha256sum)
assert_equal "${pin%% *}" "$first" fingerprint

ca show
assert_status 0
assert_stdout_like "^fingerprint: +$first$"
assert_stdout_like '^master: +master, serial [0-9a-f]{32}, valid '
ca show -o json
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .fingerprint)" "$first"
assert_equal "$(json "$(cat "$T/stdout")" .master.name)" master
ca show -o yaml
assert_status 64

if command -v openssl >/dev/null; then
	for purpose in sslserver sslclient; do
		openssl verify -x509_strict -purpose $purpose -CAfile "$T/ca.pem" "$dir/master.crt" >"$T/verify" 2>&1 ||
			fail "openssl: $(cat "$T/verify")"
	done
else
	note "no openssl here: the certificate was not verified by it"
fi

mv "$dir/ca.key" "$T/moved.key"
ca init
assert_status 78
assert_stderr_has 'ca.key: cannot be read'
[ ! -e "$dir/ca.key" ] || fail "a key was made"
run slothd-master ca init --state-dir "$dir" --ca-key "$T/moved.key"
assert_status 0
assert_stdout_has "$first"
ca show
assert_status 0
ca
assert_status 64
ca frobnicate
assert_status 64
assert_stderr_has frobnicate
run slothd-master ca --help
assert_status 0
assert_stdout_has export

# Beside a running master: it holds the lock.
start_master --insecure
dir=$T/master
ca init
assert_status 78
assert_stderr_has 'another master runs'
ca show
assert_status 0
ca export
assert_status 0
assert_same "$T/stdout" "$dir/ca.crt"
