#!/usr/bin/env bash
# A foreign agent ends its connections by age. What is shorter never notices; what is cut is unknown, never a success.
# FOREIGN_AGE_S and FOREIGN_GRACE_S: what real ones have is 30 and 5.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
age=${FOREIGN_AGE_S:-2} grace=${FOREIGN_GRACE_S:-1}
start_master
start_daemon "$T/old1.log" "$python" "$here/lib/foreign.py" serve old1 "$master" "$age" "$grace"
wait_line "$T/old1.log" '^serving'
wait_shows old1 Active

sloth agent run -n -o json old1 'echo begun; sleep 7604.25' >"$T/long.json" 2>"$T/long.err" &
long=$!
"$python" "$here/lib/foreign.py" exec "$master" old1 'echo begun; sleep 7605.25' >"$T/exec.out" 2>"$T/exec.err" &
exec=$!
shorts=()
for i in $(seq 4); do
	sloth agent run -n old1 "sleep $((age * 7 / 10)).4; echo $i" >"$T/short.$i" 2>&1 &
	shorts+=($!)
done
for i in $(seq 4); do
	wait "${shorts[i - 1]}"
	assert_equal $? 0 "exit status of short run $i"
	assert_equal "$(cat "$T/short.$i")" "$i" "output of short run $i"
done

wait $long
assert_equal $? 125 "exit status of the run that was cut"
assert_equal "$(json "$(cat "$T/long.json")" .state)" unknown "its state"
assert_equal "$(json "$(cat "$T/long.json")" .stdout)" begun "its output"
assert_at_most $((age * 900 + grace * 900)) "$(json "$(cat "$T/long.json")" .duration_ms)" "what it has at least, in ms,"
has_line "$T/long.err" 'foreign agents end connections by age' || fail "it does not say why: $(cat "$T/long.err")"
wait $exec
assert_equal $? 3 "exit status of the foreign client whose call was cut"
has_line "$T/exec.err" '^status: (UNAVAILABLE|CANCELLED): .' || fail "no status that says so: $(cat "$T/exec.err")"
wait_no_process 'sleep 760[45].25'

run sloth agent run -n old1 'echo again'
assert_status 0
assert_stdout_is $'again\n'
wait_shows old1 'Active, INSECURE$'
