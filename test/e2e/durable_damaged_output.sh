#!/usr/bin/env bash
# The output of a run that goes on is damaged on disk: nobody who reads it waits for ever, each is told, and a run that has
# an owner ends. A run that is over shows what is left.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent

# spoil FILE: its first record is none.
spoil() { printf '\377\377\377\377' | dd of="$1" bs=1 seek=4096 conv=notrunc status=none; }
has_output() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt 4096 ]; }
wait_output() { until_true 10 has_output "$1" || fail "$1: it writes nothing"; }

# Detached: it goes on without those who read.
id=$(sloth agent run --detach web1 "echo one; until [ -e '$T/go' ]; do sleep 0.05; done; echo two; exit 7") || fail 'no run'
wait_output "$T/agent-web1/runs/$id/out"
spoil "$T/agent-web1/runs/$id/out"
for verb in 'logs -f' logs attach; do
	# shellcheck disable=SC2086  # words
	run timeout 20 sloth run $verb "$id"
	assert_status 125
	assert_stderr_has 'damaged on the disk of its agent'
done
sloth run show "$id" | grep -q running || fail "it does not go on: $(sloth run show "$id")"
touch "$T/go"
run sloth run wait --timeout 10 "$id"
assert_status 7
run timeout 20 sloth run logs "$id"
assert_status 125
assert_stderr_has 'output is incomplete: 0 of 8 bytes'

# Attached: its owner is told, and it is ended.
id=$(new_id)
call owner start "$id" "echo one; exec sleep 7681.25" ack=no
wait_line "$T/owner.out" one
spoil "$T/agent-web1/run/runs/$id/out"
call_whole second resume "$id"
assert_event second '^status DATA_LOSS'
wait_run "$id" 'cancelled .*damaged'
wait_no_process 'sleep 7681[.]25'
