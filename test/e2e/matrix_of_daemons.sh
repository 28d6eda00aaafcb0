#!/usr/bin/env bash
# The fault matrix, daemons: a run and its caller after the master or the agent was killed or restarted.
# timeout: 150
exec bash "$(dirname "$0")/../matrix/run.sh" -j 3 master-killed:running master-killed:unanswered master-restarted:flowing \
	master-restarted:unacked agent-killed:flowing agent-killed:before agent-restarted:blocked agent-restarted:detached
