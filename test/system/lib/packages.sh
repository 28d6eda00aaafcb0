# shellcheck shell=bash disable=SC2154  # $T, $suite, $SYSTEM_TREES are of lib.sh
#
# packages.sh - packages of Debian for machines that have no way to them: fetched by this machine, once, and kept beside the
# trees, in SUITE-apt. Sourced behind lib.sh.
#
# On a machine they are what apt has fetched before: `apt-get update` there reaches nobody, which apt takes as no news, and
# `apt-get install` finds all that it wants. A cache that has other packages is made again.

# fetch_packages PACKAGE...: into $packages.
fetch_packages() {
	packages=$SYSTEM_TREES/$suite-apt

	{
		flock 9
		[ "$(cat "$packages/list" 2>/dev/null)" = "$*" ] || fetch_anew "$@"
	} 9>"$packages.lock"
}

# In a copy of the tree, with the network of this machine; kept when it is complete.
fetch_anew() {
	local tree=$T/fetch

	rm -rf "$packages" "$packages.new"
	cp -a --reflink=auto "$SYSTEM_TREES/$suite" "$tree" || skip "no room for a copy of the $suite tree"
	cp /etc/resolv.conf "$tree/etc/resolv.conf"
	chroot "$tree" sh -c 'apt-get update && apt-get install -y --no-install-recommends --download-only "$@"' sh "$@" \
		>"$T/fetch.log" 2>&1 9<&- || skip "no packages of $suite: $(tail -n 1 "$T/fetch.log")"
	mkdir "$packages.new" "$packages.new/archives"
	cp -a "$tree"/var/cache/apt/archives/*.deb "$packages.new/archives"
	cp -a "$tree/var/lib/apt/lists" "$packages.new"
	echo "$*" >"$packages.new/list"
	mv "$packages.new" "$packages"
	rm -rf "$tree"
}

# give_packages NAME: a machine that is made and not started.
give_packages() {
	local apt=$T/$1/var

	mkdir -p "$apt/cache/apt" "$apt/lib/apt"
	rm -rf "$apt/cache/apt/archives" "$apt/lib/apt/lists"
	cp -a "$packages/archives" "$apt/cache/apt"
	cp -a "$packages/lists" "$apt/lib/apt"
}
