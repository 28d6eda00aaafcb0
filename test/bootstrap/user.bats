# An agent of another user than root, who is not to become root by what he can write.
# shellcheck disable=SC2034,SC2154  # variables of lib.bash
load lib.bash

setup_file() { serve_release; }

teardown_file() { kill "$server"; }

setup() {
	[ "$(id -u)" -eq 0 ] || skip 'only root can give files to somebody else'
	make_machine
	script=$root/bootstrap.sh
	program 1.0 'registered with master'
	nobody=$(id -u nobody) group=$(id -g nobody)
}

attributes() { stat -c '%u %g %a' "$1"; }

@test "the configuration is root's, the user can read it, and it says which CA is the right one" {
	install --user nobody --token "$token"
	expect_status 0
	[ "$(attributes "$M/etc/sloth/agent.conf")" = "0 $group 640" ]
	grep -q "^ca-fingerprint = $(printf 'ab%.0s' {1..32})\$" "$M/etc/sloth/agent.conf"
	rm -rf "${L:?}"/* "$M/etc/sloth"
	bootstrap --master "127.0.0.1:$port" --user nobody --trust-on-first-use
	expect_status 0
	grep -q "^ca-fingerprint = $pin\$" "$M/etc/sloth/agent.conf"
	[ "$(attributes "$M/etc/sloth/agent.conf")" = "0 $group 640" ]
	bootstrap --update
	expect_status 0
}

@test "an update takes nothing from a configuration that another user can write" {
	install --user nobody
	printf 'master = 127.0.0.1:%s\nca-fingerprint = %s\n' "$port" "$pin" >"$M/etc/sloth/agent.conf"
	for owner in "$nobody:0 600" "0:$group 660" "0:0 606"; do
		rm -f "$M/run/fake.ran"
		chown "${owner% *}" "$M/etc/sloth/agent.conf"
		chmod "${owner#* }" "$M/etc/sloth/agent.conf"
		bootstrap --update
		expect_status 3
		expect_words '--master HOST:PORT --ca-fingerprint'
		nothing_ran
	done
	bootstrap --update --master "127.0.0.1:$port" --ca-fingerprint "$pin"
	expect_status 0
	chown 0:0 "$M/etc/sloth/agent.conf"
	chmod 640 "$M/etc/sloth/agent.conf"
	chown "$nobody" "$M/etc/sloth"
	bootstrap --update
	expect_status 3
	chown 0 "$M/etc/sloth"
	bootstrap --update
	expect_status 0
}

@test "a CA in a directory of another user says nothing" {
	install --user nobody
	printf 'master = 127.0.0.1:%s\n' "$port" >"$M/etc/sloth/agent.conf"
	mkdir -p "$M/var/lib/sloth-agent"
	cp "$W/ca.crt" "$M/var/lib/sloth-agent/"
	chown "$nobody" "$M/var/lib/sloth-agent"
	rm -f "$M/run/fake.ran"
	bootstrap --update
	expect_status 5
	expect_words "does not count"
	nothing_ran
	chown 0 "$M/var/lib/sloth-agent"
	bootstrap --update
	expect_status 0
}

@test "an agent of root does not take over what another user has written" {
	mkdir -p "$M/var/lib/sloth-agent"
	chown "$nobody" "$M/var/lib/sloth-agent"
	install
	expect_status 3
	expect_words '--user nobody'
	nothing_ran
	install --user nobody
	expect_status 0
	chown 0 "$M/var/lib/sloth-agent"
	install --user nobody
	expect_status 0
}

@test "files get their owner and mode when their contents are right already" {
	install --user nobody
	rm "$M/run/fake.calls"
	for file in "$L/sbin/slothd-agent" "$L/libexec/sloth/sloth-supervise" "$M/etc/sloth/agent.conf" "$M$unit"; do
		chmod 777 "$file"
		chown "$nobody:$group" "$file"
	done
	install --user nobody
	expect_status 0
	expect_words 'nothing has changed'
	[ "$(attributes "$M/etc/sloth/agent.conf")" = "0 $group 640" ]
	[ "$(attributes "$L/sbin/slothd-agent")" = '0 0 755' ]
	[ "$(attributes "$L/libexec/sloth/sloth-supervise")" = '0 0 755' ]
	[ "$(attributes "$M$unit")" = '0 0 644' ]
}

@test "a link where the new file is written first leads nowhere" {
	mkdir -p "$L/u/sbin"
	chown -R "$nobody" "$L/u"
	echo precious >"$M/etc/precious"
	for name in slothd-agent.new slothd-agent.old; do
		ln -s /etc/precious "$L/u/sbin/$name"
	done
	install --install-dir /usr/local/u
	expect_status 3
	chown -R 0 "$L/u"
	install --install-dir /usr/local/u
	expect_status 0
	program 2.0 'registered with master'
	install --install-dir /usr/local/u
	expect_status 0
	[ "$(cat "$M/etc/precious")" = precious ]
}

@test "two at once: each file is whole" {
	program 1.0 'registered with master'
	head -c 20000000 /dev/zero | tr '\0' '#' >"$BATS_TEST_TMPDIR/long"
	for version in 1 2; do
		mkdir "$M/input/$version"
		program $version.0 'registered with master'
		for name in slothd-agent sloth-supervise; do
			cat "$M/input/$name" "$BATS_TEST_TMPDIR/long" >"$M/input/$version/$name"
			chmod 755 "$M/input/$version/$name"
		done
	done
	cp "$script" "$M/input/bootstrap.sh"
	for version in 1 2; do
		in_machine /bin/sh /input/bootstrap.sh --master 10.0.0.1 --no-start --binary "/input/$version/slothd-agent" \
			>"$BATS_TEST_TMPDIR/$version" 2>&1 3>&- &
		eval "pid$version=\$!"
	done
	wait "$pid1" || { cat "$BATS_TEST_TMPDIR/1"; false; }
	wait "$pid2" || { cat "$BATS_TEST_TMPDIR/2"; false; }
	cmp -s "$L/sbin/slothd-agent" "$M/input/1/slothd-agent" || cmp "$L/sbin/slothd-agent" "$M/input/2/slothd-agent"
	[ "$(find "$L" -name '*.new*')" = '' ]
}

@test "names of users that are none: exit status 2; users that are not there: 3" {
	for name in -u --help +0 'a b' $'nobody\nExecStartPre=/bin/sh' '%n' 'a/b'; do
		install "--user=$name"
		expect_status 2 || { echo "$name"; return 1; }
	done
	install --user=nobody-else
	expect_status 3
	nothing_ran
}

# fails_at DIRECTORY: what is not root's alone.
fails_at() {
	rm -f "$M/run/fake.ran"
	bootstrap --master 10.0.0.1 --binary /input/slothd-agent --install-dir /opt/a/b
	expect_status 3
	expect_words "can write $1: "
	nothing_ran
}

@test "programs of root do not go where another user can write" {
	mkdir -p "$M/opt/a/b/libexec/sloth" "$M/srv/u/real"
	for place in /opt/a/b /opt/a /opt /opt/a/b/libexec /opt/a/b/libexec/sloth; do
		chown "$nobody" "$M$place"
		fails_at "$place"
		chown "0:$group" "$M$place"
		chmod 775 "$M$place"
		fails_at "$place"
		chown 0:0 "$M$place"
		chmod 1777 "$M$place"
		fails_at "$place"
		chmod 755 "$M$place"
	done
	# By way of a link that is root's; of one that is not, it is left alone.
	rm -r "$M/opt/a/b"
	ln -s /srv/u/real "$M/opt/a/b"
	chown "$nobody" "$M/srv/u"
	fails_at /srv/u
	rm "$M/opt/a/b"
	mkdir -p "$M/opt/real"
	ln -s /opt/real "$M/srv/u/link"
	bootstrap --master 10.0.0.1 --binary /input/slothd-agent --install-dir /srv/u/link/x
	expect_status 0
	grep -q '^ExecStart=/opt/real/x/sbin/slothd-agent$' "$M$unit"
	chown "$nobody" "$M/opt/real"
	bootstrap --update --binary /input/slothd-agent
	expect_status 3
	bootstrap --uninstall --purge
	expect_status 0
	[ ! -e "$M/opt/real/x" ]
	bootstrap --master 10.0.0.1 --binary /input/slothd-agent --install-dir /opt/nope/../../srv/u
	expect_status 2
}
