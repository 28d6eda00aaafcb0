#!/usr/bin/env bash
# lintian has nothing to say about the packages, not even pedantically.
set -eu
: "${SLOTH_BUILD:=$(cd "$(dirname "$0")/../.." && pwd)/build}"
command -v lintian >/dev/null || { echo 'SKIP: there is no lintian'; exit 77; }
root=()
[ "$(id -u)" -ne 0 ] || root=(--allow-root)
found=$(lintian ${root[@]+"${root[@]}"} --pedantic "$SLOTH_BUILD"/deb/*.changes) || true
[ -z "$found" ] && exit 0
echo "$found"
exit 1
