#!/usr/bin/env bash
# Who is denied an agent at the master enrols it by no pattern and no token either, and does not see it in lists.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
dir=$T/policy.d
mkdir "$dir"
printf '%s\n' 'allow operator:bob' 'deny operator:bob agents=db* verbs=list,enroll' >"$dir/10.conf"
start_secure_master --policy-dir "$dir"
log_in bob
launch_secure_agent db1
launch_secure_agent web1
waits() { [[ $(on_master agent pending) == *"$1"* ]]; }
until_true 20 waits db1 || fail 'db1 does not wait'
until_true 20 waits web1 || fail 'web1 does not wait'

# denied WORDS COMMAND...
denied() {
	local words=$1

	shift
	run "$@"
	[ "$status" -ne 0 ] || fail "it is not refused: $*"
	assert_stderr_has "policy denies operator:bob to enroll agent $words ($dir/10.conf:2)"
}
denied db1 sloth agent accept db1
denied '"db[1]"' sloth agent accept 'db[1]'
denied '"*"' sloth agent reject '*'
denied db1 sloth token create --name db1 --replace
denied '"*"' sloth token create
waits db1 || fail 'db1 waits no more'

run sloth agent pending
assert_status 0
assert_stdout_has web1
assert_stdout_lacks '^db1'
run sloth token create --name web2
assert_status 0
run sloth token create --role operator --name dbora
assert_status 0
run sloth agent accept web1
assert_status 0
until_true 20 is_usable web1 || fail 'web1 is not accepted'
