#!/usr/bin/env bash
# The fault matrix, losses: what can be known of a run whose supervisor was killed, or whose machine was restarted.
# timeout: 150
exec bash "$(dirname "$0")/../matrix/run.sh" -j 3 supervisor-killed:running rebooted:running rebooted:detached
