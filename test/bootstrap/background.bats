# Where no systemd runs: the real agent in the background, and that nothing of it stays.
# timeout: 120
# shellcheck disable=SC2034,SC2154  # variables of lib.bash
load lib.bash

setup() {
	make_machine
	rmdir "$M/run/systemd/system" "$M/run/systemd"
	give_tool sleep
	give_tool bash
	build=${SLOTH_BUILD:-$root/build}
	cp "$build/share/sloth/dist/$(uname -m)"/sloth* "$M/input/"
	script=$root/bootstrap.sh
	state=$BATS_TEST_TMPDIR/master
	"$build/sbin/slothd-master" --port 0 --bind-address 127.0.0.1 --state-dir "$state" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	master=$!
	wait_for grep -q 'listening for operators' "$BATS_TEST_TMPDIR/log"
	port=$(sed -nE 's/.*registrations on 127.0.0.1:([0-9]+).*/\1/p' "$BATS_TEST_TMPDIR/log")
}

# Also what a test that failed has left.
teardown() {
	kill "$master"
	find /proc -maxdepth 2 -name root -lname "$M" 2>/dev/null | cut -d / -f 3 | xargs -r kill -KILL
}

sloth() { "$build/bin/sloth" --socket "$state/master.sock" "$@"; }

wait_for() {
	for ((i = 0; i < 800; i++)); do
		! "$@" || return 0
		/bin/sleep 0.05
	done
	return 1
}

# A process whose root directory is the machine: not those of this host that look the same.
lives_there() { find /proc -maxdepth 2 -name root -lname "$M" 2>/dev/null | grep -q .; }
nobody_lives_there() { ! lives_there; }

install() { bootstrap --master "127.0.0.1:$port" --name b1 --port 0 --bind-address 127.0.0.1 --binary /input/slothd-agent; }

@test "installed, registered, used, left alone, and removed with what it runs" {
	environment=(SLOTH_TOKEN="$(sloth token create --name b1 2>/dev/null)")
	install
	expect_status 0
	expect_words 'agent b1 '
	run grep token "$M/etc/sloth/agent.conf"
	[ -z "$output" ]
	run sloth agent run -n b1 echo works
	[ "$output" = works ]
	sloth agent run --detach b1 'exec sleep 1000' >/dev/null 2>&1
	before=$(cat "$M/var/lib/sloth-agent/agent.pid")
	install
	expect_status 0
	expect_words 'nothing has changed'
	[ "$(cat "$M/var/lib/sloth-agent/agent.pid")" = "$before" ]
	lives_there
	# A process of a file that is not the installed one.
	cp "$L/sbin/slothd-agent" "$L/sbin/other"
	mv "$L/sbin/other" "$L/sbin/slothd-agent"
	install
	expect_status 0
	[[ $output != *'nothing has changed'* ]]
	[ "$(cat "$M/var/lib/sloth-agent/agent.pid")" != "$before" ]
	install
	expect_words 'nothing has changed'
	bootstrap --uninstall --purge
	expect_status 0
	[ ! -e "$M/etc/sloth" ]
	run find "$M/var" "$M/run" "$L" -type f
	[ -z "$output" ]
	wait_for nobody_lives_there
}

@test "--no-sudo without root: all of it in the home directory, as who asks, and away again" {
	[ "$(id -u)" -eq 0 ] || skip 'only root can be somebody else here'
	mkdir -p "$M/srv/joe"
	chown 1000:1000 "$M/srv/joe"
	chmod 1777 "$M/tmp"
	chmod 755 "$M/input"/*
	before=$(snapshot)
	as_joe --master "127.0.0.1:$port" --name b2 --port 0 --bind-address 127.0.0.1 --binary /input/slothd-agent --no-sudo
	expect_status 0
	expect_words 'agent b2 '
	expect_words '/srv/joe/.local/sbin/slothd-agent --config /srv/joe/.config/sloth/agent.conf --daemon'
	run sloth agent run -n b2 'id -u'
	[ "$output" = 1000 ]
	[ "$(stat -c '%u %a' "$M/srv/joe/.config/sloth/agent.conf")" = '1000 600' ]
	[ "$(readlink "$M/srv/joe/.local/bin/sloth")" = ../sbin/slothd-agent ]
	diff <(echo "$before") <(snapshot)
	as_joe --no-sudo --uninstall --purge
	expect_status 0
	run find "$M/srv" -not -type d
	[ -z "$output" ]
	wait_for nobody_lives_there
	as_joe --no-sudo --master 127.0.0.1 --user root --binary /input/slothd-agent
	expect_status 2
	expect_words '--user: it takes root'
	as_joe --master 127.0.0.1 --binary /input/slothd-agent
	expect_status 3
	expect_words 'there is no sudo'
	home='' as_joe --no-sudo --uninstall
	expect_status 3
	expect_words 'HOME is not'
}

as_joe() {
	cp "$script" "$M/input/bootstrap.sh"
	run in_machine HOME="${home-/srv/joe}" SLOTH_TOKEN="$(sloth token create --name b2 2>/dev/null)" \
		/usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups /bin/sh /input/bootstrap.sh "$@"
}
