#!/usr/bin/env bash
# Purged, nothing of the packages is left: no file, no unit, no process, whatever was running.
# timeout: 240
. "$(dirname "$0")/lib/packages.sh"
boot m1
files_of m1 >"$T/before"
put_on m1 srv/deb sloth-master sloth-agent sloth-cli
install_on m1 srv/deb
be_agent m1
on m1 sloth agent run --detach web1 'sleep 7777 & exec setsid sleep 7778' >/dev/null
until_true 20 on m1 pgrep -f 'sleep 7778' >/dev/null || fail 'the run does not run'

run on m1 dpkg --purge sloth-master sloth-agent sloth-cli sloth-common
assert_status 0
! grep -q 'not empty' "$T/stderr" || fail 'folders stay'
run on m1 pgrep -fa 'sloth|sleep 777'
assert_stdout_is ''
files_of m1 >"$T/after"
assert_equal "$(diff "$T/before" "$T/after" | grep '^[<>]')" '' 'what purging has left or taken'
run on m1 sh -c 'find /run /tmp /var/log -name "*sloth*" ! -path "/var/log/journal/*"; systemctl list-units --all --no-legend "*sloth*"'
assert_stdout_is ''
