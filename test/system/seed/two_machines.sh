#!/usr/bin/env bash
# blocks: 01-master 02-master-example 03-agent 04-agent-example 13-list 14-run 15-shell
#
# A master and an agent on two machines: started in the foreground and in the background, listed, and given commands, whose
# output, errors and status come back.
. "$(dirname "$0")/../lib/seed.sh"

boot_master_machine
place agent1 10.77.0.16/24 Address=192.168.1.16/24
start_placed agent1
install_on agent1

# In the foreground, where they say what they do.
begin_typing master 01-master
until_true 20 grep -q 'listening for agent registrations on .*:50053' "$T/01-master" || fail "the master says: $(cat "$T/01-master")"
let_be agent_name=web-server-agent agent_ip=192.168.1.16
begin_typing agent1 03-agent
accept web-server-agent
wait_listed web-server-agent 192.168.1.16:50051
on agent1 pkill -INT slothd-agent
on master pkill -INT slothd-master
wait

# In the background. The name was another one's: this agent is a new one.
on agent1 rm -r /var/lib/sloth-agent
type_in master 02-master-example
assert_status 0
run on master cat /var/log/sloth/slothd-master.log
assert_stdout_like 'listening for agent registrations on .*:50053'
type_in agent1 04-agent-example
assert_status 0
accept agent1
wait_listed agent1 192.168.1.16:50051
type_in master 13-list
assert_status 0
assert_stdout_like '^agent1 +192\.168\.1\.16:50051 .*Active'

let_be agent_name=agent1 command="'echo out; echo err >&2; exit 4'"
type_in master 14-run
assert_status 4
assert_stdout_is $'out\n'
assert_equal "$(cat "$T/stderr")" err 'stderr'
let_be command='uname -n'
type_in master 14-run
assert_status 0
assert_stdout_is $'agent1\n'

# As the shell of the agent's machine would do it.
let_be command="'[[ \$BASH_VERSION == [5-9].* ]] && echo <(:) {a,b}'"
type_in agent1 15-shell
cp "$T/stdout" "$T/by-shell"
type_in master 14-run
assert_status 0
assert_stdout_is "$(cat "$T/by-shell")"$'\n'

for line in 'agent stop agent1' 'master stop'; do
	run on master bash -c "sloth-runner $line"
	assert_status 0
done
