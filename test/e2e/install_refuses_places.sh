#!/usr/bin/env bash
# build: plain
#
# make install and make uninstall: a place that their lists cannot hold is refused before anything is written. One to
# put all of it in may have blanks, and may be relative.
. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS

make_it() { run make -s -C "$root" BUILD="${SLOTH_PLAIN_BUILD#"$root"/}" "$@"; }

for target in install uninstall; do
	for place in PREFIX='/opt/two words' PREFIX='/opt/two /words' PREFIX=opt/x PREFIX= SYSCONFDIR=etc UNITDIR='/lib/a b'; do
		make_it "$target" DESTDIR="$T/none" "$place"
		assert_status 2
		assert_stderr_has "${place%%=*}=\"${place#*=}\": it has to be an absolute path without white space"
		[ ! -e "$T/none" ] || fail "$place: something was written"
	done
done

for place in "$T/two words" "$(realpath --relative-to="$root" "$T")/relative"; do
	make_it install DESTDIR="$place" PREFIX=/usr
	assert_status 0
	make_it uninstall DESTDIR="$place" PREFIX=/usr
	assert_status 0
done
[ -z "$(find "$T/two words" "$T/relative" -not -type d)" ] || fail 'not all of it is gone'
