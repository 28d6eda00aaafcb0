#!/usr/bin/env bash
# 1,000 short runs in a row leave no directory, descriptor, control group or process, and no memory.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/group.sh"
. "$here/lib/short_runs.sh"
start_master
if make_group; then start_agent_in_group web1; else group='' && start_agent web1; fi

short_runs 1000 512
