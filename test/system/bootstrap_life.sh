#!/usr/bin/env bash
#
# timeout: 300
# An agent that bootstrap.sh has installed: installed again, updated under a run, brought back from a broken update,
# rebooted, and removed with all that it ran.
. "$(dirname "$0")/lib.sh"
. "$here/lib/bootstrap.sh"

boot_master
boot main 10.77.0.3/24
state_of main >"$T/before"
on main sh -c "$(print_line main)" >"$T/install.out" 2>&1 || fail "not installed: $(cat "$T/install.out")"
on main sh -c 'curl -fsSk https://10.77.0.2:50053/bootstrap.sh >/run/b'
pid() { on main systemctl show -p MainPID --value slothd-agent; }

# Nothing has changed: nothing is restarted.
first=$(pid)
run on main sh /run/b --master 10.77.0.2:50053 --name main
assert_status 0
assert_stdout_has 'nothing has changed'
assert_equal "$(pid)" "$first" 'the process'

# Another program, under a run that goes on, and while others begin: none fails.
on m1 sloth agent run -n main 'sleep 1; echo half; while [ ! -e /run/go ]; do sleep 0.1; done; echo whole' >"$T/run.out" 2>"$T/run.err" &
caller=$!
until_true 30 grep -q half "$T/run.out" || fail 'the run has not begun'
begin_runs() {
	until [ -e "$T/updated" ]; do
		on m1 sloth agent run -n main 'echo ran' >"$T/short" 2>"$T/short.err" && [ "$(cat "$T/short")" = ran ] && echo ran >>"$T/ran" && continue
		cat "$T/short" "$T/short.err" >>"$T/failed"
	done
}
begin_runs &
shorts=$!
until_true 20 [ -s "$T/ran" ] || fail "no run began: $(cat "$T/failed")"
change='printf x >>slothd-agent && cd .. && sha256sum */* >SHA256SUMS'
on m1 sh -c "cd $dist/$(uname -m) && cp slothd-agent ../../good && $change"
run on main sh /run/b --update
assert_status 0
[ "$(pid)" != "$first" ] || fail 'the agent was not restarted'
touch "$T/updated"
wait "$shorts"
[ ! -s "$T/failed" ] || fail "runs failed during the update: $(head -n 5 "$T/failed")"
note "$(wc -l <"$T/ran") runs during the update"
on main touch /run/go
wait "$caller"
assert_equal $? 0 'exit status of the run'
assert_equal "$(cat "$T/run.out")" $'half\nwhole' 'its output'

# A program that does not start as a service.
on m1 sh -c "cd $dist/$(uname -m) && printf '#!/bin/sh\n[ \"\$1\" != --version ] || { echo slothd-agent 9; exit 0; }\nexit 78\n' >slothd-agent && $change"
run on main sh /run/b --update
assert_status 6
assert_stderr_has 'the one before runs again'
run on m1 sloth agent run -n main echo alive
assert_stdout_is $'alive\n'

# One that starts and never says that it is ready. The 60 seconds of that are 5 here.
on main sh -c 'printf "#!/bin/sh\nshift\nexec /usr/bin/timeout 5 \"\$@\"\n" >/usr/local/bin/timeout && chmod 755 /usr/local/bin/timeout'
on m1 sh -c "cd $dist/$(uname -m) && printf '#!/bin/sh\n[ \"\$1\" != --version ] || { echo slothd-agent 9; exit 0; }\nexec sleep 1000\n' >slothd-agent && $change"
run on main sh /run/b --update
assert_status 6
assert_stderr_has 'the one before runs again'
run on m1 sloth agent run -n main echo alive
assert_stdout_is $'alive\n'
on main rm /usr/local/bin/timeout

reboot main
until_true 60 eval 'on m1 sloth agent run -n main true 2>/dev/null' || fail 'the agent has not come back'

on m1 sloth agent run --detach main 'setsid sleep 4242 & exec sleep 4243' >/dev/null
until_true 20 eval 'on main pgrep -f "sleep 4243" >/dev/null' || fail 'the run has not begun'
on m1 sh -c "cp $dist/../good $dist/$(uname -m)/slothd-agent"
on main sh -c 'curl -fsSk https://10.77.0.2:50053/bootstrap.sh >/run/b'
run on main sh /run/b --uninstall --purge
assert_status 0
run on main pgrep -f 'sleep 424'
assert_status 1
expect_state main "$T/before"
