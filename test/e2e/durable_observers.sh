#!/usr/bin/env bash
# Others read along: each gets every byte, one that reads nothing blocks nobody, and none of them steers or ends the run.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
id=$(new_id)

mkfifo "$T/go"
call owner start "$id" "echo ready; read -r x <$T/go; head -c 30000000 /dev/zero; exit 4"
owner=$call
wait_line "$T/owner.out" ready
call stalled resume "$id" observe=yes follow=yes stall=3600
stalled=$call
wait_event stalled '^started'
call reader resume "$id" observe=yes follow=yes
reader=$call
wait_event reader '^started'
call_whole glance resume "$id" observe=yes
assert_event glance '^status OK'
! has_line "$T/glance.events" '^exit' || fail "who does not follow has heard of an end"
call_whole rude resume "$id" observe=yes then=cancel
call_whole other resume "$id" as=operator:mallory
assert_event other '^status PERMISSION_DENIED'
echo >"$T/go"
wait "$owner"
assert_event owner '^exit exited 4'
assert_equal "$(stat -c %s "$T/owner.out")" 30000006 "bytes that the owner got"
wait "$reader"
assert_event reader '^exit exited 4'
seen=$(stat -c %s "$T/reader.out")
missed=$(awk '$1 == "gap" || $1 == "started" { n += $3 } END { print n + 0 }' "$T/reader.events")
assert_equal $((seen + missed)) 30000006 "bytes that the reader got or knows to be gone"
kill -KILL "$stalled"
wait "$stalled" 2>/dev/null
until_true 30 no_run_dirs || fail "its directory is left"

# A second owner takes the first one's place.
id=$(new_id)
call first start "$id" 'echo ready; exec sleep 7631.25'
first=$call
wait_line "$T/first.out" ready
call second resume "$id"
wait "$first"
assert_event first '^status ABORTED attached elsewhere'
wait_event second '^gap 6 6'		# the first one had acknowledged it
run agent_run stop "$agent" "$id" as=operator:mallory
assert_stderr_has PERMISSION_DENIED
run agent_run stop "$agent" "$id" as=operator:alice admin=yes
assert_status 0
wait "$call"
assert_event second '^exit cancelled [0-9]* stopped by operator:alice'
