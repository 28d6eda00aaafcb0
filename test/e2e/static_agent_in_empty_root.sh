#!/usr/bin/env bash
# The static agent and its supervisor work where there is nothing else: no library, no shell, no user database.
# build: plain
. "$(dirname "$0")/lib.sh"
static=$(echo "$SLOTH_PLAIN_BUILD"/share/sloth/dist/*/slothd-agent)
mkdir -p "$T/root/sbin" "$T/root/libexec/sloth" "$T/root/proc" "$T/root/dev" "$T/root/etc"
cp "$static" "$T/root/sbin"
cp "${static%/*}/sloth-supervise" "$T/root/libexec/sloth"
: >"$T/root/dev/null"
namespaces=(-m)
[ "$(id -u)" -eq 0 ] || namespaces=(-r -m)
# shellcheck disable=SC2016  # expanded by the shell in the namespace
enter='mount --rbind /proc "$1/proc" && mount --bind /dev/null "$1/dev/null" && shift 1'
run unshare "${namespaces[@]}" sh -c "$enter" sh "$T/root"
[ "$status" -eq 0 ] || skip "no mount namespace can be made: $(head -n 1 "$T/stderr")"
start_master

slothd-agent() {
	exec unshare "${namespaces[@]}" sh -c "${enter% &&*}"' && exec chroot "$@"' sh "$T/root" /sbin/slothd-agent "$@"
}
start_agent web1 --state-dir /state
unset -f slothd-agent
run sloth agent run --cwd / --argv web1 /sbin/slothd-agent --version
assert_status 0
assert_stdout_like '^slothd-agent [0-9.]+$'
run sloth agent run web1 true
assert_status 127
assert_equal "$(find "$T/root" -name '*.so*' | grep -v "^$T/root/proc/")" '' 'libraries in its root'

# Users are read from a file, as soon as there is one.
echo 'keeper:x:0:0::/:/bin/none' >"$T/root/etc/passwd"
run sloth agent run --user keeper --cwd / --argv web1 /sbin/slothd-agent --version
assert_status 0
run sloth agent run --user other --cwd / --argv web1 /sbin/slothd-agent --version
assert_status 125
assert_stderr_has "no such user on the agent's machine"
