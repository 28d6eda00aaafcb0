#!/usr/bin/env bash
# A state directory that cannot be made or written: exit 1 with its name.
. "$(dirname "$0")/lib.sh"
: >"$T/file"

run slothd-master --port 0 --state-dir "$T/file/state"
assert_status 1
assert_stderr_has "$T/file"
run slothd-agent --name web1 --port 0 --state-dir "$T/file/state"
assert_status 1
assert_stderr_has "$T/file"

if [ "$(id -u)" -ne 0 ]; then
	mkdir -m 500 "$T/closed"
else
	unshare --mount true 2>/dev/null || { note "read-only directory not tried: no mount namespace"; exit 0; }
fi
readonly_dir() {
	if [ "$(id -u)" -eq 0 ]; then
		run unshare --mount bash -c 'mkdir -p "$1" && mount -t tmpfs -o ro none "$1" && shift && exec "$@"' - "$T/closed" "$@"
	else
		run "$@"
	fi
}
readonly_dir slothd-master --port 0 --state-dir "$T/closed/state"
assert_status 1
assert_stderr_has "$T/closed"
readonly_dir slothd-agent --name web1 --port 0 --state-dir "$T/closed/state"
assert_status 1
assert_stderr_has "$T/closed"
