#!/usr/bin/env bash
# A drained agent is given no new runs, also after a restart of the master; what runs there goes on, and can be waited for.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent drain nobody
assert_status 1
assert_stderr_has 'agent not found: nobody'

id=$(sloth agent run --detach web1 "until [ -e '$T/go' ]; do sleep 0.05; done; echo done")
run sloth agent drain web1
assert_status 0
run sloth agent drain web1 -o json
assert_status 0
assert_equal "$(json "$(<"$T/stdout")" .message)" 'it was drained before' 'a second drain'
run sloth agent run web1 "touch '$T/began'"
assert_status 125
assert_stderr_has 'agent web1 is drained by'
assert_stderr_has 'sloth agent undrain web1'
run sloth agent list --state drained
assert_stdout_has 'drained by'

stop_daemon "$master_pid"
start_master --port "$master_port"
wait_shows web1 Active 30
run sloth agent run --reconnect 0 web1 "touch '$T/began'"
assert_status 125
assert_stderr_has 'drained by'
[ ! -e "$T/began" ] || fail 'a drained agent was given a run'

sloth agent drain --wait web1 >"$T/waited" &
waiting=$!
run sloth run show "$id"
assert_running "$waiting" 'what waits for the run'
touch "$T/go"
wait "$waiting" || fail 'waiting failed'
run sloth run logs "$id"
assert_stdout_has 'done'

run sloth agent undrain web1
assert_status 0
run sloth agent run web1 echo again
assert_status 0
assert_stdout_has again
