# shellcheck shell=bash
#
# judge.sh - running and judging, for lib.sh. The words are those of test/e2e/lib.sh.

note() { echo "NOTE: $*"; }

skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	local log i line='?'

	for ((i = ${#FUNCNAME[@]} - 1; i > 0; i--)); do
		[ "${FUNCNAME[i]}" = main ] && { line=${BASH_LINENO[i - 1]}; break; }
	done
	echo "FAILED: $* (${BASH_SOURCE[-1]##*/}, line $line)"
	for log in "$T"/stdout "$T"/stderr; do
		[ -s "$log" ] && { echo "--- ${log##*/} of the last run:"; head -c 4000 "$log"; echo; }
	done
	exit 1
}

# until_true SECONDS COMMAND...: repeats it until it succeeds; 1 when it has not in that time.
until_true() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# run COMMAND...: its output goes to $T/stdout and $T/stderr, its exit status to $status.
run() {
	"$@" >"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
}

assert_status()       { [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"; }
assert_stdout_is()    { printf '%s' "$1" | cmp -s - "$T/stdout" || fail "stdout is not '$1'"; }
assert_stdout_has()   { grep -qaF -- "$1" "$T/stdout" || fail "stdout has no '$1'"; }
assert_stderr_has()   { grep -qaF -- "$1" "$T/stderr" || fail "stderr has no '$1'"; }
assert_stdout_like()  { grep -qaE -- "$1" "$T/stdout" || fail "stdout has nothing like '$1'"; }
assert_stderr_like()  { grep -qaE -- "$1" "$T/stderr" || fail "stderr has nothing like '$1'"; }
assert_stdout_lacks() { ! grep -qaE -- "$1" "$T/stdout" || fail "stdout has something like '$1'"; }
assert_equal()        { [ "$1" = "$2" ] || fail "${3:-value} is '$1', expected '$2'"; }
