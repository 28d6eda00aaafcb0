#!/usr/bin/env bash
# Installed, the master runs as its own user and is used at once; the agent waits until it knows its master.
# timeout: 240
. "$(dirname "$0")/lib/packages.sh"
boot m1
put_on m1 srv/deb sloth-master sloth-agent sloth-cli
install_on m1 srv/deb

run on m1 systemctl is-active slothd-master
assert_stdout_is $'active\n'
run on m1 ps -o user= -C slothd-master
assert_stdout_is $'sloth\n'
run on m1 systemctl is-enabled slothd-master
assert_stdout_is $'enabled\n'
run on m1 systemctl is-active slothd-agent
assert_stdout_is $'inactive\n'
run on m1 sh -c 'cd /usr/share/sloth/dist && sha256sum -c SHA256SUMS'
assert_status 0

be_agent m1
run on m1 sloth agent run web1 id -un
assert_stdout_is $'root\n'
run on m1 sh -c 'sloth version -o json; man -w sloth 2>/dev/null; systemctl --failed --no-legend | grep sloth'
assert_stdout_has '"slothd-agent"'
assert_stdout_lacks failed
