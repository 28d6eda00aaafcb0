#!/usr/bin/env bash
# The disk of the audit log is full: old records make room; where there are none, no run begins unrecorded, everything
# else goes on, and runs are taken again as soon as there is room.
. "$(dirname "$0")/lib.sh"

if [ "${IN_NAMESPACE:-}" != yes ]; then
	unshare --map-root-user --mount true 2>/dev/null || skip "no user and mount namespaces here"
	trap - EXIT
	cd / && rm -rf "$T"
	IN_NAMESPACE=yes exec unshare --map-root-user --mount bash "$here/audit_full_disk.sh"
fi
audit=$T/master/audit
mkdir -m 700 "$T/master" "$audit"
mount -t tmpfs -o size=1m,mode=700 none "$audit" || skip "no tmpfs in a mount namespace here"
mounted+=("$audit")
start_master
start_agent web1
old=$audit/audit.log.$(date -u +%Y)0101T000000.000Z
head -c 8000 /dev/zero >"$old"
head -c 2000000 /dev/zero >"$audit/filler" 2>/dev/null
mkfifo "$T/in"
sloth agent run web1 'echo begun; cat' <"$T/in" >"$T/out" 2>"$T/err" &
running=$!
exec 9>"$T/in"
wait_line "$T/out" begun

is_refused() {
	run sloth agent run web1 true
	[ "$status" -eq 125 ]
}
until_true 20 is_refused || fail "runs go on unrecorded"
assert_stderr_has 'audit log'
assert_stderr_has "$audit"
assert_stderr_has 'No space left'
[ ! -e "$old" ] || fail "the old file was not deleted to make room"
run sloth status
assert_status 0
assert_stdout_like 'Warning.*audit log.*No space left'
assert_stdout_like 'Warning.*100 % full'
run sloth agent list
assert_status 0
start_agent web2 9>&-

exec 9>&-
wait $running || fail "the run that had begun: $(cat "$T/err")"

rm "$audit/filler"
runs_again() { sloth agent run web2 echo again >"$T/again" 2>&1; }
until_true 20 runs_again || fail "no run after there is room: $(cat "$T/again")"
! sloth status | grep -q 'No space left' || fail "the warning stays"
grep -qa '"event":"audit.resumed"' "$audit/audit.log" || fail "the gap is not recorded"
starts=$(grep -ac '"event":"run.start"' "$audit/audit.log")
ends() { [ "$(grep -ac '"event":"run.end"' "$audit/audit.log")" = "$starts" ]; }
until_true 30 ends || fail "runs without an end: $(cat "$audit/audit.log")"
"$python" -c '
import json, sys
for line in open(sys.argv[1]):
    json.loads(line)' "$audit/audit.log" || fail "a line of the log is no JSON"
