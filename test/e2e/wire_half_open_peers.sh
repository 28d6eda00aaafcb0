#!/usr/bin/env bash
# Connections that never say a word are closed after the handshake limit, and meanwhile others are served.
# timeout: 120
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)

for address in "$master" "$agent"; do
	"$python" "$here/lib/raw.py" half-open "$address" 40 >"$T/held.${address##*:}" &
done
peers=$(jobs -p | tail -n 2)
run sloth agent run web1 echo served
assert_status 0
assert_stdout_is $'served\n'
run sloth --master "$master" agent list
assert_status 0
# shellcheck disable=SC2086  # two pids
wait $peers
for address in "$master" "$agent"; do
	assert_equal "$(cat "$T/held.${address##*:}")" 'held 0' "connections after the limit"
done
