#!/usr/bin/env bash
# What a run was asked to be is damaged on disk while it runs: the next agent shows it all the same, and can end it.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
id=$(new_id)

call_whole first start "$id" 'exec sleep 7661.25' detach=yes
kill_daemon "${agent_pid[web1]}"
: >"$T/agent-web1/runs/$id/spec"
launch_fixed_agent
wait_run "$id" running
wait_line "$T/web1.log" "run $id: it goes on"
agent_run stop "$agent" "$id" admin=yes >/dev/null
wait_run "$id" 'cancelled'
wait_no_process 'sleep 7661[.]25'
