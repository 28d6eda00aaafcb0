#!/usr/bin/env bash
# The fault matrix, callers and links: a run and its caller after the caller, or a link, was cut.
# timeout: 150
exec bash "$(dirname "$0")/../matrix/run.sh" -j 3 cli:unanswered cli:flowing cli-link:flowing cli-link:blocked \
	agent-link:flowing agent-link:exiting
