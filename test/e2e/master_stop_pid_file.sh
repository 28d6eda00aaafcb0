#!/usr/bin/env bash
# sloth master stop and status believe the lock on the pid file, not the number in it: what runs beside is left alone.
. "$(dirname "$0")/lib.sh"
dir=$T/master

sleep 100 &
bystander=$!
true &
gone=$!
wait "$gone"

expect_none() {
	run sloth master status --state-dir "$dir"
	assert_status 1
	run sloth master stop --state-dir "$dir"
	assert_status 1
	assert_stderr_has "no master runs with the state directory $dir"
	assert_running "$bystander" "a process that is no master ($1)"
}

expect_none 'no state directory'
mkdir -m 700 "$dir"
expect_none 'no pid file'
# What a master leaves that was killed: nobody holds the lock, the number may be anybody's by now.
for number in "$gone" "$bystander" 0 '' "$bystander and more" 99999999999; do
	printf '%s\n' "$number" >"$dir/master.pid"
	expect_none "pid file with '$number'"
done

# A link may lead anywhere.
echo "$bystander" >"$T/elsewhere"
ln -sf "$T/elsewhere" "$dir/master.pid"
run sloth master stop --state-dir "$dir"
assert_status 1
assert_stderr_has "$dir/master.pid: Too many levels of symbolic links"
assert_running "$bystander" 'a process that is no master (link)'

# A file that is left keeps no master from starting; killed, it leaves one again.
mv -f "$T/elsewhere" "$dir/master.pid"
start_master
assert_equal "$(cat "$dir/master.pid")" "$master_pid" 'the number in the pid file'
run sloth master status --state-dir "$dir"
assert_status 0
assert_stdout_has "$master_pid"
kill_daemon "$master_pid"
assert_equal "$(cat "$dir/master.pid")" "$master_pid" 'what is left of it'
expect_none 'master killed'

# One that runs with that directory is ended, which is waited for, and nothing else is.
start_master
run sloth master stop --state-dir "$dir"
assert_status 0
grep -qs '^State:.[^Z]' "/proc/$master_pid/status" && fail 'its end was not waited for'
wait "$master_pid" || fail "the master ended with status $?"
forget "$master_pid"
expect_none 'master stopped'
kill "$bystander"
wait "$bystander" || :
