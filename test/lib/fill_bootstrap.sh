#!/bin/sh
# fill_bootstrap.sh SCRIPT SHA256SUMS VERSION - bootstrap.sh of a release: with its version and the hashes of its programs.
set -eu
sed -e "s/^release_version=.*/release_version=$3/" -e "/<<'HASHES'\$/r $2" "$1"
