#!/usr/bin/env bash
# Calls of every kind at once, cancelled, reset, abandoned, cut off with their connections: each ends once and as it
# should, and nothing is left of them in the master and the agent.
. "$(dirname "$0")/lib.sh"
. "$here/lib/mixed.sh"
mixed_calls 4 20
