#!/usr/bin/env bash
#
# bench.sh BUILD - speed and memory as ratios against things that run beside it in the same minute.
#
# Times are medians of interleaved pairs, and so are the ratios. Absolute figures of a shared machine move by a
# quarter, the ratios much less. nghttpd and h2load (packages nghttp2-server and nghttp2-client) are the peers;
# without them their rows are skipped, aloud. The exit status does not judge: 0 unless something could not be measured.
set -u -o pipefail
build=${1:?usage: test/bench/bench.sh BUILD}
build=$(cd "$build" && pwd) || exit 1
tests=$(cd "$(dirname "$0")/.." && pwd) || exit 1
pairs=${PAIRS:-60}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sloth-bench.XXXXXX") || exit 1
cd "$dir" || exit 1
export HOME=$dir LC_ALL=C.UTF-8
unset SLOTH_MASTER
pids=()
failed=0
python=/usr/bin/python3
ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

clean_up() {
	local pid

	for pid in ${pids[@]+"${pids[@]}"}; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- measuring ----

wait_for() {
	local i

	for ((i = 0; i < 300; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "bench: gave up on: $*" >&2
	exit 1
}
# start LOG COMMAND...: in the background; its pid is in $started.
start() {
	local log=$1

	shift
	"$@" >>"$log" 2>&1 </dev/null &
	pids+=($!)
	started=$!
}
# stop PID: the one that was started last.
stop() {
	unset 'pids[-1]'
	kill "$1"
	wait "$1" 2>/dev/null
}
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cpu_of()    { awk '{ printf "%d\n", $1 / 1000 }' "/proc/$1/schedstat"; }	# microseconds
rss_kib()   { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
dirty_kib() { awk '/^Private_Dirty:/ { n += $2 } END { print n + 0 }' "/proc/$1/smaps_rollup"; }

# Others on this machine make ratios worse, because two or three of ours run where one runs beside them.
say_how_busy() {
	local idle0 idle1 all0 all1

	read -r idle0 all0 < <(processor_ticks)
	sleep 1
	read -r idle1 all1 < <(processor_ticks)
	echo "others keep the processors $((100 - 100 * (idle1 - idle0) / (all1 - all0))) % busy"
}
processor_ticks() { awk '/^cpu / { for (i = 2; i <= 9; i++) n += $i; print $5 + $6, n }' /proc/stat; }

row() { printf '%-3s %-58s %14s %14s %7s  %s\n' "$@"; }

# ratio BAR WHAT OURS OURS-TEXT BESIDE BESIDE-TEXT RELATION BOUND [RATIO]: a row with the ratio, that of the
# pairs if there were pairs, and whether it meets its bar.
ratio() {
	local r

	if [ -z "$3" ] || [ -z "$5" ]; then
		row "$1" "$2" '?' '?' '?' 'could not be measured'
		failed=1
		return
	fi
	r=$(awk -v a="${9:-$3}" -v b="$([ -n "${9:-}" ] && echo 1 || echo "$5")" 'BEGIN { printf "%.2f", a / (b ? b : 1e-9) }')
	row "$1" "$2" "$4" "$6" "$r" "$7 $8  $(verdict "$r" "$7" "$8")"
}
verdict() { awk -v v="$1" -v how="$2" -v bound="$3" 'BEGIN { print (how == "<=" ? v <= bound : v >= bound) ? "met" : "MISSED" }'; }
# figure WHAT VALUE UNIT RELATION BOUND: a row that is no ratio.
figure() {
	row '-' "$1" "$2 $3" '' '' "$4 $5 $3  $(verdict "$2" "$4" "$5")"
}

# ---- what runs ----

# start_sloth DIRECTORY: a master and its agent web1.
start_sloth() {
	local log=$1/master.log

	mkdir "$1"
	start daemons.log "$build/sbin/slothd-master" --port 0 --bind-address 127.0.0.1 --state-dir "$1/master" --log-file "$log"
	master_pid=$started
	socket=$1/master/master.sock
	export SLOTH_MASTER=unix:$socket
	wait_for "$sloth" status
	master=$(sed -nE 's/.*agent registrations on (127[0-9.:]*).*/\1/p' "$log" | head -n 1)
	start daemons.log "$build/sbin/slothd-agent" --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$1/agent"
	agent_pid=$started
	wait_for "$sloth" agent run web1 true
	agent=$("$sloth" agent list web1 | grep -oE '127\.0\.0\.1:[0-9]+')
}

start_nghttpd() {
	nghttpd_port=$(free_port)
	mkdir -p "$dir/www"
	head -c 5 /dev/zero >"$dir/www/empty"
	start daemons.log nghttpd --no-tls -a 127.0.0.1 -d "$dir/www" "$nghttpd_port"
	nghttpd_pid=$started
	wait_for nghttp -n "http://127.0.0.1:$nghttpd_port/empty"
}

# load N URL BODY: requests per second of h2load on one connection with 100 streams.
load() {
	h2load -n "$1" -c 1 -m 100 -H 'content-type: application/grpc' -H 'te: trailers' -d "$3" "$2" 2>/dev/null |
		awk '/^finished in/ { printf "%.0f\n", $4 }' FS='[ ,]+'
}

sloth=$build/bin/sloth
has_peer=yes
for program in nghttpd nghttp h2load; do
	command -v $program >/dev/null || has_peer=
done

# Rows are measured before daemons have grown: memory first.
bench_memory() {
	local ours theirs

	dirty_master=$(dirty_kib "$master_pid") dirty_agent=$(dirty_kib "$agent_pid")
	figure 'private dirty memory, idle: master' "$dirty_master" KiB '<=' 2048
	figure 'private dirty memory, idle: agent' "$dirty_agent" KiB '<=' 1536
	[ -n "$has_peer" ] || return
	ours=$(rss_kib "$master_pid") theirs=$(rss_kib "$nghttpd_pid")
	ratio 8 'resident idle: master / nghttpd' "$ours" "$ours KiB" "$theirs" "$theirs KiB" '<=' 1.3
	ours=$(rss_kib "$agent_pid")
	ratio 8 'resident idle: agent / nghttpd' "$ours" "$ours KiB" "$theirs" "$theirs KiB" '<=' 1.3
	connection_bytes theirs "$nghttpd_pid" "127.0.0.1:$nghttpd_port"
	connection_bytes ours "$master_pid" "$master"
	ratio 8 'bytes per idle connection (of 1,000): master / nghttpd' "$ours" "$ours B" "$theirs" "$theirs B" '<=' 1
	connection_bytes ours "$agent_pid" "$agent"
	ratio 8 'bytes per idle connection (of 1,000): agent / nghttpd' "$ours" "$ours B" "$theirs" "$theirs B" '<=' 1
}
# connection_bytes VARIABLE PID ADDRESS: what each of 1,000 connections that have nothing to say costs.
connection_bytes() {
	local before

	before=$(rss_kib "$2")
	: >idle.log
	start idle.log "$python" "$tests/e2e/lib/raw.py" idle "$3" 1000
	wait_for grep -q '^idle 1000' idle.log
	printf -v "$1" %d $((($(rss_kib "$2") - before) * 1024 / 1000))
	stop "$started"
}

bench_start() {
	local ours theirs r port

	port=$(free_port)
	read -r ours theirs r < <("$build/test/bench_proc" start "$pairs" "$port" "$build/sbin/slothd-master" --port "$port" \
		--bind-address 127.0.0.1 --state-dir "$dir/start" -- /bin/true)
	ratio 9 'start to accepting: master / exec of /bin/true' "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" '<=' 6 "${r:-}"
	port=$(free_port)
	read -r ours theirs r < <("$build/test/bench_proc" start "$pairs" "$port" "$build/sbin/slothd-agent" --port "$port" \
		--name start --master "$master" --bind-address 127.0.0.1 --state-dir "$dir/start-a" -- /bin/true)
	ratio 9 'start to accepting: agent / exec of /bin/true' "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" '<=' 6 "${r:-}"
	"$sloth" agent delete start >/dev/null 2>&1
	[ -n "$has_peer" ] || return
	port=$(free_port)
	read -r ours theirs r < <("$build/test/bench_proc" start "$pairs" "$port" nghttpd --no-tls -a 127.0.0.1 "$port" -- /bin/true)
	row 9 '  (nghttpd for comparison)' "$ours us" "$theirs us" "$(printf '%.2f' "$r")" ''
}

bench_runs() {
	local ours theirs r spawn run spawn_cpu run_cpu cpu_r

	read -r ours theirs r < <("$build/test/bench_proc" pairs "$pairs" "$sloth" agent run web1 true -- bash -c true)
	ratio 1 'sloth agent run web1 true, whole process / bash -c true' "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" '<=' 3.0 "${r:-}"
	read -r run spawn r run_cpu spawn_cpu cpu_r < <("$build/test/bench_client" pairs "unix:$socket" web1 $((pairs * 4)) "$master_pid" "$agent_pid")
	ratio 2 'warm connection, bash -c true by two hops / exec floor' "${run:-}" "${run:-} us" "${spawn:-}" "${spawn:-} us" '<=' 1.4 "${r:-}"
	ratio 3 'CPU of master + agent per run / CPU of spawning it' "${run_cpu:-}" "${run_cpu:-} us" "${spawn_cpu:-}" "${spawn_cpu:-} us" '<=' 0.25 "${cpu_r:-}"
}

bench_calls() {
	local n=60000 all_ours=() all_theirs=() all_two=() ours theirs two ours_cpu=0 theirs_cpu=0 before

	printf '\0\0\0\0\0' >empty.bin
	printf '\0\0\0\0\006\012\004web1' >web1.bin
	for _ in 1 2 3 4 5; do
		before=$(cpu_of "$nghttpd_pid")
		all_theirs+=("$(load $n "http://127.0.0.1:$nghttpd_port/empty" empty.bin)")
		theirs_cpu=$((theirs_cpu + $(cpu_of "$nghttpd_pid") - before))
		before=$(cpu_of "$master_pid")
		all_ours+=("$(load $n "http://$master/sloth.v1.Master/Ping" empty.bin)")
		ours_cpu=$((ours_cpu + $(cpu_of "$master_pid") - before))
		all_two+=("$(load $((n / 3)) "http://$master/sloth.v1.Master/Ping" web1.bin)")
	done
	ours=$(middle "${all_ours[@]}") theirs=$(middle "${all_theirs[@]}") two=$(middle "${all_two[@]}")
	ratio 4 'CPU per call without exec, one hop / nghttpd POST' "$ours_cpu" "$(per_call "$ours_cpu" $((5 * n)))" "$theirs_cpu" \
		"$(per_call "$theirs_cpu" $((5 * n)))" '<=' 2
	ratio 5 'calls/s on one connection, one hop / nghttpd POST' "$ours" "$ours/s" "$theirs" "$theirs/s" '>=' 0.7
	ratio 5 'calls/s on one connection, two hops / nghttpd POST' "$two" "$two/s" "$theirs" "$theirs/s" '>=' 0.3
}
middle() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
per_call() { awk -v cpu="$1" -v n="$2" 'BEGIN { printf "%.1f us", cpu / n }'; }

# In blocks, so that what else the machine does meets all of them.
bench_stream() {
	local blocks=6 n=$(((pairs + 5) / 6)) size=200 all_ours=() all_theirs=() all_r=() ours theirs r at their_cpu=0
	local cpu_agent=0 cpu_master=0 make="head -c ${size}000000 /dev/zero | tr '\\0' x" total

	[ -z "$has_peer" ] || head -c 500000000 /dev/zero >"$dir/www/big"
	for ((at = 0; at < blocks; at++)); do
		cpu_agent=$((cpu_agent - $(cpu_of "$agent_pid"))) cpu_master=$((cpu_master - $(cpu_of "$master_pid")))
		read -r ours theirs r < <("$build/test/bench_proc" pairs $n bash -c "$sloth agent run web1 \"$make\" | cat" -- bash -c "$make | cat")
		cpu_agent=$((cpu_agent + $(cpu_of "$agent_pid"))) cpu_master=$((cpu_master + $(cpu_of "$master_pid")))
		all_ours+=("$ours") all_theirs+=("$theirs") all_r+=("$(awk -v r="${r:-1e9}" 'BEGIN { printf "%.3f", 1 / r }')")
		[ -n "$has_peer" ] || continue
		their_cpu=$((their_cpu - $(cpu_of "$nghttpd_pid")))
		# The windows of our own connections: 256 KiB and 1 MiB.
		h2load -n 2 -c 1 -m 1 -w 18 -W 20 "http://127.0.0.1:$nghttpd_port/big" >/dev/null 2>&1
		their_cpu=$((their_cpu + $(cpu_of "$nghttpd_pid")))
	done
	total=$((blocks * n * size))
	ours=$(rate $size "$(middle "${all_ours[@]}")") theirs=$(rate $size "$(middle "${all_theirs[@]}")")
	ratio 6 "output by two hops, MB/s / local pipe" "$ours" "$ours MB/s" "$theirs" "$theirs MB/s" '>=' 0.40 "$(middle "${all_r[@]}")"
	[ -n "$has_peer" ] || return
	rm "$dir/www/big"
	their_cpu=$(per_gb $their_cpu $((blocks * 1000)))
	ratio 7 'CPU s/GB while streaming: agent / nghttpd' "$(per_gb $cpu_agent $total)" "$(per_gb $cpu_agent $total) s" "$their_cpu" "$their_cpu s" '<=' 2
	ratio 7 'CPU s/GB while streaming: master / nghttpd' "$(per_gb $cpu_master $total)" "$(per_gb $cpu_master $total) s" "$their_cpu" "$their_cpu s" '<=' 2
}
rate()   { awk -v mb="$1" -v us="$2" 'BEGIN { printf "%.0f", mb * 1e6 / us }'; }
per_gb() { awk -v us="$1" -v mb="$2" 'BEGIN { printf "%.2f", us / 1e6 / (mb / 1000) }'; }

# A reader that does not read, on a master and an agent that have not been busy: growth of all three, and what
# another run costs there, beside the agent of all other measurements.
bench_slow_reader() {
	local master_pid agent_pid master agent quiet=$socket socket SLOTH_MASTER=$SLOTH_MASTER
	local cli sleeper before ours theirs r

	start_sloth "$dir/slow"
	mkfifo pipe
	before=("$(rss_kib "$master_pid")" "$(rss_kib "$agent_pid")")
	tail -f /dev/null <pipe &
	sleeper=$!
	pids+=("$sleeper")
	"$sloth" agent run -n web1 yes >pipe 2>/dev/null &
	cli=$!
	sleep 1
	before+=("$(rss_kib $cli)")
	read -r ours theirs r < <("$build/test/bench_proc" pairs "$pairs" "$sloth" agent run --socket "$socket" web1 true -- \
		"$sloth" agent run --socket "$quiet" web1 true)
	sleep 10
	figure 'yes into a reader that sleeps: growth of the CLI' $(($(rss_kib $cli) - before[2])) KiB '<=' 2048
	figure 'yes into a reader that sleeps: growth of the master' $(($(rss_kib "$master_pid") - before[0])) KiB '<=' 2048
	figure 'yes into a reader that sleeps: growth of the agent' $(($(rss_kib "$agent_pid") - before[1])) KiB '<=' 2048
	ratio - 'a run beside it / a run on a quiet agent' "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" '<=' 1.2 "${r:-}"
	stop $sleeper
	wait $cli 2>/dev/null
}

# 1,000 agents: what listing them costs the master.
bench_fleet() {
	local before

	start fleet.log "$build/test/fleet" "$master" 1000
	wait_for grep -q '^registered 1000' fleet.log
	wait_for bash -c "[ \$('$sloth' agent list --state active 'fleet-*' -o json | grep -o '\"name\"' | wc -l) -eq 1000 ]"
	before=$(cpu_of "$master_pid")
	for _ in $(seq 20); do
		"$sloth" agent list >/dev/null
	done
	figure 'CPU of the master for agent list with 1,000 agents' "$(awk -v us=$(($(cpu_of "$master_pid") - before)) 'BEGIN { printf "%.1f", us / 20000 }')" ms '<=' 50
	stop "$started"
}

# Pages of a program that was just built count as its private dirty memory until they are on the disk.
sync -f "$build"/bin/* "$build"/sbin/*
start_sloth "$dir/main"
[ -z "$has_peer" ] || start_nghttpd
echo "$(nproc) processors, $pairs pairs each, plaintext on loopback and unix socket"
say_how_busy
row bar what ours beside ratio bound
bench_memory
bench_start
bench_runs
if [ -n "$has_peer" ]; then
	bench_calls
else
	echo "SKIPPED: bars 4, 5, 7 and the ratios of 8: install nghttp2-server and nghttp2-client"
fi
bench_stream
bench_slow_reader
bench_fleet
say_how_busy
exit $failed
