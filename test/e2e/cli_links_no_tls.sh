#!/usr/bin/env bash
# sloth links no TLS, so that it starts fast; what does lies beside it, and its absence is said.
# build: plain
. "$(dirname "$0")/lib.sh"
ldd "$SLOTH_PLAIN_BUILD/bin/sloth" >"$T/sloth"
ldd "$SLOTH_PLAIN_BUILD/libexec/sloth/sloth-tls" >"$T/sloth-tls"
grep -q libnghttp2 "$T/sloth" || fail "ldd does not work"
! grep -E 'libssl|libcrypto' "$T/sloth" || fail "sloth links OpenSSL"
grep -q libssl "$T/sloth-tls" || fail "sloth-tls links no OpenSSL"

mkdir -p "$T/usr/bin" "$T/usr/libexec/sloth" "$XDG_CONFIG_HOME/sloth/contexts/work"
cp "$SLOTH_PLAIN_BUILD/bin/sloth" "$T/usr/bin"
echo 127.0.0.1:1 >"$XDG_CONFIG_HOME/sloth/contexts/work/address"
for words in '--master 127.0.0.1:1 status' 'login 127.0.0.1:1' 'agent list --context work'; do
	# shellcheck disable=SC2086  # a list of words
	run "$T/usr/bin/sloth" $words
	assert_status 1
	assert_stderr_like 'libexec/sloth/sloth-tls, which cannot be started: No such file'
	assert_stderr_like 'try: .*package'
done
run "$T/usr/bin/sloth" agent run --context work web1 true
assert_status 125
assert_stderr_has sloth-tls

# all words arrive, in their order
printf '#!/bin/sh\nprintf "<%%s>" "$0" "$@"\n' >"$T/usr/libexec/sloth/sloth-tls"
chmod +x "$T/usr/libexec/sloth/sloth-tls"
run "$T/usr/bin/sloth" agent run --context work web1 'two words' -x
assert_status 0
assert_stdout_like '<agent><run><--context><work><web1><two words><-x>$'
run "$T/usr/bin/sloth" agent list 'w*' --context work --state active
assert_stdout_like '<agent><list><w\*><--context><work><--state><active>$'
