#!/usr/bin/env bash
# A peer that asks and never reads is stopped, costs bounded memory, and disturbs nobody.
# timeout: 90
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)

sloth agent run web1 true
before=$(rss_kib "$master_pid")
for target in "$master /agent.AgentRegistry/ListAgents" "$agent /agent.Agent/GetResourceUsage" "$master /no.Such/Method"; do
	# shellcheck disable=SC2086  # two words
	run "$python" "$here/lib/raw.py" never-read $target
	assert_status 0
	run sloth agent run web1 echo served
	assert_status 0
done
assert_at_most $(($(rss_kib "$master_pid") - before)) 16384 "growth of the master in KiB"
