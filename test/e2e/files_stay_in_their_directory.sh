#!/usr/bin/env bash
# Whatever a path looks like, it leads to the regular files of the directory that everybody may read, and to nothing
# else; a file that is replaced while it is read comes whole.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
run slothd-master --port 0 --state-dir "$T/x" --dist-dir "$T/none"
assert_status 78
assert_stderr_has "$T/none"

mkdir -p "$T/dist/x86_64/below" "$T/dist/.git" "$T/other"
echo secret >"$T/other/secret"
cd "$T/dist" || exit 1
ln -s ../other linked
ln -s ../other/secret SHA256SUMS
ln -s ../../other/secret x86_64/linked
mkfifo x86_64/pipe
echo no | tee x86_64/below/file .git/config x86_64/.hidden file x86_64/writable x86_64/closed >/dev/null
chmod o+w x86_64/writable
chmod o-r x86_64/closed
head -c 3000000 /dev/urandom >x86_64/slothd-agent
cp x86_64/slothd-agent "$T/first"
cd "$T" || exit 1
start_secure_master --dist-dir "$T/dist"

# expect VERSION CODE PATH...: all of them get this status
expect() {
	local path arguments=()

	for path in "${@:3}"; do
		arguments+=(-o /dev/null "https://$master$path")
	done
	curl -ks --path-as-is "$1" -w '%{http_code} %{url}\n' "${arguments[@]}" >"$T/codes"
	assert_equal "$(wc -l <"$T/codes")" $(($# - 2)) 'the number of answers'
	! grep -v "^$2 " "$T/codes" || fail "not $2 (above)"
}
expect --http2 200 /dist/x86_64/slothd-agent '/dist/x86_64/slothd-agent?v=1' /ca.crt /healthz
expect --http2 404 /dist/x86_64/closed
wait_line "$T/master.log" 'dist/x86_64/closed is not served: not everybody on this machine may read it'
expect --http2 404 / /dist /dist/ /dist/x86_64 /dist/x86_64/ /dist/x86_64/none /dist/x86_64//slothd-agent //ca.crt /ca.crt/ \
	/dist/x86_64/../../master/ca.key /dist/../master/ca.key /dist/x86_64/..%2f..%2fmaster%2fca.key /dist/%2e%2e/file \
	/dist/../ca.crt /dist/x86_64/. /dist/x86_64/.. /dist/./file /dist/file /dist/.git/config /dist/x86_64/.hidden \
	/dist/x86_64/below /dist/x86_64/below/file /dist/linked/secret /dist/x86_64/linked /dist/SHA256SUMS /dist/x86_64/pipe \
	/dist/x86_64/writable /bootstrap.sh "$T/master/ca.key" "/$(printf 'a%.0s' {1..1500})"
expect --http1.1 404 / /dist/x86_64/../../master/ca.key /dist/%2e%2e/file /dist/x86_64/linked
expect --http1.1 414 "/$(printf 'a%.0s' {1..1500})"

fds=$(open_fds "$master_pid")
curl -ks --limit-rate 2M -o "$T/got" "https://$master/dist/x86_64/slothd-agent" &
until_true 20 test -s "$T/got" || fail "the download does not begin"
echo second >"$T/dist/x86_64/new"
mv "$T/dist/x86_64/new" "$T/dist/x86_64/slothd-agent"
run curl -ks "https://$master/dist/x86_64/slothd-agent"
assert_stdout_is $'second\n'
wait $! || fail "a download ended with the file"
assert_same "$T/got" "$T/first"
has_descriptors() { [ "$(open_fds "$master_pid")" -le "$fds" ]; }
until_true 20 has_descriptors || fail "descriptors are left: $(open_fds "$master_pid"), $fds before"
