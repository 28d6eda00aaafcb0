#!/usr/bin/env bash
#
# run.sh BUILD [PATTERN] - every system test on every Debian, as root and without rights; see lib.sh. The last line is
# "N passed, N failed". PATTERN as for test/run.sh: run.sh build 'system/boot/*/root'.
#
# The trees are made here, one after the other, so that no test waits for them. A Debian that cannot be made is no
# failure: its tests are skipped and say why.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${1:?usage: test/system/run.sh BUILD [PATTERN]}
case $build in /*) ;; *) build=$PWD/$build ;; esac
export SYSTEM_TREES=${SYSTEM_TREES:-$build/system}
for suite in bookworm trixie; do
	test/system/lib/tree.sh "$suite" "$SYSTEM_TREES" >/dev/null
done
exec test/run.sh --system "$build" "${2:-*}"
