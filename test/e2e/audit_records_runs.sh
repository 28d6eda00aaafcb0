#!/usr/bin/env bash
# The audit log has every run: who, what, where, how it ended and how much it wrote; also those that could not begin.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
log=$T/master/audit/audit.log
me=$(id -un)

# last EVENT: the newest record of that event; field PATH: of it.
last() { record=$(grep -a "\"event\":\"$1\"" "$log" | tail -n 1); }
field() { json "$record" ".$1"; }
has_event() { [ "$(grep -ac "\"event\":\"$1\"" "$log")" -ge "$2" ]; }
wait_event() { until_true 30 has_event "$1" "$2" || fail "no $2 records of $1: $(cat "$log")"; }
assert_field() { assert_equal "$(field "$1")" "$2" "$1 of $record"; }

run sloth agent run --env SECRET=hunter2 web1 'echo hello; echo oops >&2; exit 3'
assert_status 3
wait_event run.end 1
last run.start
id=$(field run_id)
assert_equal ${#id} 32 "length of the run id"
assert_field who "$me"
assert_field agent web1
assert_field command 'echo hello; echo oops >&2; exit 3'
assert_field decision allowed
assert_field 'env[0]' SECRET
grep -qa hunter2 "$log" && fail "the value of an environment variable is recorded"
last run.end
assert_field run_id "$id"
assert_field who "$me"
assert_field agent web1
assert_field result exited
assert_field exit_code 3
assert_field stdout_bytes 6
assert_field stderr_bytes 5
[[ $(field duration_ms) =~ ^[0-9]+$ ]] || fail "no duration: $record"

run env SUDO_USER=alice sloth agent run --argv web1 echo 'two words'
assert_status 0
wait_event run.end 2
last run.start
assert_field 'argv[1]' 'two words'
# where the kernel knows the login it is that one
[ "$(cat /proc/self/loginuid 2>/dev/null || echo 4294967295)" != 4294967295 ] || assert_field claims alice

run sloth agent run web1 'kill -KILL $$'
assert_status 137
wait_event run.end 3
last run.end
assert_field result signalled
assert_field signal 9

run sloth agent run nowhere true
assert_status 125
last run.denied
assert_field agent nowhere
assert_field decision denied
run sloth agent stop nowhere
last agent.stop
assert_field decision denied

# a caller that is killed
sloth agent run --reconnect 1 web1 'exec sleep 3217' &
caller=$!
wait_process '^sleep 3217$'
kill -KILL $caller
wait $caller 2>/dev/null
wait_event run.end 4
last run.end
[[ $(field result) =~ ^(cancelled|unknown)$ ]] || fail "a lost caller: $record"
wait_no_process '^sleep 3217$'

run sloth agent stop web1
wait "${agent_pid[web1]}"		# one that still runs comes back
forget "${agent_pid[web1]}"
run sloth agent delete web1
last agent.delete
assert_field agent web1
assert_field who "$me"
assert_equal "$(stat -c %a "$log" "${log%/*}" | tr '\n' ' ')" '600 700 ' modes
