# From the programs to a service that is registered, and back.
# shellcheck disable=SC2034,SC2154  # variables of lib.bash
load lib.bash

setup_file() { export agents=$BATS_FILE_TMPDIR; }

setup() {
	make_machine
	script=$root/bootstrap.sh
	program 1.0 'registered with master'
}

@test "installs, enables, starts; the configuration says what the options said, and is its owner's alone" {
	install --name web1 --port 50070 --incus 192.0.2.1:50061 --ca-fingerprint "$(printf 'ab%.0s' {1..32})"
	expect_status 0
	[ "$(conf | grep -v '^#')" = "name = web1
master = 10.0.0.1
port = 50070
bind-address = 0.0.0.0
report-address = 192.0.2.1:50061
ca-fingerprint = $(printf 'ab%.0s' {1..32})" ]
	[ "$(stat -c %a "$M/etc/sloth/agent.conf") $(stat -c %a "$M/etc/sloth") $(stat -c %a "$M$unit")" = '600 755 644' ]
	[ "$(stat -c %a "$L/sbin/slothd-agent") $(stat -c %a "$L/libexec") $(stat -c %a "$L/libexec/sloth/sloth-supervise")" = '755 755 755' ]
	[[ $(calls) == *enable*slothd-agent.service*restart* ]]
	grep -q '^ExecStart=/usr/local/sbin/slothd-agent$' "$M$unit"
	run grep @ "$M$unit"
	[ -z "$output" ]
	[ "$(readlink "$L/bin/sloth") $(readlink "$L/bin/sloth-runner")" = '../sbin/slothd-agent ../sbin/slothd-agent' ]
	[ -d "$M/var/lib/sloth-runner" ]
}

@test "again with the same options: nothing is changed, nothing restarted" {
	install --name web1
	before=$(snapshot)
	rm "$M/run/fake.calls"
	install --name web1
	expect_status 0
	expect_words 'nothing has changed'
	[ "$(snapshot)" = "$before" ]
	[[ $(calls) != *restart* ]]
}

@test "other options change what they say, and leave other keys alone" {
	install --name web1 --incus 192.0.2.1:50061
	printf '# of mine\nmax-runs = 7\n' >>"$M/etc/sloth/agent.conf"
	install --name web1
	expect_status 0
	[ "$(conf | grep -v '^# slothd')" = $'name = web1\nmaster = 10.0.0.1\n# of mine\nmax-runs = 7' ]
	[ "$(grep -c restart "$M/run/fake.calls")" = 2 ]
}

@test "the token is in the configuration until the agent has its certificate" {
	write_tool sleep 'cp /etc/sloth/agent.conf /run/fake.conf
[ "$(stat -c %a /etc/sloth/agent.conf)" = 600 ] && echo registered with m >/run/sloth-agent/status'
	give_tool stat
	program 1.0 'trying no answer yet'
	install --token "$token"
	expect_status 0
	grep -q "^token = $token\$" "$M/run/fake.conf"
	run grep -r "${token##*.}" "$M/etc" "$M/var" "$L" "$M/tmp"
	[ -z "$output" ]
	printf '%s\n' "$token" >"$M/input/token"
	mkdir -p "$M/var/lib/sloth-agent"
	touch "$M/var/lib/sloth-agent/agent.crt"
	rm "$M/run/fake.calls"
	install --token-file /input/token
	expect_status 0
	expect_words 'the token is not used'
	[[ $(calls) != *restart* ]]
}

@test "a token that is refused: all is removed again" {
	before=$(snapshot)
	program 1.0 'denied no certificate from master 10.0.0.1: the token is used up'
	environment=(SLOTH_TOKEN="$token")
	install
	expect_status 5
	expect_words 'the token is used up'
	rmdir "$M/run/sloth-agent" 2>/dev/null || true
	rm "$M/run/fake.ran"
	rmdir "$L"/*
	diff <(echo "$before") <(snapshot)
	[ ! -e "$M/run/fake.active" ]
}

@test "without a token: waiting for acceptance, exit status 7" {
	program 1.0 'waiting for acceptance; on the master: sloth agent accept main  (this key 0123456789abcdef, CA fedcba9876543210)'
	install --name main
	expect_status 7
	expect_words 'installed, waiting for acceptance: sloth agent accept main  (this key 0123456789abcdef, CA fedcba9876543210)'
	expect_words 'sloth agent pending, which has to show the same key'
	program 1.0 'denied the name main belongs to another key; asking again  (this key 0123456789abcdef, CA fedcba9876543210)'
	install --name main
	expect_status 7
	expect_words 'belongs to another key  (this key 0123456789abcdef, CA fedcba9876543210)'
}

@test "an agent that the master does not answer, and one that does not start: exit status 6" {
	program 1.0 'trying cannot reach master 10.0.0.1'
	install
	expect_status 6
	expect_words 'cannot reach master 10.0.0.1'
	[ -e "$M/run/fake.active" ]
	rm -rf "${L:?}"/* "$M/run/fake.active"
	program 1.0 'trying' broken
	install
	expect_status 6
	expect_words 'does not start'
}

@test "an update keeps the old program; one that does not become ready is taken back" {
	install
	cp "$M/etc/sloth/agent.conf" "$BATS_TEST_TMPDIR/conf"
	program 2.0 'registered with master'
	bootstrap --update --binary /input/slothd-agent
	expect_status 0
	expect_words 'agent '
	grep -q 'agent 2.0' "$L/sbin/slothd-agent"
	grep -q 'agent 1.0' "$L/sbin/slothd-agent.old"
	program 3.0 'registered with master' broken
	bootstrap --update --binary /input/slothd-agent
	expect_status 6
	expect_words 'the one before runs again'
	grep -q 'agent 2.0' "$L/sbin/slothd-agent"
	grep -q 'supervisor 2.0' "$L/libexec/sloth/sloth-supervise"
	[ -e "$M/run/fake.active" ]
	cmp "$BATS_TEST_TMPDIR/conf" "$M/etc/sloth/agent.conf"
	printf '#!/bin/sh\nexit 1\n' >"$M/input/slothd-agent"
	bootstrap --update --binary /input/slothd-agent
	expect_status 3
	grep -q 'agent 2.0' "$L/sbin/slothd-agent"
}

@test "an update renews the unit, unless somebody has edited it" {
	install
	[ "$(tail -n 1 "$M$unit")" = "$(sed '$d' "$M$unit" | sha256sum | sed 's/^\([0-9a-f]*\).*/# bootstrap.sh --update renews this file, unless it was edited: SHA-256 \1/')" ]
	# That of another release.
	{ echo '[Service]'; echo 'ExecStart=/usr/local/sbin/slothd-agent'; } >"$M$unit"
	echo "# bootstrap.sh --update renews this file, unless it was edited: SHA-256 $(sha256sum <"$M$unit" | cut -c 1-64)" >>"$M$unit"
	rm "$M/run/fake.calls"
	bootstrap --update --binary /input/slothd-agent
	expect_status 0
	grep -q '^Type=notify$' "$M$unit"
	[[ $(calls) == *daemon-reload*restart* ]]
	# With an edit.
	echo 'Environment=A=b' >>"$M$unit"
	cp "$M$unit" "$BATS_TEST_TMPDIR/edited"
	bootstrap --update --binary /input/slothd-agent
	expect_status 0
	expect_words 'slothd-agent.service was edited: it stays as it is'
	cmp "$BATS_TEST_TMPDIR/edited" "$M$unit"
	# With the program that is taken back goes its unit.
	{ echo '[Service]'; echo 'ExecStart=/usr/local/sbin/slothd-agent'; } >"$M$unit"
	echo "# bootstrap.sh --update renews this file, unless it was edited: SHA-256 $(sha256sum <"$M$unit" | cut -c 1-64)" >>"$M$unit"
	cp "$M$unit" "$BATS_TEST_TMPDIR/old"
	program 2.0 'registered with master' broken
	bootstrap --update --binary /input/slothd-agent
	expect_status 6
	cmp "$BATS_TEST_TMPDIR/old" "$M$unit"
}

@test "uninstall leaves a libexec that was there before" {
	mkdir -p "$L/libexec"
	install
	expect_status 0
	[ "$(stat -c %a "$L/libexec/sloth/sloth-supervise")" = 755 ]
	bootstrap --uninstall --purge
	expect_status 0
	[ -d "$L/libexec" ] && [ ! -e "$L/libexec/sloth" ]
}

@test "uninstall leaves configuration and certificate, purge nothing at all" {
	before=$(snapshot)
	install --user root
	program 2.0 'registered with master'
	install --user root
	expect_status 0
	grep -q '^User=root$' "$M$unit.d/bootstrap.conf"
	mkdir -p "$M/var/lib/sloth-agent" "$M/var/log/sloth"
	touch "$M/var/lib/sloth-agent/agent.crt" "$M/var/log/sloth/slothd-agent.log"
	bootstrap --uninstall
	expect_status 0
	[[ $(calls) == *disable*stop* ]]
	[ "$(cd "$M" && find etc/sloth etc/systemd/system var/lib var/log -type f | sort | xargs)" = \
		'etc/sloth/agent.conf var/lib/sloth-agent/agent.crt var/log/sloth/slothd-agent.log' ]
	[ -z "$(find "$L" -type f -o -type l)" ]
	bootstrap --uninstall --purge
	expect_status 0
	rm -rf "$M/var/log" "$M/run/fake.ran"
	find "$L" -mindepth 1 -type d -delete
	diff <(echo "$before") <(snapshot)
	bootstrap --uninstall --purge
	expect_status 0
	expect_words 'there is no agent here'
}

@test "a program, a unit or a package in the way: exit status 3; the first two are renamed when told to" {
	mkdir -p "$L/bin"
	echo ancestor >"$L/bin/sloth-runner"
	before=$(snapshot)
	install
	expect_status 3
	expect_words '/usr/local/bin/sloth-runner is there already'
	diff <(echo "$before") <(snapshot)
	rm "$L/bin/sloth-runner"
	echo '[Service]' >"$M/etc/systemd/system/sloth-runner-agent.service"
	install
	expect_status 3
	expect_words 'sloth-runner-agent.service is there already'
	echo ancestor >"$L/bin/sloth"
	install --replace-ancestor
	expect_status 0
	[ "$(cat "$L/bin/sloth.replaced")" = ancestor ]
	[ "$(readlink "$L/bin/sloth")" = ../sbin/slothd-agent ]
	[[ $(calls) == *'disable --now sloth-runner-agent.service'* ]]
	[ -e "$M/etc/systemd/system/sloth-runner-agent.service.replaced" ]
	[ -d /usr/lib/systemd/system ] || return 0
	touch "$M/packaged/slothd-agent.service"
	install
	expect_status 3
	expect_words 'the package sloth-agent is installed'
}

@test "the agent of a package is not removed, nor is its certificate" {
	[ -d /usr/lib/systemd/system ] || skip 'no place for units of packages'
	touch "$M/packaged/slothd-agent.service"
	mkdir -p "$M/var/lib/sloth-agent" "$M/etc/sloth"
	echo key >"$M/var/lib/sloth-agent/agent.key"
	echo 'master = m' >"$M/etc/sloth/agent.conf"
	before=$(snapshot)
	for words in '--uninstall --purge' '--uninstall --purge --no-systemd' '--uninstall'; do
		# shellcheck disable=SC2086  # words
		bootstrap $words
		expect_status 3
		expect_words 'the package sloth-agent is installed'
	done
	diff <(echo "$before") <(snapshot)
	[ -z "$(calls)" ]
}

@test "the command line of this system is not in the way, and stays" {
	mkdir -p "$L/bin" "$L/libexec/sloth"
	echo cli >"$L/bin/sloth"
	ln -s sloth "$L/bin/sloth-runner"
	touch "$L/libexec/sloth/sloth-tls"
	install
	expect_status 0
	bootstrap --uninstall
	expect_status 0
	[ "$(cat "$L/bin/sloth") $(readlink "$L/bin/sloth-runner")" = 'cli sloth' ]
}

@test "another directory; not started; no systemd" {
	bootstrap --master 10.0.0.1 --binary /input/slothd-agent --install-dir /opt/x/bin --no-start
	expect_status 0
	[[ $(calls) != *restart* && $(calls) == *enable* ]]
	grep -q '^ExecStart=/opt/x/sbin/slothd-agent$' "$M$unit"
	bootstrap --uninstall
	expect_status 0
	[ ! -e "$M/opt/x" ]
	bootstrap --master 10.0.0.1 --binary /input/slothd-agent --no-systemd
	expect_status 0
	grep -q -- '--config /etc/sloth/agent.conf --daemon' "$M/run/fake.ran"
	[ ! -e "$M$unit" ]
}

@test "a new agent that starts and does not become ready in time is stopped, and the one before runs again" {
	install
	program 2.0 'registered with master' hangs
	write_tool timeout 'echo "$*" >>/run/fake.waits; shift; exec /usr/bin/timeout 3 "$@"'
	bootstrap --update --binary /input/slothd-agent
	expect_status 6
	expect_words 'the agent 2.0 does not become ready: the one before runs again'
	grep -q '60 systemctl restart' "$M/run/fake.waits"
	grep -q 'agent 1.0' "$L/sbin/slothd-agent"
	[ -e "$M/run/fake.active" ]
	[ "$(tail -n 1 "$M/run/fake.ran")" = 'slothd-agent 1.0: ' ]
}

@test "a dry run looks, says, and does nothing" {
	before=$(snapshot)
	install --name web1 --dry-run
	expect_status 0
	expect_words '/etc/sloth/agent.conf'
	expect_words 'slothd-agent.service'
	bootstrap --master 10.0.0.1 --dry-run
	expect_words 'with curl'
	diff <(echo "$before") <(snapshot)
	[ -z "$(calls)" ]
	install
	before=$(snapshot)
	bootstrap --uninstall --purge --dry-run
	expect_status 0
	diff <(echo "$before") <(snapshot)
}

@test "wrong command lines: exit status 2, and nothing is done" {
	local line

	before=$(snapshot)
	while read -r line; do
		# shellcheck disable=SC2086  # words
		run env -i PATH="$PATH" sh "$script" $line
		[ "$status" -eq 2 ] || { echo "$line: $status: $output"; return 1; }
		[[ $output == bootstrap:*'  try: '* ]]
	done <<-'END'
		--master
		--no-such-option x
		word
		--name web1
		--master 10.0.0.1;reboot
		--master fe80::1
		--master 10.0.0.1:99999
		--master :50053
		--master m --name a/b
		--master m --port 65536
		--master m --incus 10.0.0.1
		--master m --incus :50061
		--master m --incus fe80::1:50061
		--master m --report-address :1x
		--master m --bind-address $(id)
		--master m --ca-fingerprint abc
		--master m --token sloth1.abc
		--master m --token-file /nowhere
		--master m --install-dir here
		--master m --install-dir /opt/../srv
		--master m --insecure
		--master m --purge
	END
}
