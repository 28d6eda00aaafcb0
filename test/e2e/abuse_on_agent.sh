#!/usr/bin/env bash
# Every attack of the tables against an agent: its reaction, its memory, and a healthy client meanwhile.
# build: plain
# timeout: 600
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
start_master
start_agent web1
aim "${agent_pid[web1]}" "$(json "$(sloth agent get web1 -o json)" .address)" --agent

for theme in floods streams headers messages memory; do
	attack_by_theme $theme
done
run sloth agent run web1 echo served
assert_status 0
