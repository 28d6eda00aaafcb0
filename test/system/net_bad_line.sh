#!/usr/bin/env bash
# timeout: 600
# suites: bookworm
# modes: root
# A line with 100 ms of delay each way and 2 % of loss: runs work, every byte arrives, as fast as plain TCP does on that line,
# and nobody is taken for dead.
. "$(dirname "$0")/../e2e/lib.sh"
net_tools=(socat)
. "$root/test/system/lib/net.sh"
[ -c /dev/net/tun ] || skip "no /dev/net/tun here"

host boss
host node
start_daemon "$T/netem.out" "$SLOTH_PLAIN_BUILD/test/netem" "${holder[boss]}" line "${holder[node]}" line 100 20
until_true 10 has_line "$T/netem.out" ready || skip "no tun device can be made: $(cat "$T/netem.out")"
on boss ip address add 10.211.1.1 peer 10.211.1.2 dev line
on node ip address add 10.211.1.2 peer 10.211.1.1 dev line
on boss ip link set dev line up
on node ip link set dev line up

sloth_there() { on boss sloth --socket "$T/admin.sock" "$@"; }
start_on boss "$T/master.log" slothd-master --state-dir "$T/master" --socket "$T/admin.sock"
wait_line "$T/master.log" 'listening for operators'
until_true 15 sloth_there status >/dev/null 2>&1 || fail "the master does not answer"
(umask 077 && sloth_there token create --name far >"$T/token" 2>"$T/token.err") || fail "no token"
start_on node "$T/far.log" slothd-agent --name far --master 10.211.1.1 --bind-address 10.211.1.2 --state-dir "$T/agent" \
	--token-file "$T/token"
agent_pid[far]=$started
is_usable() { [ "$(json "$(sloth_there agent get far -o json 2>/dev/null)" .reach)" = direct ]; }
until_true 90 is_usable || fail "the agent is not reached: $(sloth_there agent get far 2>&1)"

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
least=	# of the last measure() calls
# measure COMMAND...: how long it takes; the least of all is kept.
measure() {
	local begin took

	begin=$(now_ms)
	"$@" || fail "failed: $*"
	took=$(($(now_ms) - begin))
	[ -n "$least" ] && [ "$least" -le "$took" ] || least=$took
}

# Latency: a run is one way there and one back.
for _ in {1..8}; do
	measure sloth_there agent run -n far true
done
note "a run of true takes $least ms at best; there and back is 200 ms"
assert_at_most "$least" 800 'milliseconds of a run'

# Throughput: beside plain TCP on the same line.
seq 1 80000 >"$T/data"
size=$(stat -c %s "$T/data")
copy() {
	start_on node "$T/copy.out" socat -u "FILE:$T/data" TCP-LISTEN:7000,reuseaddr
	on boss socat -u TCP:10.211.1.2:7000,retry=50,interval=0.1 "CREATE:$T/copied"
	wait_gone "$started"
	forget "$started"
}
by_run() { sloth_there agent run -n far "cat '$T/data'" >"$T/out"; }
least=
for _ in 1 2; do
	measure copy
done
plain=$least least=
for _ in 1 2; do
	measure by_run
done
assert_same "$T/data" "$T/copied"
assert_same "$T/data" "$T/out"
note "$size bytes take $least ms in a run, $plain ms in plain TCP"
assert_at_most "$least" $((4 * plain + 3000)) 'milliseconds of a copy by a run'

# Input, and a command's status.
head -c 100000 "$T/data" >"$T/in"
sloth_there agent run far 'cat; exit 3' <"$T/in" >"$T/out"
assert_equal $? 3 'exit status'
assert_same "$T/in" "$T/out"

# Several at once.
for i in 1 2 3 4; do
	sloth_there agent run -n far "seq $i 5000" >"$T/out-$i" &
	callers[i]=$!
done
for i in 1 2 3 4; do
	wait "${callers[i]}" || fail "run $i failed"
	seq "$i" 5000 | cmp -s - "$T/out-$i" || fail "run $i has other output"
done
run sloth_there agent doctor far
assert_status 0
note "$(grep 'round trip' "$T/stdout")"
! has_line "$T/master.log" 'inactive' || fail "the agent was taken for dead: $(grep inactive "$T/master.log")"
[ "$(json "$(sloth_there agent get far -o json)" .state)" = active ] || fail "the agent is not active"

stop_daemon "${agent_pid[far]}"
tear_down
