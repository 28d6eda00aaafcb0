#!/usr/bin/env bash
#
# tree.sh SUITE FOLDER - makes the Debian tree FOLDER/SUITE that machines of the system tests are copies of, unless it
# is there already, and prints its path. Needs root, and a network the first time.
#
# The packages come from where this machine's apt has its own from. A tree is made beside its place and moved there
# when it is complete, so that an interrupted start leaves none; one that was made of other packages is made again.
# Two that want the same tree wait for each other.
set -eu -o pipefail

suite=${1:?usage: tree.sh SUITE FOLDER} folder=${2:?usage: tree.sh SUITE FOLDER}
tree=$folder/$suite

# What our programs need to run, and what a test looks at them with. The last words name libraries as each suite does.
packages=systemd,systemd-sysv,dbus,ca-certificates,curl,iproute2,procps,netcat-openbsd
packages+=,libnghttp2-14,libprotobuf-c1,libc-ares2,libsqlite3-0,libjansson4,libsmartcols1
case $suite in
bookworm) packages+=,libev4,libssl3 ;;
*) packages+=,libev4t64,libssl3t64 ;;
esac

# The first place of packages of this machine that is no place of corrections only.
find_mirror() {
	local codename

	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016  # apt's own variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v suite="$codename" '$2 == suite && $3 == "main" { print $1; exit }'
}

is_made() { [ -d "$tree" ] && [ "$(cat "$tree.packages" 2>/dev/null)" = "$packages" ]; }

mkdir -p "$folder"
exec 9>"$tree.lock"
flock 9
if is_made; then
	echo "$tree"
	exit 0
fi
[ "$(id -u)" -eq 0 ] || { echo "tree.sh: only root can make a Debian tree" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "tree.sh: there is no debootstrap" >&2; exit 1; }
mirror=$(find_mirror)
[ -n "$mirror" ] || { echo "tree.sh: apt of this machine names no place of Debian packages" >&2; exit 1; }

rm -rf "$tree" "$tree.new" "$tree.packages"
trap 'rm -rf "$tree.new"' EXIT
trap 'exit 130' INT TERM HUP
if ! debootstrap --variant=minbase --include="$packages" "$suite" "$tree.new" "$mirror" >"$tree.log" 2>&1 9>&-; then
	tail -n 5 "$tree.log" >&2
	echo "tree.sh: debootstrap of $suite failed; all it said is in $tree.log" >&2
	exit 1
fi
rm -rf "$tree.new/var/cache/apt" "$tree.new"/var/lib/apt/lists/*
# Each machine is to be its own: the name it has, an id of its first start.
: >"$tree.new/etc/machine-id"
rm -f "$tree.new/etc/hostname" "$tree.new/etc/resolv.conf"
mv "$tree.new" "$tree"
printf '%s\n' "$packages" >"$tree.packages"
echo "$tree"
