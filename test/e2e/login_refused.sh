#!/usr/bin/env bash
# A login that fails says why and what to try, and leaves what was there: nothing, or an older login.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
contexts=$XDG_CONFIG_HOME/sloth/contexts

# refused STATUS WORDS WORD...: sloth login WORD... fails like this and leaves nothing.
refused() {
	local expected=$1 words=$2

	shift 2
	run sloth login -o json "$@"
	assert_status "$expected"
	assert_stderr_like "^sloth: login: .*$words"
	assert_stderr_like '^  try: '
	assert_equal "$(ls -A "$contexts" 2>/dev/null)" "$contexts_now" 'what lies among the contexts'
	[ -n "$(json "$(cat "$T/stdout")" .error)" ] || fail "no error in the document"
	! grep -q "$secret" "$T/stdout" "$T/stderr" || fail "the secret is shown"
}
variant() { (umask 077 && sed "$1" "$T/token" >"$T/variant"); }
contexts_now=
make_token "$T/token" --role operator --name alice
secret=$(cut -d. -f4 "$T/token")

all_refused() {
	refused 2 'token is missing' "$master"
	refused 2 'exclude each other' "$master" --token-file "$T/token" --token x
	refused 2 'no address' 'a:b:c' --token-file "$T/token"
	refused 2 'unix socket needs no login' "unix:$master_socket" --token-file "$T/token"
	refused 2 "not a context's name" "$master" --context ../x --token-file "$T/token"
	refused 1 'No such file' "$master" --token-file "$T/none"
	chmod 644 "$T/token"
	refused 1 'everybody can read' "$master" --token-file "$T/token"
	chmod 600 "$T/token"
	variant 's/.$//'
	refused 1 'variant: ' "$master" --token-file "$T/variant"
	variant 's/^sloth1\.[0-9a-f]\{8\}/sloth1.00000000/'
	refused 1 'fingerprint differs' "$master" --token-file "$T/variant"
	variant 's/[0-9a-f]\{8\}$/00000000/'
	refused 1 "master at $master: " "$master" --token-file "$T/variant"
	refused 1 'the token is for' "$master" --token-file "$T/token" --name bob
	refused 1 refused "127.0.0.1:$(closed_port)" --token-file "$T/token"
}
all_refused

# an agent's token makes no operator; a revoked and a used one make nobody
make_token "$T/agent-token" --name stray
refused 1 'name ' "$master" --token-file "$T/agent-token"
assert_stderr_like 'try: a token for an operator'
refused 1 'agent' "$master" --token-file "$T/agent-token" --name stray
make_token "$T/void" --role operator --name carol
run on_master token revoke "$(cut -d. -f3 "$T/void")"
assert_status 0
refused 1 'revoked' "$master" --token-file "$T/void"
run sloth login "$master" --token-file "$T/token" --context work
assert_status 0
contexts_now=work
before=$(cat "$contexts/work/operator.key")
make_token "$T/token" --role operator --name dave
secret=$(cut -d. -f4 "$T/token")
files() { find "$XDG_CONFIG_HOME" -type f -exec sha256sum {} + | sort; }
files >"$T/before"
all_refused
files >"$T/after"
assert_same "$T/before" "$T/after"
run sloth login "$master" --token-file "$T/token" --context work
assert_status 0
contexts_now=work
refused 1 'used up' "$master" --token-file "$T/token" --context work
[ "$before" != "$(cat "$contexts/work/operator.key")" ] || fail "the older key is still there"
run sloth whoami
assert_stdout_has operator:dave

# somebody else's port: an agent, a master without TLS
start_secure_agent web1
agent=$(json "$(on_master agent get web1 -o json)" .address)
make_token "$T/token" --role operator --name erin
secret=$(cut -d. -f4 "$T/token")
refused 1 'answers as agent' "$agent" --token-file "$T/token"
run sloth --master "$agent" --context work status
assert_status 1
assert_stderr_has 'answers as agent web1'
assert_stderr_like 'try: .*address'
start_daemon "$T/plain.log" slothd-agent --insecure --name plain --master "$master" --port 0 --bind-address 127.0.0.1 \
	--state-dir "$T/plain"
wait_line "$T/plain.log" 'listening on 127'
plain=$(sed -nE 's/.*listening on (127[0-9.]*:[0-9]+).*/\1/p' "$T/plain.log" | head -n 1)
refused 1 'TLS: the peer closed' "$plain" --token-file "$T/token"
run sloth --master "$plain" --context work status
assert_status 1
assert_stderr_has 'TLS: the peer closed'
assert_stderr_like 'try: .*--insecure'

# another master: it is not the one of the login, nor of the token
stop_daemons
daemon_pids=()
start_secure_master --state-dir "$T/other"
run sloth --master "$master" --context work status
assert_status 1
assert_stderr_has 'another CA'
assert_stderr_like 'try: .*sloth login'
refused 1 'fingerprint differs' "$master" --token-file "$T/token"
