#!/usr/bin/env bash
# The ports of master and agent and the master's socket are HTTP/2 servers that keep to RFC 9113.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)

for address in "$master" "$agent" "unix:$master_socket"; do
	run "$python" "$here/lib/conform.py" "$address"
	assert_status 0
done
run sloth agent run web1 echo served
assert_status 0
