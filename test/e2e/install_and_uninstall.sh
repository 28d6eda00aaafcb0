#!/usr/bin/env bash
# build: plain
#
# What make install puts somewhere, make uninstall takes away, and nothing else: neither a folder that was there, nor
# what came later. A second install, as an upgrade is one, changes nothing of that.
. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS

place=$T/place
install_there() {
	make -s -C "$root" "$1" BUILD="${SLOTH_PLAIN_BUILD#"$root"/}" DESTDIR="$place" PREFIX=/usr SYSCONFDIR=/etc >"$T/said" 2>&1 ||
		fail "make $1: $(cat "$T/said")"
	[ ! -s "$T/said" ] || fail "make $1 says: $(cat "$T/said")"
}
tree() { (cd "$place" && find . -printf '%M %p %l\n' | sort); }

mkdir -p "$place/usr/bin" "$place/usr/share/man/man5" "$place/etc"
echo kept >"$place/usr/bin/other"
tree >"$T/before"
install_there install
for file in bin/sloth sbin/slothd-master sbin/slothd-agent libexec/sloth/sloth-tls libexec/sloth/sloth-supervise; do
	[ -x "$place/usr/$file" ] || fail "no program $file"
done
assert_equal "$(readlink "$place/usr/bin/sloth-runner")" sloth
[ -d "$place/var/lib/sloth-runner" ] || fail 'no working directory for units of sloth-runner'
[ -d "$place/etc/sloth" ] || fail 'no place for the configuration'
grep -q '^ExecStart=/usr/sbin/slothd-agent$' "$place/usr/lib/systemd/system/slothd-agent.service" || fail 'not the unit'
run grep -rlE '@[a-z]+@' "$place" --include='*.service' --include='*.conf'
assert_status 1

tree >"$T/installed"
install_there install
tree >"$T/again"
assert_same "$T/installed" "$T/again"

echo 'master = m' >"$place/etc/sloth/agent.conf"
install_there uninstall
[ -e "$place/etc/sloth/agent.conf" ] || fail 'the configuration is gone'
rm -r "$place/etc/sloth"
tree >"$T/after"
assert_same "$T/before" "$T/after"
