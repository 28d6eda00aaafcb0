#!/usr/bin/env bash
# sloth version: its own and that of its libraries; as JSON also of the programs beside it, as far as they are there.
. "$(dirname "$0")/lib.sh"
run sloth version
assert_status 0
assert_stdout_like '^sloth [0-9.]+$'
assert_stdout_like '^nghttp2 [0-9.]+$'
assert_stdout_lacks 'OpenSSL|SQLite'
run slothd-master --version
assert_stdout_like '^SQLite 3\.'
sqlite=$(sed -n 's/^SQLite //p' "$T/stdout")

all=$(sloth version -o json)
assert_equal "$(json "$all" .version)" "$(sloth version | sed -n 's/^sloth //p')"
assert_equal "$(json "$all" .libraries[0].name)" nghttp2
assert_equal "$(json "$all" .programs[0].name)" sloth-tls
assert_equal "$(json "$all" .programs[0].libraries[4].name)" OpenSSL
assert_equal "$(json "$all" .programs[1].name)" slothd-master
assert_equal "$(json "$all" .programs[1].libraries[5].version)" "$sqlite"
assert_equal "$(json "$all" .programs[2].name)" slothd-agent

# Beside a sloth of its own: what is not there is left out, what is of another version says so, what is broken too.
mkdir -p "$T/usr/bin" "$T/usr/sbin"
cp "$SLOTH_BUILD/bin/sloth" "$T/usr/bin"
printf '#!/bin/sh\necho slothd-master 0.0.1; echo "zlib 1.3 (built with 1.2)"\n' >"$T/usr/sbin/slothd-master"
printf '#!/bin/sh\nexit 1\n' >"$T/usr/sbin/slothd-agent"
chmod +x "$T"/usr/sbin/*
all=$("$T/usr/bin/sloth" version -o json)
assert_equal "$(json "$all" .programs[0].version)" 0.0.1
assert_equal "$(json "$all" .programs[0].path)" "$(realpath "$T")/usr/sbin/slothd-master"
assert_equal "$(json "$all" .programs[0].libraries[0].version)" 1.3
assert_equal "$(json "$all" .programs[0].libraries[0].built_with)" 1.2
assert_equal "$(json "$all" .programs[1].name)" slothd-agent
[ -n "$(json "$all" .programs[1].error)" ] || fail "no word about a program that says nothing: $all"
