#!/usr/bin/env bash
#
# A port that somebody else has: the daemons end with 1, which a service manager tries again, and say who has it.
. "$(dirname "$0")/lib.sh"

start_master
run slothd-master --insecure --port "$master_port" --bind-address 127.0.0.1 --state-dir "$T/second"
assert_status 1
# A daemon of another user's cannot be looked into; those here forbid it to all but root.
[ "$(id -u)" -ne 0 ] || assert_stderr_like "127.0.0.1:$master_port: Address already in use: pid $master_pid \(slothd-master .*\) listens there"
run slothd-agent --insecure --name web1 --master "$master" --port "$master_port" --bind-address 127.0.0.1 --state-dir "$T/a"
assert_status 1
assert_stderr_like "cannot listen on 127.0.0.1:$master_port: Address already in use: "
