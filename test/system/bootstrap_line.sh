#!/usr/bin/env bash
#
# The line of --print-install, pasted into a machine that has curl and no other way out than to the master: an agent that
# is listed and runs commands. With a wrong pin, a token that is used up or another program than the one that is listed
# nothing is run, and nothing stays.
. "$(dirname "$0")/lib.sh"
. "$here/lib/bootstrap.sh"

boot_master
for name in main c2; do
	boot "$name" "10.77.0.$((3 + ${#machines[@]}))/24"
done

line=$(print_line main) || fail "no line: $(cat "$T/line.err")"
assert_equal "$(wc -l <<<"$line")" 1 'lines'
began=$EPOCHSECONDS
run on main sh -c "$line"
assert_status 0
assert_stdout_like '^bootstrap: agent main .* is ready: '
run on m1 sloth agent run -n main 'uname -n; systemctl is-active slothd-agent'
assert_status 0
assert_stdout_is $'main\nactive\n'
note "installed, listed and used after $((EPOCHSECONDS - began)) s"
run on main grep token /etc/sloth/agent.conf
assert_status 1
run on m1 sloth agent list main
assert_stdout_lacks 'first use'

# The same line on another machine: its token is used up.
state_of c2 >"$T/before"
run on c2 sh -c "$line"
assert_status 5
assert_stderr_has 'the token is used up'
expect_state c2 "$T/before"

# Another CA than the one of the token.
line=$(print_line c2)
pin=$(grep -oE 'sloth1\.[0-9a-f]{64}' <<<"$line" | head -n 1)
run on c2 sh -c "${line//${pin#sloth1.}/${pin:7:63}$(tr 0-9a-f 1-9a-f0 <<<"${pin: -1}")}"
assert_status 5
assert_stderr_has 'nothing was run'
expect_state c2 "$T/before"

# A program that is not the one in the list.
on m1 sh -c "echo >>$dist/$(uname -m)/slothd-agent"
run on c2 sh -c "$line"
assert_status 5
assert_stderr_has 'is not what it should be'
expect_state c2 "$T/before"
