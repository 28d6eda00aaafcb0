#!/usr/bin/env bash
# slothd-agent --doctor without options looks with those of the agent that runs, and never shows its token.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
make_token "$T/token" --name web1
launch_secure_agent web1 --token "$(cat "$T/token")"
wait_usable web1
doctor() { run slothd-agent --doctor --state-dir "$T/agent-web1" "$@"; }

doctor
assert_stdout_like "^ok +options +those of the agent that runs, pid ${agent_pid[web1]}: --name web1 --master $master --port 0 "
assert_stdout_lacks '--token'
assert_stdout_lacks "$(cut -c 1-12 "$T/token")"
assert_stdout_like "^ok +configuration +agent web1 of master $master"
for line in 'certificate +agent web1, valid from' TCP "master's identity" 'registered +as 127' 'reach +direct'; do
	assert_stdout_like "^ok +$line"
done

# Whoever says something is taken at his word.
doctor --name web9
assert_status 1
assert_stdout_lacks '^ok +options'
assert_stdout_like '^failed +certificate +agent web1, valid from'

# What cannot be read again as it was is not guessed: nobody is asked.
stop_daemon "${agent_pid[web1]}"
mkdir "$T/elsewhere"
printf '[Agent]\nname = web1\nport = 0\nmaster = %s\n' "$master" >"$T/elsewhere/agent.conf"
pushd "$T/elsewhere" >/dev/null || exit 1
launch_secure_agent web1 --config agent.conf
popd >/dev/null || exit 1
wait_usable web1
doctor
assert_status 1
assert_stdout_like "^failed +options +the agent that runs, pid ${agent_pid[web1]}, was started with others: "
assert_stdout_like "^ +-> slothd-agent --doctor and the options of that agent: ps -o args= -p ${agent_pid[web1]}$"
assert_stdout_lacks '^(ok|failed) +TCP'
