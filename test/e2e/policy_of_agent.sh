#!/usr/bin/env bash
# The agent's own policy has the last word: what it does not allow is refused, with the line that decided; a wrong one
# keeps the agent from starting, and on SIGHUP the one before stays.
. "$(dirname "$0")/lib.sh"
me=$(id -un)
policy=$T/agent.policy

# starts_not WORDS: with the policy as it is.
starts_not() {
	run slothd-agent --name web1 --port 0 --state-dir "$T/x" --policy "$policy"
	assert_status 78
	assert_stderr_has "$1"
}
starts_not 'agent.policy cannot be read: No such file'
printf 'allow *\nallow * agents=web1\n' >"$policy"
starts_not 'agent.policy:2: "agents=" belongs in the master'
if [ "$(id -u)" -eq 0 ]; then
	chmod 666 "$policy"
	starts_not 'agent.policy can be written by others'
	chmod 600 "$policy"
fi

start_master
echo "allow * verbs=run run-as=$me" >"$policy"
start_agent web1 --policy "$policy"
run sloth agent run -n web1 'echo hello'
assert_status 0
assert_stdout_is $'hello\n'
wait_line "$T/web1.log" "info.*policy allows .* to run as $me \\(.*agent.policy:1\\)"
run sloth agent run --user nobody web1 true
assert_status 125
assert_stderr_has 'agent "web1": its policy denies'
assert_stderr_has "to run as nobody (no rule of $policy allows it)"
wait_line "$T/web1.log" 'warn.*policy denies .* to run as nobody'
run sloth agent stop web1
assert_status 1
assert_stderr_has 'its policy denies'
assert_running "${agent_pid[web1]}" web1

if "$python" -c 'import grpc' 2>/dev/null; then
	run "$python" "$here/lib/foreign.py" exec "$master" web1 'echo hello'
	assert_stdout_has hello
fi

# hup REGEX: the agent reads its policy, and a line comes that was not there.
hup() {
	local before

	before=$(grep -c 'policy' "$T/web1.log")
	kill -HUP "${agent_pid[web1]}"
	said() { tail -n "+$((before + 1))" <(grep policy "$T/web1.log") | grep -qE -- "$1"; }
	until_true 30 said "$1" || fail "the log does not say '$1'"
}
printf '# nobody\n\ndeny *\n' >"$policy"
hup 'policy .*: rules: 1'
run sloth agent run web1 true
assert_status 125
assert_stderr_has "to run as $me ($policy:3)"
echo 'allow all of it' >"$policy"
hup 'error.*agent.policy:1: "of" is no part of a rule.*stays as it was'
run sloth agent run web1 true
assert_stderr_has "to run as $me ($policy:3)"
echo 'allow *' >"$policy"
hup 'policy .*: rules: 1'
run sloth agent run web1 true
assert_status 0
sloth agent stop web1 >"$T/stdout" || fail "web1 does not stop: $(cat "$T/stdout")"
wait "${agent_pid[web1]}"
assert_equal $? 69 'exit status of the agent'
forget "${agent_pid[web1]}"
