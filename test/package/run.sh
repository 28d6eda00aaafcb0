#!/usr/bin/env bash
#
# run.sh BUILD - every test of the packages that `make deb` has made in BUILD/deb. One line each; what a test printed is
# shown when it failed. The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")" || exit 1

build=${1:?usage: run.sh BUILD}
case $build in /*) ;; *) build=$OLDPWD/$build ;; esac
export SLOTH_BUILD=$build
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0
for script in *.sh; do
	[ "$script" != run.sh ] || continue
	timeout -k 30 900 bash "$script" >"$log" 2>&1
	case $? in
	0) passed=$((passed + 1)) && echo "ok    package/${script%.sh}" ;;
	77) echo "skip  package/${script%.sh}: $(sed -n 's/^SKIP: //p' "$log")" ;;
	*) failed=$((failed + 1)) && echo "FAIL  package/${script%.sh}" && tail -n 100 "$log" | sed 's/^/    | /' ;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
