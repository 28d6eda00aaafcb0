#!/usr/bin/env bash
# An operator's certificate is renewed when it is used late in its life, also when it has expired; until then it stays.
# What goes wrong there is worth a word near the end only.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
. "$here/lib/clock.sh"

at_day() {
	set_clock $(($1 * 86400))
	LD_PRELOAD=$T/clock.so "${@:2}"
}

start_secure_master
log_in alice --context work
dir=$XDG_CONFIG_HOME/sloth/contexts/work
certificate() { sha256sum <"$dir/operator.crt"; }
files() { find "$dir" -type f -printf '%f\n' | sort | xargs; }
first=$(certificate)
run at_day 10 sloth whoami
assert_status 0
assert_equal "$(certificate)" "$first" 'the certificate in its first half'

run at_day 25 sloth whoami
assert_status 0
assert_stderr_is ''
second=$(certificate)
[ "$second" != "$first" ] || fail "it was not renewed late in its life"
assert_equal "$(stat -c %a "$dir/operator.key")" 600 'mode of the new key'
run at_day 0 sloth whoami
assert_status 0
assert_stdout_has operator:alice

# many at once: one renews, the others go on with what there is
users=()
set_clock $((25 * 86400))
for _ in {1..6}; do
	LD_PRELOAD=$T/clock.so sloth whoami >"$T/crowd" 2>&1 &
	users+=($!)
done
for pid in "${users[@]}"; do
	wait "$pid" || fail "one of many failed: $(cat "$T/crowd")"
done
[ "$(certificate)" != "$second" ] || fail "none of many renewed it"
assert_equal "$(files)" 'address ca.crt lock operator.crt operator.key' 'files of the context'

# it cannot be renewed: a word near the end only, and the command is what it was
before=$(certificate)
rm "$dir/lock"
mkdir "$dir/lock"
run at_day 25 sloth whoami
assert_status 0
assert_stderr_is ''
run at_day 29 sloth whoami
assert_status 0
assert_stderr_like '^sloth: the certificate of context work ends soon and cannot be renewed: '
assert_equal "$(certificate)" "$before" 'the certificate that cannot be renewed'

# both ends a month later
stop_daemons
daemon_pids=()
set_clock $((33 * 86400))
export LD_PRELOAD=$T/clock.so
start_secure_master
sed -i "s/.*/$master/" "$dir/address"
run sloth agent list
assert_status 1
assert_stderr_has 'the certificate of operator alice has expired'
assert_stderr_like '^sloth: the certificate of context work has ended and cannot be renewed: '
run sloth whoami
assert_stdout_like '^Roles: +expired'
rmdir "$dir/lock"
run sloth whoami
assert_status 0
assert_stdout_has operator:alice
run sloth agent list
assert_stderr_has 'knows no agent'
