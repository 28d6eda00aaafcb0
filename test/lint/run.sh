#!/usr/bin/env bash
#
# run.sh BUILD [STEP...] - everything about the sources that a machine can judge. Without STEP all of them.
# run.sh --list          - the steps, each with a time limit in seconds.
#
# BUILD is a built plain tree: generated headers come from it, results of clang-tidy are kept in it.
set -eu -o pipefail
cd "$(dirname "$0")/../.."

folders=(common wire master agent cli test)
steps='includes 20
owners 20
sizes 20
markers 20
cppcheck 240
scripts 120
man 20
units 60
help 60
tidy-wire 300
tidy-master 300
tidy-agent 300
tidy-cli 300
tidy-common 300
tidy-test 300'

sources() {
	find "$@" -name '*.[ch]' | sort
}

scripts() {
	find bootstrap.sh test systemd completions .ci -type f \( -name '*.sh' -o -name '*.bash' -o -name '*.bats' -o -path '.ci/run' \) | sort
}

# Left-over markers, and paths that exist on one machine only.
find_markers() {
	local mark='TO''DO|FIX''ME|XX''X|HA''CK' found

	found=$({
		sources "${folders[@]}"
		scripts
		find . -maxdepth 1 -type f -name '[A-Z]*'
		find man -type f
	} | xargs grep -nE "\\b($mark)\\b|(^|[^[:alnum:]_.\$-])/(work|home|root|workspace|builds?)/") || true
	[ -n "$found" ] || return 0
	echo "$found"
	echo "left-over markers, or paths of somebody's machine (above)"
	return 1
}

check_cppcheck() {
	mkdir -p "$1/lint/cppcheck"
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=test/lint/cppcheck.txt --cppcheck-build-dir="$1/lint/cppcheck" \
		--template='{file}:{line}: {severity}: {message} [{id}]' -D_GNU_SOURCE \
		--include=test/lint/cppcheck.h -I. common wire master agent cli
}

check_scripts() {
	scripts | xargs -P 2 -n 12 shellcheck -x
	find test -name '*.py' -print0 | xargs -0 /usr/bin/python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path).read(), path)'
}

# Cross references to pages that are installed together with these cannot be found from here.
check_man() {
	local out

	out=$(mandoc -Tlint -Wwarning man/*.[1-8] | grep -v 'referenced manual not found' || true)
	[ -z "$out" ] && return
	echo "$out"
	return 1
}

# As installed, but with programs that are there. What the newest systemd knows only is not looked at by older ones.
check_units() {
	local dir=$1/lint/units out unit

	command -v systemd-analyze >/dev/null || { echo 'SKIP: there is no systemd-analyze'; exit 77; }
	mkdir -p "$dir"
	for unit in systemd/*.service; do
		sed 's#@sbindir@/[a-z-]*#/bin/true#' "$unit" >"$dir/${unit##*/}"
	done
	out=$(systemd-analyze verify --man=no "$dir"/*.service 2>&1) || out+=' (failed)'
	[ -z "$out" ] || { echo "$out"; return 1; }
	out=$(systemd-analyze security --offline=true --threshold=15 "$dir/slothd-master.service") ||
		{ echo "$out"; return 1; }
	! grep -n '^Alias=' systemd/*.service
}

step() {
	case $1 in
	includes) sources "${folders[@]}" | xargs awk -f test/lint/includes.awk ;;
	owners)   sources common wire master agent cli | xargs awk -f test/lint/owners.awk ;;
	sizes)    sources "${folders[@]}" | xargs awk -f test/lint/sizes.awk ;;
	markers)  find_markers ;;
	cppcheck) check_cppcheck "$build" ;;
	scripts)  check_scripts ;;
	man)      check_man ;;
	units)    check_units "$build" ;;
	help)     test/lint/help.sh "$build" ;;
	tidy-*)   test/lint/tidy.sh "$build" "${1#tidy-}" ;;
	*)        echo "lint: no step is called $1"; return 1 ;;
	esac
}

if [ "${1:-}" = --list ]; then
	echo "$steps"
	exit 0
fi
build=${1:?usage: test/lint/run.sh BUILD [STEP...]}
shift
if [ $# -eq 0 ]; then
	mapfile -t all < <(cut -d' ' -f1 <<<"$steps")
	set -- "${all[@]}"
fi
status=0
for name in "$@"; do
	# Where its status is asked for in the same command, "set -e" would not hold in the step.
	set +e
	(set -e; step "$name")
	result=$?
	set -e
	[ "$result" -ne 0 ] || continue
	[ "$result" -ne 77 ] || [ $# -gt 1 ] || exit 77
	echo "lint: $name failed"
	status=1
done
exit $status
