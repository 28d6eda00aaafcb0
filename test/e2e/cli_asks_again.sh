#!/usr/bin/env bash
# A question that the master has provably not looked at is asked once more, on whatever connection there is; others are not.
. "$(dirname "$0")/lib.sh"

# asked HOW: `agent list` of a server that refuses so; sets n_requests.
asked() {
	local socket=$T/$1.sock

	"$python" "$here/lib/raw.py" refuse "$socket" "$1" >"$T/$1.requests" &
	until_true 30 test -S "$socket" || fail "no server"
	run sloth --socket "$socket" agent list
	kill $!
	wait $! 2>/dev/null
	n_requests=$(wc -l <"$T/$1.requests")
}

for how in stream goaway; do
	asked $how
	assert_stderr_has 'the master knows no agent'
	assert_equal "$n_requests" 2 "requests when the first is refused ($how)"
done
asked always
assert_status 1
assert_stderr_has REFUSED_STREAM
assert_equal "$n_requests" 2 'requests when all are refused'
asked reset
assert_status 1
assert_equal "$n_requests" 1 'requests when the first is reset'
