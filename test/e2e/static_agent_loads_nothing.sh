#!/usr/bin/env bash
# The static agent looks up users without loading a library of this machine, and asks getent about those in no file.
# build: plain
. "$(dirname "$0")/lib.sh"
static=$(echo "$SLOTH_PLAIN_BUILD"/share/sloth/dist/*/slothd-agent)
mkdir -p "$T/usr/sbin" "$T/usr/libexec/sloth"
cp "$static" "$T/usr/sbin"
cp "${static%/*}/sloth-supervise" "$T/usr/libexec/sloth"
(cd "${static%/*/*}" && sha256sum --quiet -c SHA256SUMS) || fail 'SHA256SUMS are not those of the files'
start_master
PATH=$T/usr/sbin:$PATH
start_agent web1

run sloth agent run --user "$(id -un)" web1 id -u
assert_status 0
assert_stdout_is "$(id -u)"$'\n'
run sloth agent run --user nobody-of-this-name web1 true
assert_status 125
assert_stderr_has "no such user on the agent's machine"
assert_equal "$(readlink "/proc/${agent_pid[web1]}/exe")" "$T/usr/sbin/slothd-agent" 'the agent that runs'
assert_equal "$(grep -c '\.so' "/proc/${agent_pid[web1]}/maps")" 0 'the number of libraries in the agent'
