#!/usr/bin/env bash
# --user runs as that user with its groups, home and names, and root cannot be regained.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root to become another user"
start_master
start_agent web1

run sloth agent run --user nobody --cwd / web1 'id -un; id -u; id -G; echo "$USER $LOGNAME"'
assert_status 0
assert_stdout_is "nobody
$(id -u nobody)
$(id -G nobody)
nobody nobody
"
run sloth agent run --user nobody --cwd / web1 "grep -E '^(Uid|Gid|CapEff):' /proc/self/status | tr -s '\t' ' '"
u=$(id -u nobody) g=$(id -g nobody)
assert_stdout_is "Uid: $u $u $u $u
Gid: $g $g $g $g
CapEff: 0000000000000000
"
