#!/usr/bin/env bash
#
# What may pass by itself is tried for ever: an agent whose port somebody else has says who, and runs as soon as the port is
# free, after more failures than systemd would by itself put up with. What a person must edit is not tried again.
. "$(dirname "$0")/lib.sh"

has_failed() { [ "$(property m1 slothd-agent NRestarts)" -ge "$1" ]; }

make_machine m1
mkdir -p "$T/m1/etc/systemd/system/slothd-agent.service.d"
printf '[Service]\nRestartSec=100ms\n' >"$T/m1/etc/systemd/system/slothd-agent.service.d/fast.conf"
start_machine m1
install_on m1
start_unit m1 slothd-master
on m1 systemd-run -q --unit=holder nc -lk 50051
on m1 sh -c 'umask 077; { echo name = web1; echo "token = $(sloth token create)"; } >/etc/sloth/agent.conf' 2>"$T/stderr"
on m1 systemctl start --no-block slothd-agent
until_true 120 has_failed 10 || fail "only $(property m1 slothd-agent NRestarts) restarts"
run on m1 journalctl -b -q -o cat -u slothd-agent
assert_stdout_like "cannot listen on .*50051: Address already in use: pid $(main_pid m1 holder) \(.*nc -lk 50051\) listens there"
assert_stdout_has 'net.ipv4.ip_local_reserved_ports'
assert_stdout_has 'status=1/FAILURE'
on m1 systemctl stop holder
wait_unit m1 slothd-agent ActiveState active
wait_answers m1 web1

on m1 systemctl stop slothd-agent
on m1 sh -c 'echo nonsense = 1 >>/etc/sloth/agent.conf'
on m1 systemctl start --no-block slothd-agent
wait_unit m1 slothd-agent ActiveState failed
assert_equal "$(property m1 slothd-agent ExecMainStatus)" 78 'exit status'
