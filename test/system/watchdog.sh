#!/usr/bin/env bash
#
# An agent, or a master, that hangs is ended and started again by systemd.
. "$(dirname "$0")/lib.sh"

another() { is_active m1 "$1" && [ "$(main_pid m1 "$1")" != "$2" ]; }

make_machine m1
for unit in slothd-master slothd-agent; do
	mkdir -p "$T/m1/etc/systemd/system/$unit.service.d"
	printf '[Service]\nWatchdogSec=3s\nTimeoutAbortSec=1s\n' >"$T/m1/etc/systemd/system/$unit.service.d/watchdog.conf"
done
start_machine m1
install_on m1
start_both m1
for unit in slothd-agent slothd-master; do
	before=$(main_pid m1 "$unit")
	on m1 kill -STOP "$before"
	until_true 90 another "$unit" "$before" || fail "$unit hangs on"
	run on m1 journalctl -b -q -o cat -u "$unit"
	assert_stdout_has 'Watchdog timeout'
done
wait_answers m1 web1
