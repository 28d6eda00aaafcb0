# What failed or was interrupted: all is as it was before, or the next run ends it.
# timeout: 120
# shellcheck disable=SC2034,SC2154  # variables of lib.bash
load lib.bash

setup() {
	make_machine
	script=$root/bootstrap.sh
	program 1.0 'registered with master'
	old_unit=/etc/systemd/system/sloth-runner-agent.service
}

# Whoever calls timeout, which runs the restart, is ended by a signal.
interrupt_restart() { write_tool timeout "kill -$1 \$PPID; exit 1"; }

@test "an update that was interrupted before the restart is ended by the next run" {
	install
	program 2.0 'registered with master'
	for signal in KILL TERM; do
		interrupt_restart $signal
		bootstrap --update --binary /input/slothd-agent
		[ "$status" -ne 0 ]
		give_tool timeout
		rm -f "$M/run/fake.calls" "$M"/tmp/* 2>/dev/null || true
		bootstrap --update --binary /input/slothd-agent
		expect_status 0
		[[ $(calls) == *restart* ]]
		rm "$M/run/fake.calls"
		bootstrap --update --binary /input/slothd-agent
		expect_words 'nothing has changed'
		[[ $(calls) != *restart* ]]
		program 3.0 'registered with master'
	done
	# A configuration that nobody has read.
	interrupt_restart KILL
	install --name other
	give_tool timeout
	rm "$M/run/fake.calls"
	install --name other
	expect_status 0
	[[ $(calls) == *restart* ]]
}

ancestor() {
	mkdir -p "$L/bin"
	echo ancestor >"$L/bin/sloth-runner"
	echo '[Service]' >"$M$old_unit"
	touch "$M/run/fake.ancestor"
}

expect_ancestor() {
	[ "$(cat "$L/bin/sloth-runner") $(cat "$M$old_unit")" = 'ancestor [Service]' ] && [ -e "$M/run/fake.ancestor" ] &&
		[ ! -e "$L/bin/sloth-runner.replaced" ] && [ ! -e "$M$old_unit.replaced" ]
}

@test "an agent that does not start leaves the ancestor as it was" {
	ancestor
	program 1.0 trying broken
	install --replace-ancestor
	expect_status 6
	expect_words "$old_unit is there again"
	expect_ancestor
	[[ $(calls) == *'enable sloth-runner-agent.service'* ]]
	[[ $(calls) == *'disable --now slothd-agent.service'* ]]
	rm -rf "${L:?}"/* "$M/etc/sloth"
	ancestor
	program 1.0 trying
	interrupt_restart TERM
	install --replace-ancestor
	expect_status 143
	expect_ancestor
}

@test "a token that is refused leaves the ancestor as it was" {
	ancestor
	program 1.0 'denied the token is used up'
	install --replace-ancestor --token "$token"
	expect_status 5
	expect_ancestor
	[ ! -e "$L/sbin/slothd-agent" ] && [ ! -e "$M/etc/sloth" ]
}

@test "a token that is refused leaves a configuration and a state that were there before" {
	mkdir -p "$M/etc/sloth" "$M/var/lib/sloth-agent"
	echo 'policy = /etc/sloth/mine' >"$M/etc/sloth/agent.conf"
	chmod 640 "$M/etc/sloth/agent.conf"
	echo key >"$M/var/lib/sloth-agent/agent.key"
	program 1.0 'denied the token is used up'
	install --token "$token"
	expect_status 5
	[ "$(conf)" = 'policy = /etc/sloth/mine' ]
	[ "$(stat -c %a "$M/etc/sloth/agent.conf")" = 640 ]
	[ "$(cat "$M/var/lib/sloth-agent/agent.key")" = key ]
	[ ! -e "$L/sbin/slothd-agent" ]
}

@test "a second one at the same time is refused, and the first one is not disturbed" {
	give_tool flock
	install
	program 2.0 'registered with master'
	write_tool timeout 'rm /tools/timeout && ln -s /usr/bin/timeout /tools/timeout
sh /input/bootstrap.sh --update --binary /input/slothd-agent >/run/fake.second 2>&1
echo "status $?" >>/run/fake.second
exec timeout "$@"'
	bootstrap --update --binary /input/slothd-agent
	expect_status 0
	expect_words 'agent '
	grep -q 'another bootstrap.sh is at work' "$M/run/fake.second"
	grep -qx 'status 3' "$M/run/fake.second"
	[ ! -e "$M/run/sloth-bootstrap.lock" ]
	# What is left by one that was killed locks nothing.
	program 3.0 'registered with master'
	interrupt_restart KILL
	bootstrap --update --binary /input/slothd-agent
	[ -e "$M/run/sloth-bootstrap.lock" ]
	give_tool timeout
	bootstrap --update --binary /input/slothd-agent
	expect_status 0
	[ ! -e "$M/run/sloth-bootstrap.lock" ]
	bootstrap --uninstall --purge
	expect_status 0
	[ ! -e "$M/run/sloth-bootstrap.lock" ]
}

# kill_at_mv N: whoever calls mv for the Nth time is killed.
kill_at_mv() {
	write_tool mv "echo >>/run/fake.mv
[ \$(/usr/bin/wc -l </run/fake.mv) -ne $1 ] || { kill -KILL \$PPID; exit 1; }
exec /usr/bin/mv \"\$@\""
}

@test "killed where a file is put into its place: nothing is left of that" {
	mkdir -m 755 "$L/bin" "$L/sbin"
	before=$(snapshot)
	give_tool flock
	for n in 1 2 3 4; do
		for again in '' yes; do
			kill_at_mv $n
			rm -f "$M/run/fake.mv"
			install --token "$token"
			[ "$status" -eq 137 ]
			[ -n "$(find "$L" "$M/etc" -name '*.new-*')" ]
			give_tool mv
			if [ -n "$again" ]; then
				install --token "$token"
				[ -z "$(find "$L" "$M/etc" -name '*.new-*')" ]
			fi
			bootstrap --uninstall --purge
			expect_status 0
			rm -rf "$M"/tmp/* "$M"/run/fake.* "$M/run/sloth-bootstrap.lock"
			diff <(echo "$before") <(snapshot)
		done
	done
}

@test "an uninstall that was killed is ended by the next one" {
	mkdir -m 755 "$L/bin" "$L/sbin"
	before=$(snapshot)
	for n in {1..40}; do
		install --install-dir /opt/here
		expect_status 0
		for tool in rm rmdir; do
			write_tool $tool "echo >>/run/fake.rm
[ \$(/usr/bin/wc -l </run/fake.rm) -ne $n ] || { kill -KILL \$PPID; exit 1; }
exec /usr/bin/$tool \"\$@\""
		done
		bootstrap --uninstall --purge
		give_tool rm
		give_tool rmdir
		[ "$(wc -l <"$M/run/fake.rm")" -ge "$n" ] || break
		bootstrap --uninstall --purge
		expect_status 0
		rm -rf "$M"/tmp/* "$M"/run/fake.*
		diff <(echo "$before") <(snapshot; find "$M/opt" -not -type d) || { echo "at $n"; return 1; }
	done
	[ "$n" -gt 10 ] && [ "$n" -lt 40 ]
}
