#!/usr/bin/env bash
# The same trees where no control group can be made: descendants are followed, wherever they go.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/trees.sh"
. "$here/lib/group.sh"
containment=subreaper bomb_user=news
start_master
start_agent_without_cgroup web1

all_trees 79
