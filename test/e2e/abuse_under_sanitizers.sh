#!/usr/bin/env bash
# Every attack against sanitized programs, two attackers each: no error of memory, and the same reactions.
# timeout: 240
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
ABUSE_JOBS=2 ABUSE_ROUNDS=1 answer_ms=10000
start_master
start_agent web1

for theme in floods streams headers messages memory; do
	aim "$master_pid" "$master"
	attack_by_theme $theme
	aim "${agent_pid[web1]}" "$(json "$(sloth agent get web1 -o json)" .address)" --agent
	attack_by_theme $theme
done
run sloth agent run web1 echo served
assert_status 0
run bash "$here/abuse_by_rogue_servers.sh"
assert_status 0
