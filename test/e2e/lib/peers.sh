# shellcheck shell=bash disable=SC2034,SC2154  # variables of lib.sh and of the scripts
#
# peers.sh - who calls, and how far it gets: a table of every method against every kind of peer. Sourced behind
# secure.sh. What knock and certs do stands in test/tools.
PATH=$PATH:$SLOTH_PLAIN_BUILD/test
peers=()			# columns of the table, in order

# certify ISSUER NAME FIRST_DAY LAST_DAY IDENTITY...: NAME.key and NAME.crt in $T, signed with ISSUER.key and ISSUER.crt. An
# identity is KIND/NAME in the master's cluster, or a whole URI.
certify() {
	local word uris=() cluster

	cluster=$(cat "$T/master/cluster")
	for word in "${@:5}"; do
		case $word in *:* | CA) uris+=("$word") ;; *) uris+=("spiffe://$cluster/$word") ;; esac
	done
	certs "$1" "$T/$2" "$3" "$4" "${uris[@]}" || fail "no certificate $2"
}

# call "REQUESTS" KNOCK_OPTION...: their lines go to $T/stdout.
call() {
	run knock "${@:2}" <<<"$1"
	assert_status 0
}

# list_methods KNOCK_OPTION...: one request for every method that is served, in $T/requests; what belongs to an agent is
# asked for web1.
list_methods() {
	knock -l "$@" >"$T/methods" || fail "no list of methods"
	sed '/AgentRegistry/s/$/ 1=web1/' "$T/methods" >"$T/requests"
}

# peer NAME KNOCK_OPTION...: calls every method as this peer; a column of the table.
peer() {
	knock "${@:2}" <"$T/requests" >"$T/as-$1" || fail "knock failed as $1"
	peers+=("$1")
}

# says NAME WORDS: whatever was refused to this peer was refused with these words.
says() {
	grep -q '^[-x]' "$T/as-$1" || fail "nothing was refused to $1"
	! grep '^[-x]' "$T/as-$1" | grep -v -- "$2" || fail "$1 was refused with other words than '$2'"
}

# assert_table: standard input is what is expected: a head with the names of the columns, a row for each method.
assert_table() {
	local name files=()

	for name in "${peers[@]}"; do
		cut -c1 "$T/as-$name" >"$T/letters-$name"
		files+=("$T/letters-$name")
	done
	{ echo "method ${peers[*]}"; paste -d ' ' "$T/methods" "${files[@]}"; } >"$T/table"
	diff -b - "$T/table" >"$T/difference" || fail "the table is not as expected:
$(cat "$T/difference")"
}
