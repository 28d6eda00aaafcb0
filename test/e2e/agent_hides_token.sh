#!/usr/bin/env bash
# However an agent gets its token, it is seen in no environment, command line or log, and by no command; one that
# others could have read, or that is cut, is refused.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master

# enrols NAME COMMAND...: the secret of $T/token is nowhere once it is in.
enrols() {
	local name=$1 secret

	shift
	secret=$(cut -d. -f4 "$T/token")
	[ "${#secret}" -eq 32 ] || fail "no secret"
	start_daemon "$T/$name.log" "$@" --name "$name" --master "$master" --port 0 --bind-address 127.0.0.1 \
		--state-dir "$T/agent-$name" --log-level debug
	until_true 20 is_usable "$name" || fail "$name did not enrol"
	! grep -qa "$secret" "/proc/$started/environ" || fail "$name: the secret is in the environment"
	! grep -qa "$secret" "/proc/$started/cmdline" || fail "$name: the secret is in the command line"
	! grep -qra "$secret" "$T/$name.log" "$T/master.log" "$T/master" "$T/agent-$name" || fail "$name: the secret is in a file"
	run on_master agent run -n "$name" env
	assert_status 0
	assert_stdout_has SLOTH_AGENT=
	assert_stdout_lacks "SLOTH_TOKEN|$secret"
}
make_token "$T/token" --name file
enrols file slothd-agent --token-file "$T/token"
make_token "$T/token" --name stdin
# shellcheck disable=SC2016  # for the shell that it starts
enrols stdin bash -c 'exec slothd-agent "$@" <"$0"' "$T/token" --token-file -
make_token "$T/token" --name environment
enrols environment env SLOTH_TOKEN="$(cat "$T/token")" slothd-agent
! has_line "$T/environment.log" 'every user of this machine' || fail "the environment is no command line"
make_token "$T/token" --name line
enrols line slothd-agent --token "$(cat "$T/token")"
has_line "$T/line.log" '^.* warn .*every user of this machine could read it' || fail "nobody is warned"

# refused WORDS OPTION...: a configuration error.
refused() {
	local words=$1

	shift
	run timeout 20 slothd-agent --name no --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$T/no" "$@"
	assert_status 78
	assert_stderr_has "$words"
	assert_stderr_lacks "$(cut -d. -f4 "$T/token")"
}
make_token "$T/token"
chmod 644 "$T/token"
refused 'everybody can read' --token-file "$T/token"
chmod 600 "$T/token"
refused 'a part of it is missing' --token "$(head -c 60 "$T/token")"
SLOTH_TOKEN=sloth2.x refused 'SLOTH_TOKEN: this is no token of ours'
refused 'No such file' --token-file "$T/none"
