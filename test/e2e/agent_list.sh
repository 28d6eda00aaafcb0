#!/usr/bin/env bash
# agent list: names in order, by pattern, by state, as JSON; exit 1 when nothing matches.
. "$(dirname "$0")/lib.sh"
start_master
run sloth agent list
assert_status 1
assert_stdout_is ''
run sloth agent list -o json
assert_status 1
assert_equal "$(json "$(cat "$T/stdout")" .agents)" '[]' agents

start_agent web2
start_agent web1
start_agent db1
run sloth agent list
assert_status 0
assert_equal "$(grep -oE '^(web1|web2|db1) ' "$T/stdout" | tr -d '\n')" 'db1 web1 web2 ' 'order'
assert_stdout_like '^web1 +127\.0\.0\.1:[0-9]+ .*Active'
run sloth agent list 'web*'
assert_stdout_has web1
assert_stdout_lacks '^db1'
run sloth agent list 'mail*'
assert_status 1

sloth agent stop db1 >"$T/stdout" || fail "db1 does not stop"
wait "${agent_pid[db1]}"
forget "${agent_pid[db1]}"
wait_shows db1 Inactive
run sloth agent list --state inactive
assert_status 0
assert_stdout_has db1
assert_stdout_lacks web
run sloth agent list --state active
assert_stdout_lacks '^db1'
run sloth agent list --state unreachable
assert_status 1
run sloth agent list --state nonsense
assert_status 2
run sloth agent list -o json 'web?'
assert_equal "$(json "$(cat "$T/stdout")" '.agents[1].name')" web2 name
assert_equal "$(json "$(cat "$T/stdout")" '.agents[1].state')" active state
