#!/usr/bin/env bash
# What a machine needs to become an agent is downloaded from the master with curl and wget, over HTTP/2 and HTTP/1.x, by
# who has no certificate; and the line that is printed for it gets it from the right master only.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
mkdir -p "$T/dist/x86_64"
echo '{ echo installed; }' >"$T/dist/bootstrap.sh"
head -c 3000000 /dev/urandom >"$T/dist/x86_64/slothd-agent"
(cd "$T/dist" && sha256sum x86_64/slothd-agent >SHA256SUMS)
start_secure_master --dist-dir "$T/dist"
M=127.0.0.1 port=$master_port
pin=$(json "$(slothd-master ca show --state-dir "$T/master" -o json)" .fingerprint)

# The first half of the line; "-o $d/b" is what would be run.
line='d=$(mktemp -d) && curl -fsSk https://M:50053/ca.crt -o $d/ca && [ "$(sed '\''/^-----/d'\'' $d/ca | base64 -d | sha256sum)" = "PIN  -" ] &&
	curl -fsS --cacert $d/ca --connect-to slothd-master:50053:M:50053 https://slothd-master:50053/bootstrap.sh -o $d/b && sh $d/b'
line=${line//50053/$port} line=${line//M:/$M:}
run env TMPDIR="$T" sh -c "${line//PIN/$pin}"
assert_status 0
assert_stdout_is $'installed\n'
run env TMPDIR="$T" sh -c "${line//PIN/${pin//[0-9]/a}}"
assert_status 1
assert_stdout_is ''

# of_master FILE PATH COMMAND...: the file that the master has there comes whole
of_master() {
	"${@:3}" "https://slothd-master:$port$2" >"$T/got" 2>"$T/stderr" || fail "${*:3} $2: exit status $?"
	cmp "$T/got" "$1" || fail "${*:3} $2: not the file"
}
secure=(curl -fsS --cacert "$T/master/ca.crt" --connect-to "slothd-master:$port:$master")
for version in --http2 --http1.1 --http1.0 --no-alpn; do
	of_master "$T/dist/x86_64/slothd-agent" /dist/x86_64/slothd-agent "${secure[@]}" $version
done
of_master "$T/master/ca.crt" /ca.crt "${secure[@]}"
of_master "$T/dist/SHA256SUMS" /dist/SHA256SUMS "${secure[@]}" --http1.1
for wget in wget 'busybox wget'; do
	# busybox needs a program for TLS, which not every one has
	$wget -q --no-check-certificate -O "$T/got" "https://$master/dist/x86_64/slothd-agent" 2>"$T/stderr" ||
		{ [ "$wget" != wget ] && note "$wget: $(head -n 1 "$T/stderr")" && continue; } || fail "$wget"
	assert_same "$T/got" "$T/dist/x86_64/slothd-agent"
done

# said COMMAND... : status and fields of the answer in $T/stdout, content in $T/got
said() { run "$@" -sS --cacert "$T/master/ca.crt" --connect-to "slothd-master:$port:$master" -D - -o "$T/got"; }
for version in --http2 --http1.1; do
	said curl $version "https://slothd-master:$port/healthz"
	assert_stdout_like '^HTTP/[0-9.]+ 200'
	assert_stdout_like '^x-content-type-options: nosniff.$'
	assert_equal "$(cat "$T/got")" ok
	said curl $version -I "https://slothd-master:$port/dist/x86_64/slothd-agent"
	assert_stdout_like '^content-length: 3000000.$'
	said curl $version "https://slothd-master:$port/registry.db"
	assert_stdout_like '^HTTP/[0-9.]+ 404'
	for method in PUT POST DELETE; do
		said curl $version -X $method "https://slothd-master:$port/ca.crt"
		assert_stdout_like '^HTTP/[0-9.]+ 405'
		assert_stdout_like '^allow: GET, HEAD.$'
	done
done
said curl --http2 "https://slothd-master:$port/agent.AgentRegistry/ListAgents"
assert_stdout_like '^allow: POST.$'
