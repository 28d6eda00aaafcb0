#!/usr/bin/env bash
# The agent is killed after it has made the directory of a detached run, and before a supervisor has entered it: the run
# never began, and who asks again with the agent's epoch has it started.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
epoch=$(agent_run epoch "$agent")
id=$(new_id)

call_whole first start "$id" "echo >>$T/started" detach=yes
wait_run "$id" 'exited 0'
kill_daemon "${agent_pid[web1]}"
dir=$T/agent-web1/runs/$id
wait_gone_lock() { flock -n "$dir/lock" true; }
until_true 30 wait_gone_lock || fail "its supervisor does not end"
rm "$dir"/{lock,out,sock,pid,status} "$T/agent-web1/past-runs"
launch_fixed_agent
wait_run "$id" never-began
[ ! -e "$dir" ] || fail "its directory is left"
call_whole second resume "$id" "epoch=$epoch" "command=echo >>$T/started" detach=yes
wait_run "$id" 'exited 0'
assert_equal "$(wc -l <"$T/started")" 2 "times it was started"
