#!/usr/bin/env bash
# Tokens: stdout has the token and nothing else; lists show what it is good for and never its secret.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
run on_master token list
assert_status 1
run on_master token create --uses 3 --ttl 90m --name 'web*'
assert_status 0
assert_equal "$(wc -l <"$T/stdout")" 1 'lines of stdout'
assert_stdout_like '^sloth1\.[0-9a-f]{64}\.[0-9a-f]{8}\.[0-9a-f]{32}$'
assert_stderr_like '^sloth: token [0-9a-f]{8}, good until .* for 3 '
token=$(cat "$T/stdout") id=$(cut -d. -f3 "$T/stdout")
! grep -q "${token##*.}" "$T/stderr" || fail "the secret goes to stderr"
assert_equal "$(cut -d. -f2 "$T/stdout")" "$(sed '/^-----/d' "$T/master/ca.crt" | base64 -d | sha256sum | cut -d' ' -f1)" 'the pin'

run on_master token list
assert_status 0
assert_stdout_like "^$id +agent +web\* +3 +in 1h (29|30)m.* good"
run on_master token list -o json
assert_equal "$(json "$(cat "$T/stdout")" .tokens[0].uses_left)" 3 'uses that are left'
! grep -q "${token##*.}" "$T/stdout" || fail "the list shows the secret"
run on_master token create -o json --role operator --name alice
assert_status 0
assert_equal "$(json "$(cat "$T/stdout")" .token | cut -c1-7)" sloth1. 'the token in the document'

run on_master token revoke 00000000
assert_status 1
assert_stderr_like '^sloth: token revoke: '
run on_master token revoke "$token"
assert_status 0
assert_stdout_is "$id: revoked"$'\n'
run on_master token list
assert_stdout_like "^$id .*revoked"

# A line that installs an agent: this master has no agents to give out, so there is no token either.
before=$(on_master token list | wc -l)
run on_master token create --name web1 --print-install
assert_status 1
assert_stderr_has 'this master has no agent to give out: '
assert_stdout_is ''
run on_master token create --name 'web*' --print-install
assert_status 2
run on_master token create --name web1 --print-install=incus
assert_status 2
assert_stderr_has 'try: --incus HOST:PORT'
assert_equal "$(on_master token list | wc -l)" "$before" 'lines of the list'
run slothd-agent --version
! grep -q "${token##*.}" "$T"/*.log || fail "the secret is in a log"
