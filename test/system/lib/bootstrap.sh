# shellcheck shell=bash disable=SC2034,SC2154  # variables that scripts use, and those of lib.sh
#
# bootstrap.sh - a master that gives out agents, and what machines look like before and after. Sourced behind lib.sh.

dist=/usr/local/share/sloth/dist

# boot_master: machine m1 at 10.77.0.2 with everything of `make install`, its master running.
boot_master() {
	make_machine m1 10.77.0.2/24
	make -s -C "$root" BUILD="$SLOTH_BUILD" DESTDIR="$T/m1" install >"$T/install.log" 2>&1 || fail "make install: $(tail -n 3 "$T/install.log")"
	start_machine m1
	on m1 systemd-sysusers
	on m1 systemd-tmpfiles --create
	on m1 systemctl start slothd-master || fail 'the master does not start'
	until_true 20 master_answers || fail 'the master does not answer'
}
master_answers() { on m1 sloth status >/dev/null 2>&1; }

# print_line NAME [OPTION...]
print_line() { on m1 sloth token create --name "$1" --print-install "${@:2}" 2>"$T/line.err"; }

# state_of NAME: what an installation could leave there: files, units, users, processes.
state_of() {
	on "$1" sh -c 'find /etc /usr /var /opt /root /tmp -xdev ! -path "/var/log/*" ! -path "/var/lib/systemd/*" ! -path "/tmp/systemd-*" \
		! -path "/var/tmp/systemd-*" -printf "%p %y %m %u\n" | sort; find /run -name "*sloth*" 2>/dev/null; systemctl list-units --all --no-legend "*sloth*"
		ls /var/log/sloth 2>/dev/null; :'
	on "$1" ps -eo args= | grep sloth	# a shell there with that word in its command would be seen itself, or twice
	:
}
expect_state() {
	state_of "$1" >"$T/after"
	diff "$2" "$T/after" >"$T/diff" || fail "$1 is not as it was: $(head -n 20 "$T/diff")"
}

# What was started with on_network; machines have networks of their own, joined to that one.
end_helpers() { ip netns pids "$network" | xargs -r kill; }
