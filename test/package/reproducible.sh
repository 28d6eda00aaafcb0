#!/usr/bin/env bash
# The same sources make the same bytes, wherever and by whomever: tarball, packages, static agent. Compares what `make deb`
# has built with a second build elsewhere, at another time, in another zone, with another umask.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
: "${SLOTH_BUILD:=$root/build}"
T=$(mktemp -d "${TMPDIR:-/tmp}/sloth-reproducible.XXXXXX")
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM HUP

differ=0
# same WHAT FILE OTHER
same() {
	cmp -s "$2" "$3" && return
	echo "FAILED: two builds differ: $1: $(cmp "$2" "$3" 2>&1)"
	differ=1
}

export TZ=Pacific/Kiritimati LC_ALL=C CCACHE_DISABLE=1
unset MAKEFLAGS MFLAGS MAKELEVEL SOURCE_DATE_EPOCH CFLAGS CPPFLAGS LDFLAGS
umask 077
mkdir -p "$T/a/folder/of/another/length"
cd "$T/a/folder/of/another/length"
tar -xJf "$SLOTH_BUILD"/dist/sloth-*.tar.xz
cd sloth-*

make -s dist
same tarball "$SLOTH_BUILD"/dist/*.tar.xz build/dist/*.tar.xz
rm -rf build
export DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-noautodbgsym}		# as `make deb` does
dpkg-buildpackage -us -uc -j"$(nproc)" >"$T/log" 2>&1 || { tail -n 20 "$T/log"; exit 1; }
for package in ../*.deb; do
	same "${package#../}" "$SLOTH_BUILD/deb/${package#../}" "$package"
done

# The flags of `make install` are others than those of the packages.
for folder in "$T/here" "$T/further/there"; do
	mkdir -p "$folder"
	tar -xJf "$SLOTH_BUILD"/dist/sloth-*.tar.xz -C "$folder" --strip-components=1
	make -s -C "$folder" -j"$(nproc)" static
done
cd "$T/here"
for program in build/share/sloth/dist/*/*; do
	same "static $program" "$program" "$T/further/there/$program"
done
exit $differ
