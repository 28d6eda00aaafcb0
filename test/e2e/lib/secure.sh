# shellcheck shell=bash disable=SC2034,SC2154,SC2004  # variables that scripts use, and those of lib.sh
#
# secure.sh - a master and agents as they are without --insecure: TLS, certificates, tokens. Sourced behind lib.sh.

# start_secure_master [OPTION...]: like start_master, but SLOTH_MASTER is not set: on_master COMMAND... is the admin at its
# unix socket, and everybody else has to log in.
start_secure_master() {
	start_daemon "$T/master.log" slothd-master --port 0 --bind-address 127.0.0.1 --state-dir "$T/master" \
		--socket "$T/admin.sock" "$@"
	master_pid=$started
	master_socket=$T/admin.sock
	until_true 20 has_line "$T/master.log" 'listening for operators' || fail "the master did not start"
	master=$(sed -nE 's/.*listening for agent registrations on (127[0-9.]*:[0-9]+).*/\1/p' "$T/master.log" | head -n 1)
	master_port=${master##*:}
	until_true 30 ask_master status >/dev/null 2>&1 || fail "the master does not answer"
}
on_master() { sloth --socket "$master_socket" "$@"; }
ask_master() { ask --socket "$master_socket" "$@"; }

# make_token FILE [OPTION...]: as sloth token create takes them.
make_token() {
	local file=$1

	shift
	(umask 077 && on_master token create "$@" >"$file" 2>"$T/token.err") || fail "no token: $(cat "$T/token.err")"
}

# log_in NAME [OPTION...]: as operator NAME.
log_in() {
	make_token "$T/token-$1" --role operator --name "$1"
	sloth login "$master" --token-file "$T/token-$1" "${@:2}" >"$T/login.out" 2>&1 || fail "no login: $(cat "$T/login.out")"
}

# start_secure_agent NAME [OPTION...]: with a token of its own; returns when the master can use it.
start_secure_agent() {
	make_token "$T/token-$1" --name "$1"
	launch_secure_agent "$1" --token-file "$T/token-$1" "${@:2}"
	wait_usable "$1"
}
launch_secure_agent() {
	local name=$1

	shift
	start_daemon "$T/$name.log" slothd-agent --name "$name" --master "$master" --port 0 --bind-address 127.0.0.1 \
		--state-dir "$T/agent-$name" "$@"
	agent_pid[$name]=$started
}
# wait_usable NAME: the agent that was launched last under this name.
wait_usable() {
	wait_registered "$1"
	until_true 20 is_usable "$1" || fail "agent $1 did not become usable: $(on_master agent list 2>&1)"
}
is_usable() {
	local out

	out=$(ask_master agent get "$1" -o json 2>/dev/null) || return 1
	[[ $out == *'"state":"active"'* && $out == *'"reachable":true'* ]]
}
