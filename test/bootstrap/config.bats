# Which lines of the configuration stay when it is written again.
# shellcheck disable=SC1003,SC2034,SC2154  # backslashes; variables of lib.bash
load lib.bash

setup() {
	make_machine
	script=$root/bootstrap.sh
	program 1.0 'registered with master'
	mkdir -p "$M/etc/sloth"
}

# The configuration without its first line and without what the options say.
rest() { sed -e 1d -e '/^master = 10.0.0.1$/d' "$M/etc/sloth/agent.conf"; }

@test "a key goes with the lines it goes on in, and a key that stays keeps its own" {
	printf '%s\n' 'policy = \' '   /etc/sloth/p.conf' 'token = \' '# between' '   sloth1.old.a.b' 'max-runs = 7' 'master = a\' 'token = b' \
		'# not a line that goes on \' 'log-level = \' '; between' '  debug' '\' '  token-file = /x' '  name=old' \
		>"$M/etc/sloth/agent.conf"
	install
	expect_status 0
	diff <(rest) <(printf '%s\n' 'policy = \' '   /etc/sloth/p.conf' 'max-runs = 7' '# not a line that goes on \' 'log-level = \' '; between' \
		'  debug')
}

@test "ends of lines as on another system, and a file that ends in the middle" {
	printf 'max-runs = 7\r\nmaster = x\\\r\n token = y\r\n\ttoken\t= z\r\n\r\npolicy = /p\\' >"$M/etc/sloth/agent.conf"
	for shell in dash 'bash --posix' bash 'busybox ash'; do
		give_tool "${shell%% *}"
		cp "$script" "$M/input/b"
		# shellcheck disable=SC2086  # words
		run in_machine $shell /input/b --master 10.0.0.1 --binary /input/slothd-agent
		expect_status 0
		diff <(rest) <(printf 'max-runs = 7\r\n\r\npolicy = /p\\\n') || { echo "$shell"; return 1; }
	done
}

@test "a byte order mark before the first key" {
	printf '\357\273\277master = 10.0.0.7:5\nmax-runs = 7\n' >"$M/etc/sloth/agent.conf"
	install
	expect_status 0
	diff <(rest) <(echo 'max-runs = 7')
	printf '\357\273\277max-runs = 7\n' >"$M/etc/sloth/agent.conf"
	install
	diff <(rest) <(echo 'max-runs = 7')
	printf '\357\273\277master = 10.0.0.7:5\n' >"$M/etc/sloth/agent.conf"
	bootstrap --update --dry-run
	expect_words 'from 10.0.0.7:5 '
}

@test "an update reads the master where it goes on" {
	install
	printf 'name = b\nmaster = \\\n  10.0.0.7:5\nca-fingerprint=\\\n%s\n' "$(printf 'ab%.0s' {1..32})" >"$M/etc/sloth/agent.conf"
	bootstrap --update --dry-run
	expect_status 0
	expect_words 'from 10.0.0.7:5 '
}

@test "an update and a removal take no settings" {
	install
	before=$(cat "$M/etc/sloth/agent.conf")
	for action in --update --uninstall; do
		for option in --name=web2 --port=1 --bind-address=::1 --report-address=h:1 --incus=h:1 --user=nobody; do
			bootstrap $action $option --binary /input/slothd-agent
			expect_status 2
			expect_words "$action leaves the agent's settings as they are"
		done
	done
	[ "$(cat "$M/etc/sloth/agent.conf")" = "$before" ]
	[ -x "$L/sbin/slothd-agent" ]
}
