#!/usr/bin/env bash
# Nothing is left of trees of processes that do not want to end, where they have a control group: within a second after
# their grace. The group goes, too.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/trees.sh"
. "$here/lib/group.sh"
make_group || skip 'no control group can be made here'
containment=cgroup bomb_user=games
start_master
start_agent_in_group web1

all_trees 78
no_run_groups() { [ -z "$(find "$group" -mindepth 1 -type d -name 'sloth-run-*')" ]; }
until_true 30 no_run_groups || fail "left: $(find "$group" -mindepth 1 -type d)"
