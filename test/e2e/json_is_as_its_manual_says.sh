#!/usr/bin/env bash
# Every command that takes -o json prints one object whose members and types are those of sloth-json(5), and whatever stands
# there is printed by one.
# timeout: 150
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
mkdir -p "$T/dist/x86_64" "$T/documents"
echo '{ echo installed; }' >"$T/dist/bootstrap.sh"
echo a program | tee "$T/dist/x86_64/slothd-agent" >"$T/dist/x86_64/sloth-supervise"
(cd "$T/dist" && sha256sum x86_64/* >SHA256SUMS)
mkdir "$T/policy.d"
printf 'allow *\ndeny * agents=web1 verbs=run run-as=nobody\ndeny * agents=db* verbs=stop\n' >"$T/policy.d/10.conf"
# The master then has something to warn of.
mkdir -m 700 "$T/master"
head -c 20000 /dev/urandom >"$T/master/registry.db"
start_secure_master --dist-dir "$T/dist" --policy-dir "$T/policy.d"
export SLOTH_SOCKET=$master_socket

documents=0
keep() { cp "$T/stdout" "$T/documents/$1.$((documents += 1))"; }

# see STATUS COMMAND [WORD...]: what the command prints, whose words are one ("agent list"); WORDS may hold options.
see() {
	local words

	read -ra words <<<"$2"
	run sloth -o json "${words[@]}" "${@:3}"
	assert_status "$1"
	keep "$2"
}

# Before there is anything.
for command in 'agent list' 'agent pending' 'operator list' 'run list' history 'token list'; do
	see 1 "$command"
done
see 1 'context list'
see 2 'agent get' 'no such name'
see 2 'run list' --no-such-option
see 1 'agent get' nobody
see 125 'agent run' nobody true

# Tokens, identities, logins.
see 0 'token create' --name web1 --ttl 1h
(umask 077 && json "$(cat "$T/stdout")" .token >"$T/token-web1")
see 0 'token create' --name web1 --replace --print-install=incus --incus 127.0.0.1:50061 --master-address 127.0.0.1
see 0 'token create' --role operator --name alice
(umask 077 && json "$(cat "$T/stdout")" .token >"$T/token-alice")
alice=$(json "$(cat "$T/stdout")" .id)
env -u SLOTH_SOCKET sloth -o json login "$master" --token-file "$T/token-alice" --context work >"$T/stdout" || fail login
keep login
see 0 'token create'
see 0 'token revoke' "$alice"
see 0 'token list'
launch_secure_agent web1 --token-file "$T/token-web1"
for name in web2 web3; do
	launch_secure_agent "$name" --report-address "127.0.0.1:$(closed_port)"
done
waits() { sloth agent pending 2>/dev/null | grep -q "^$1 "; }
until_true 20 waits web2 || fail 'web2 does not wait'
until_true 20 waits web3 || fail 'web3 does not wait'
see 0 'agent pending'
see 0 'agent accept' web2
see 0 'agent reject' web3
see 1 'agent reject' web3
see 1 'agent accept' 'nobody*'
see 0 'context list'
mkdir -p "$XDG_CONFIG_HOME/sloth/contexts/broken"
see 0 'context list'
see 0 'context use' work
see 0 whoami
run env -u SLOTH_SOCKET sloth -o json whoami
keep whoami
see 0 'operator list'

# Agents: one that works, one that nobody can reach, one that is drained.
until_true 20 is_usable web1 || fail "web1 is not usable: $(sloth agent list)"
wait_shows web2 unreachable
see 0 'agent drain' web2
see 0 'agent list'
see 0 'agent get' web1
see 0 'agent get' web2
see 0 'agent doctor' web1
see 1 'agent doctor' web2
see 0 'agent undrain' web2
start_daemon "$T/second.log" slothd-agent --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 \
	--state-dir "$T/second"
second=$started
is_denied() { sloth agent pending 2>/dev/null | grep -q '^web1 .*denied'; }
until_true 20 is_denied || fail "another key gets the name: $(sloth agent pending 2>&1)"
see 0 'agent pending'
stop_daemon "$second"
start_secure_agent web4
mkdir -m 700 "$T/copy"
tar c -C "$T/agent-web4" --exclude=./run --exclude=./agent.pid . | tar x -C "$T/copy"
start_daemon "$T/copy.log" slothd-agent --name web4 --master "$master" --port 0 --bind-address 127.0.0.1 \
	--state-dir "$T/copy"
wait_shows web4 CONFLICT
see 0 'agent list'
stop_daemon "$started"
stop_daemon "${agent_pid[web4]}"

# Runs.
see 3 'agent run' -n web1 'echo out; echo err >&2; exit 3'
see 0 'agent run' -n --argv web1 printf '\377\n'
see 0 'agent run' -n --argv web1 true $'\377'
see 0 'agent run' -n web1 'printf "\377\n" >&2'
see 137 'agent run' -n web1 'kill -KILL $$'
see 124 'agent run' -n --timeout 100ms web1 'sleep 300'
see 127 'agent run' -n --argv web1 /no/such/program
see 0 'agent run' -n --cwd / --env A=1 web1 true
see 0 'agent run' -n web1 "true $(printf '%05000d' 1)"
see 125 'agent run' -n --user nobody web1 true
SUDO_USER=alice see 0 'agent run' -n web1 true
see 0 'agent run' --detach --user "$(id -un)" web1 'echo started; sleep 300'
id=$(json "$(cat "$T/stdout")" .run_id)
is_running() { [ "$(json "$(sloth -o json run show "$id")" .state)" = running ]; }
until_true 20 is_running || fail 'it does not run'
see 0 'run show' "$id"
see 0 'run list'
see 124 'run wait' --timeout 100ms "$id"
see 0 'run logs' "$id"
see 0 'run signal' "$id" CONT
kill_daemon "${agent_pid[web1]}"
is_lost() { [ "$(json "$(sloth -o json run show "$id")" .state)" = lost-contact ]; }
until_true 20 is_lost || fail "contact is not lost: $(sloth run show "$id")"
see 0 'run show' "$id"
launch_secure_agent web1
until_true 20 is_running || fail "the next agent does not have it: $(sloth run show "$id")"
see 0 'run stop' "$id"
is_over() { [ "$(json "$(sloth -o json run show "$id")" .over)" = true ]; }
until_true 20 is_over || fail 'it is not over'
see 0 'run list' --all
see 143 'run attach' -n "$id"
see 143 'run wait' "$id"
see 0 'run rm' "$id"
see 0 history
see 0 history -n 1

# The rest.
see 0 status
see 0 'master status' --state-dir "$T/master"
see 1 'master status' --state-dir "$T/none"
printf 'color = auto\n[agent run]\ntimeout = 5m\nargv = yes\nenv = A=1\nenv = B=2\n' >"$XDG_CONFIG_HOME/sloth/config"
see 0 'config show'
rm "$XDG_CONFIG_HOME/sloth/config"
see 0 'config show' agent --config /dev/null
see 0 version
run slothd-master ca show --state-dir "$T/master" -o json
keep 'slothd-master ca show'
see 0 'agent delete' web2
see 0 'agent revoke' web2
see 0 'operator revoke' alice
see 0 'agent stop' web1
wait "${agent_pid[web1]}"
forget "${agent_pid[web1]}"
see 1 'agent stop' db1
see 0 audit
see 0 'context rm' work
run sloth -o json master stop --state-dir "$T/master"
assert_status 0
keep 'master stop'
wait "$master_pid"
forget "$master_pid"
"$python" "$here/lib/json_manual.py" "$root/man/sloth-json.5" "$root/man/slothd-master.8" "$T/documents" >"$T/differ" ||
	fail "$(cat "$T/differ")"
