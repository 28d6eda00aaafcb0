#!/usr/bin/env bash
# slothd-agent --doctor: beside the running agent, with its options; each thing that is wrong is one line, and what to do.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
start_secure_master
start_secure_agent web1
doctor() { run slothd-agent --doctor --name web1 --port 0 --master "$master" --state-dir "$T/agent-web1" "$@"; }

doctor
if ! grep -q '\.service' /proc/self/cgroup; then	# else the agent is in a unit that is not its own
	assert_status 0
	assert_stdout_lacks '^failed'
fi
for line in 'configuration +agent web1 of master' 'state directory' 'process +the agent runs, pid' 'certificate +agent web1, valid from' \
	'name lookup' TCP TLS "master's identity +CA [0-9a-f]{16}$" clock 'registered +as 127' 'reach +direct'; do
	assert_stdout_like "^ok +$line"
done

# The same agent, the wrong master.
doctor --master "127.0.0.1:$(closed_port)"
assert_status 1
assert_stdout_like '^ok +name lookup'
assert_stdout_like '^failed +TCP +127.*: refused$'
assert_stdout_like '^ +-> on 127.0.0.1: sloth master status'
assert_stdout_lacks '^(ok|failed) +TLS'
doctor --port "$master_port"
assert_status 1
assert_stdout_like "^failed +port +$master_port is taken by another process"
doctor --report-address nonsense
assert_status 1
assert_stdout_like '^failed +configuration +report-address'

printf '[Agent]\nmax-runs = many\n' >"$T/broken.conf"
run slothd-agent --doctor --config "$T/broken.conf"
assert_status 1
assert_stdout_like "^failed +configuration +$T/broken.conf:2: max-runs"
assert_stdout_like '^ +-> .*slothd-agent --check-config'

# Not reached: the master says what it met, and what to do.
make_token "$T/token" --name web2
launch_secure_agent web2 --token-file "$T/token" --incus "127.0.0.1:$(closed_port)" --bind-address 0.0.0.0
wait_line "$T/web2.log" 'registered with master'
run slothd-agent --doctor --name web2 --port 0 --master "$master" --state-dir "$T/agent-web2"
assert_status 1
assert_stdout_like '^failed +reach +the master met at 127.*: refused'
assert_stdout_like '^ +-> on 127.0.0.1: sudo incus config device add web2 '

# Nothing runs, nobody is enrolled, and the token is of another master.
stop_daemon "${agent_pid[web1]}"
doctor
assert_status 1
assert_stdout_like '^failed +process +no agent runs'
run slothd-agent --doctor --name web4 --port 0 --master "$master" --state-dir "$T/none" --ca-fingerprint "$(printf '%064d' 1)"
assert_status 1
assert_stdout_like '^failed +state directory'
assert_stdout_like '^failed +certificate +none yet'
assert_stdout_like "^failed +master's identity .*fingerprint differs"
[ ! -e "$T/none" ] || fail "something was made"
