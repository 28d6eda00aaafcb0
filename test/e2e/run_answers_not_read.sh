#!/usr/bin/env bash
# A caller that sends its input byte by byte and takes no answer costs the agent no memory per byte.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)

drip() {
	"$python" "$here/lib/raw.py" drip "$agent" "$1" >"$T/drip" 2>&1 &
	dripping=$!
	wait_line "$T/drip" "^sent $1\$" 30
	rss=$(rss_kib "${agent_pid[web1]}")
	kill "$dripping"
	wait "$dripping" 2>/dev/null
	wait_no_process '^cat$'
}

drip 1000
before=$rss
drip 150000
assert_at_most $((rss - before)) 512 "growth of the agent in KiB"
