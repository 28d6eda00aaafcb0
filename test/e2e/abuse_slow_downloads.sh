#!/usr/bin/env bash
# 200 strangers download a big file and do not read it: others are answered as fast as ever and get their file, the
# agent is heard, and each of the 200 costs its connection.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/abuse.sh"
mkdir -p "$T/dist/x86_64"
head -c 6000000 /dev/urandom >"$T/dist/x86_64/slothd-agent"
start_master --dist-dir "$T/dist"
start_agent web1
aim "$master_pid" "$master"
fds=$(open_fds "$master_pid")

reset_peak
start_probe
mkfifo "$T/in"
"$python" "$here/lib/downloads.py" "$master_port" /dist/x86_64/slothd-agent 200 50 <"$T/in" >"$T/downloads" 2>&1 &
exec 8>"$T/in"
wait_line "$T/downloads" '^holding 200$' 50
run sloth agent run web1 echo served
assert_stdout_is $'served\n'
run curl -ks -o "$T/got" "https://$master/dist/x86_64/slothd-agent"
assert_same "$T/got" "$T/dist/x86_64/slothd-agent"
stop_probe || fail "a healthy client beside it: $probe_said"
note "$probe_said"
assert_at_most "$(open_fds "$master_pid")" $((fds + 200 + 8)) 'descriptors of the master'
assert_memory 'downloads that nobody reads' 40
note "+$peak KiB"
exec 8>&-
wait $! || fail "$(cat "$T/downloads")"
assert_equal "$(tail -n 1 "$T/downloads")" '200 left' 'the end'
