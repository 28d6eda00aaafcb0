#!/bin/sh
# fill_bootstrap.sh SCRIPT VERSION SHA256SUMS UNIT - prints bootstrap.sh with what belongs to a release: its version, the
# hashes of its programs, and the text of its unit.
set -eu
sed -e "s/^release_version=.*/release_version=$2/" -e "/<<'HASHES'\$/r $3" \
	-e "/<<'UNIT'\$/,/^UNIT\$/{/<<'UNIT'\$/!{/^UNIT\$/!d}}" -e "/<<'UNIT'\$/r $4" "$1"
