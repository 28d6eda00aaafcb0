#!/usr/bin/env bash
# Without --bind-address the agent listens on both loopback addresses and reports the one that it uses to reach
# the master, never 0.0.0.0 or ::; without --name it has the name of the host.
. "$(dirname "$0")/lib.sh"
start_master
start_daemon "$T/a.log" slothd-agent --insecure --master "$master" --port 0 --state-dir "$T/a"
name=$(uname -n)
wait_agent "$name"
address=$(json "$(sloth agent get "$name" -o json)" .address)
case $address in 127.0.0.1:[1-9]*) ;; *) fail "it reports $address" ;; esac
run sloth agent run "$name" echo fine
assert_status 0
