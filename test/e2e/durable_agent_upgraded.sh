#!/usr/bin/env bash
# The agent is stopped and its program replaced: callers are told that the runs go on, they do, under the supervisor they
# have, and the next agent has them. Nothing new is taken meanwhile.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
mkdir -p "$T/tree"
cp -r "$SLOTH_BUILD/sbin" "$SLOTH_BUILD/libexec" "$T/tree"
PATH=$T/tree/sbin:$PATH
start_master
start_fixed_agent
id=$(new_id)
detached=$(new_id)

mkfifo "$T/go"
call first start "$id" "echo one; read -r x <$T/go; echo two; exit 3"
wait_line "$T/first.out" one
call_whole other start "$detached" 'echo detached; sleep 7611.25' detach=yes
assert_event other '^started [1-9]'
assert_event other '^status OK'
stop_daemon "${agent_pid[web1]}"
wait "$call"
wait_event first '^status UNAVAILABLE the agent is stopping; its runs go on'
pgrep -f 'sleep 7611[.]25' >/dev/null || fail "a run ended with the agent"

for program in sbin/slothd-agent libexec/sloth/sloth-supervise; do
	cp "$T/tree/$program" "$T/tree/$program.new"
	mv "$T/tree/$program.new" "$T/tree/$program"
done
launch_fixed_agent
wait_run "$id" running
wait_run "$detached" 'running 0 [1-9][0-9]* True True'
call second resume "$id" position=4
wait_event second '^started'
echo >"$T/go"
wait "$call"
assert_event second '^exit exited 3'
printf 'two\n' >"$T/expected"
assert_same "$T/expected" "$T/second.out"

# The end of the detached run, and its output, are there for as long as nobody removes it.
run agent_run stop "$agent" "$detached"
assert_status 0
wait_run "$detached" cancelled
wait_no_process 'sleep 7611[.]25'
call_whole third resume "$detached" observe=yes follow=yes
assert_event third '^exit cancelled'
printf 'detached\n' >"$T/expected"
assert_same "$T/expected" "$T/third.out"
run agent_run remove "$agent" "$detached"
assert_status 0
no_run_dirs || fail "a directory is left"
wait_run "$detached" cancelled
