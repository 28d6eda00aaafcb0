#!/usr/bin/env bash
# A socket of a master that lets us not in: what root has to type, and the other way, by a login.
. "$(dirname "$0")/lib.sh"
start_master
if [ "$(id -u)" -eq 0 ]; then
	as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${as_other[@]}" "$(command -v sloth)" version >/dev/null 2>&1 || skip "the programs are not for other users"
	user=$(id -un 65534)
else
	as_other=()
	user=$(id -un)
	chmod 0 "$master_socket"
fi
for words in 'agent list' 'status'; do
	# shellcheck disable=SC2086  # a list of words
	run "${as_other[@]}" sloth --socket "$master_socket" $words
	assert_status 1
	assert_stderr_like '^sloth: .*permission denied'
	assert_stderr_has "usermod -aG sloth $user"
	assert_stderr_has 'sloth login HOST:PORT'
done
chmod 600 "$master_socket"
