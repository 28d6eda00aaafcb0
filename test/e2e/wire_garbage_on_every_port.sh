#!/usr/bin/env bash
# Bytes of every sort on the ports of master and agent and on the socket: each connection is closed, nobody else
# is disturbed.
# timeout: 180
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
agent=$(json "$(sloth agent get web1 -o json)" .address)

mkfifo "$T/in"
sloth agent run web1 'echo begin; read -r x; echo end' <"$T/in" >"$T/bystander" 2>&1 &
bystander=$!
exec 9>"$T/in"
wait_line "$T/bystander" begin
for address in "$master" "$agent" "unix:$master_socket"; do
	run "$python" "$here/lib/raw.py" garbage "$address"
	assert_status 0
	assert_stdout_is $'all closed\n'
	run sloth agent run web1 echo fine
	assert_status 0
done
echo >&9
exec 9>&-
wait $bystander || fail "a run that was under way did not survive"
