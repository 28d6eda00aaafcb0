#!/usr/bin/env bash
#
# What the other tests stand on: machines boot, see each other, come back after a reboot, go off and on.
. "$(dirname "$0")/lib.sh"

greets() { on_network timeout 5 bash -c 'head -n 1 </dev/tcp/10.77.0.2/7777' 2>/dev/null | grep -q hello; }

boot m1 10.77.0.2/24
boot m2
for name in m1 m2; do
	run on "$name" cat /etc/hostname
	assert_stdout_is "$name"$'\n'
done
on m1 systemd-run -q sh -c 'while echo hello | nc -l -p 7777 -q 0; do :; done'
until_true 20 greets || fail 'm1 is not reached'
on m1 touch /var/lib/stays
reboot m1
run on m1 ls /var/lib/stays
assert_status 0
run on m1 ip -4 -br address show dev host0
assert_stdout_has 10.77.0.2/24
power_off m2
run on m2 true
assert_status 255
start_machine m2
run on m2 true
assert_status 0
