#!/usr/bin/env bash
# A master that is named without a port is asked for a certificate at port 50053, as it is met there later.
. "$(dirname "$0")/lib.sh"
start_daemon "$T/web1.log" slothd-agent --name web1 --master 127.1.2.3 --port 0 --bind-address 127.0.0.1 \
	--state-dir "$T/web1" --ca-fingerprint "$(printf '%064d' 1)"
wait_line "$T/web1.log" 'cannot ask master 127\.1\.2\.3:50053 for a certificate'
