# shellcheck shell=bash disable=SC2034  # variables that scripts use
#
# lib.sh - what bench.sh and peers.sh have in common: an own directory, processes that are gone at the end,
# measuring in turns, the table, the programs that both measure.
#
#   . "$(dirname "$0")/lib.sh" BUILD
#
# Targets are measured in turns, so that what else the machine does meets all of them:
#
#   target nghttpd 60000 "$nghttpd_pid" load 60000 "$url" empty.bin		a command that prints its speed
#   measure 5									each of them five times
#   speed_of nghttpd; ratio_of master nghttpd					medians
#   cost_of nghttpd "$nghttpd_pid" us						CPU time per unit
set -u -o pipefail
build=$(cd "$1" && pwd) || exit 1
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
pairs=${PAIRS:-60}
blocks=$(((pairs + 11) / 12))
# In memory, as /run is, where runs have their directories.
dir=$(mktemp -d "${TMPDIR:-/dev/shm}/sloth-bench.XXXXXX") || exit 1
cd "$dir" || exit 1
export HOME=$dir LC_ALL=C.UTF-8
unset SLOTH_MASTER
pids=()
failed=0
python=/usr/bin/python3
sloth=$build/bin/sloth
ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

# The youngest first: a client before its server.
clean_up() {
	local i

	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		kill "${pids[i]}" 2>/dev/null && wait "${pids[i]}" 2>/dev/null
	done
	cd / && rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# ---- measuring ----

# comes_true COMMAND...: within 15 s.
comes_true() {
	local i

	for ((i = 0; i < 300; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}
wait_for() {
	comes_true "$@" && return
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
cpu_of()    { "$build/test/bench_proc" cpu "$1"; }	# microseconds, all threads
rss_kib()   { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
dirty_kib() { awk '/^Private_Dirty:/ { n += $2 } END { print n + 0 }' "/proc/$1/smaps_rollup"; }
middle()    { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

targets=()
declare -A units command speeds daemons cpu

# target NAME UNITS PIDS COMMAND...: the command works off so many units (calls, MB) and prints units per second;
# the daemons PIDS (one word, may be empty) work for it.
target() {
	targets+=("$1")
	units[$1]=$2 daemons[$1]=$3 speeds[$1]=
	printf -v "command[$1]" '%q ' "${@:4}"
}
# measure BLOCKS: all targets in turns. They are no targets any more, their results stay.
measure() {
	local block name

	for ((block = 0; block < $1; block++)); do
		for name in "${targets[@]}"; do
			measure_once "$name"
		done
	done
	for name in "${targets[@]}"; do
		units[$name]=$((units[$name] * $1))
	done
	targets=()
}
measure_once() {
	local pid speed before after

	for pid in ${daemons[$1]}; do
		before=$(cpu_of "$pid")
		cpu[$1 $pid]=$((${cpu[$1 $pid]:-0} - before))
	done
	speed=$(eval "${command[$1]}")
	speeds[$1]+=" ${speed:-0}"
	for pid in ${daemons[$1]}; do
		after=$(cpu_of "$pid")
		cpu[$1 $pid]=$((${cpu[$1 $pid]} + after))
	done
}
# speed_of NAME: empty when it was not measured or failed once.
speed_of() {
	case " ${speeds[$1]:-0} " in
	*' 0 '*) ;;
	*) words "${speeds[$1]}" | middle ;;
	esac
}
# ratio_of NAME OTHER: the median of the ratios of the turns.
ratio_of() {
	paste <(words "${speeds[$1]:-}") <(words "${speeds[$2]:-}") | awk '$2 { printf "%.3f\n", $1 / $2 }' | middle
}
# cost_of NAME PID UNIT: CPU us per unit, or s per 1,000 units.
cost_of() {
	awk -v us="${cpu[$1 $2]:-}" -v n="${units[$1]:-1}" -v unit="$3" \
		'BEGIN { if (us != "") printf "%.2f", us / n / (unit == "s" ? 1000 : 1) }'
}
words() { tr ' ' '\n' <<<"${1# }"; }

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
# pairs if there were pairs, and whether it meets its bar. An empty relation: a peer's, without a bar.
ratio() {
	local r

	if [ -z "$3" ] || [ -z "$5" ]; then
		row "$1" "$2" '?' '?' '?' 'could not be measured'
		failed=1
		return
	fi
	r=$(awk -v a="${9:-$3}" -v b="$([ -n "${9:-}" ] && echo 1 || echo "$5")" 'BEGIN { printf "%.2f", a / (b ? b : 1e-9) }')
	row "$1" "$2" "$4" "$6" "$r" "${7:+$7 $8  $(verdict "$r" "$7" "$8")}"
}
verdict() { awk -v v="$1" -v how="$2" -v bound="$3" 'BEGIN { print (how == "<=" ? v <= bound : v >= bound) ? "met" : "MISSED" }'; }
# figure WHAT VALUE UNIT RELATION BOUND: a row that is no ratio.
figure() {
	row '-' "$1" "$2 $3" '' '' "$4 $5 $3  $(verdict "$2" "$4" "$5")"
}
# speed_row BAR WHAT TARGET BESIDE UNIT [RELATION BOUND]: of two targets.
speed_row() {
	local ours theirs

	ours=$(speed_of "$3") theirs=$(speed_of "$4")
	ratio "$1" "$2" "$ours" "$ours $5" "$theirs" "$theirs $5" "${6:-}" "${7:-}" "$(ratio_of "$3" "$4")"
}
# cost_row BAR WHAT TARGET PID UNIT [RELATION BOUND]: CPU beside nghttpd's in the target that $cost_beside names.
cost_row() {
	local ours theirs

	ours=$(cost_of "$3" "$4" "$5") theirs=$(cost_of "$cost_beside" "$nghttpd_pid" "$5")
	ratio "$1" "$2" "$ours" "$ours $5" "$theirs" "$theirs $5" "${6:-}" "${7:-}"
}
# start_row WHAT PORT RELATION BOUND SERVER...
start_row() {
	local ours theirs r

	read -r ours theirs r < <("$build/test/bench_proc" start "$pairs" "$2" "${@:5}" -- /bin/true)
	ratio 9 "start to accepting: $1 / exec of /bin/true" "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" "$3" "$4" "${r:-}"
}
# run_row WHAT PAIRS RELATION BOUND COMMAND...
run_row() {
	local ours theirs r

	read -r ours theirs r < <("$build/test/bench_proc" pairs "$2" "${@:5}" -- bash -c true)
	ratio 1 "$1, whole process / bash -c true" "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" "$3" "$4" "${r:-}"
}
# memory_rows WHAT PID ADDRESS [BOUND BOUND]: resident while idle, and what each of 1,000 connections that have
# nothing to say costs, beside nghttpd.
memory_rows() {
	local rss bytes

	rss=$(rss_kib "$2")
	connection_bytes "$2" "$3"
	bytes=$connection_bytes
	ratio 8 "resident idle: $1 / nghttpd" "$rss" "$rss KiB" "$nghttpd_rss" "$nghttpd_rss KiB" "${4:+<=}" "${4:-}"
	ratio 8 "bytes per idle connection (of 1,000): $1 / nghttpd" "$bytes" "$bytes B" "$nghttpd_bytes" "$nghttpd_bytes B" \
		"${5:+<=}" "${5:-}"
}
# connection_bytes PID ADDRESS [FILES]: with TLS as FILES.key and FILES.crt. The result is in $connection_bytes.
connection_bytes() {
	local before

	before=$(rss_kib "$1")
	: >idle.log
	start idle.log "$python" "$tests/e2e/lib/raw.py" idle "$2" 1000 ${3:+"$3"}
	wait_for grep -q '^idle 1000' idle.log
	connection_bytes=$((($(rss_kib "$1") - before) * 1024 / 1000))
	stop "$started"
}

# ---- what runs ----

# start_sloth DIRECTORY: a master and its agent web1.
start_sloth() {
	local log=$1/master.log

	mkdir "$1"
	start daemons.log "$build/sbin/slothd-master" --insecure --port 0 --bind-address 127.0.0.1 --state-dir "$1/master" --log-file "$log"
	master_pid=$started
	socket=$1/master/master.sock
	export SLOTH_MASTER=unix:$socket
	wait_for "$sloth" status
	master=$(sed -nE 's/.*agent registrations on (127[0-9.:]*).*/\1/p' "$log" | head -n 1)
	start daemons.log "$build/sbin/slothd-agent" --insecure --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$1/agent"
	agent_pid=$started
	wait_for "$sloth" agent run web1 true
	agent=$("$sloth" agent list web1 | grep -oE '127\.0\.0\.1:[0-9]+')
}

has_nghttp2() { command -v nghttpd && command -v nghttp && command -v h2load; } >/dev/null
# The floor of HTTP/2, and its memory before it has worked.
start_nghttpd() {
	nghttpd_port=$(free_port)
	mkdir -p "$dir/www"
	head -c 5 /dev/zero >"$dir/www/empty"
	head -c 100000000 /dev/zero >"$dir/www/big"
	start daemons.log nghttpd --no-tls -a 127.0.0.1 -d "$dir/www" "$nghttpd_port"
	nghttpd_pid=$started
	wait_for nghttp -n "http://127.0.0.1:$nghttpd_port/empty"
	nghttpd_rss=$(rss_kib "$nghttpd_pid")
	connection_bytes "$nghttpd_pid" "127.0.0.1:$nghttpd_port"
	nghttpd_bytes=$connection_bytes
}

h2load_grpc() { h2load -c 1 -H 'content-type: application/grpc' -H 'te: trailers' "$@" 2>/dev/null; }
# load N URL BODY: requests per second of h2load on one connection with 100 streams.
load() {
	h2load_grpc -n "$1" -m 100 -d "$3" "$2" |
		awk -F '[ ,]+' -v n="$1" '/^finished in/ { rate = $4 } /^requests:/ && $8 == n { printf "%.0f\n", rate }'
}
# download N URL [BODY]: MB per second of N downloads of 100 MB. Windows as on our own connections: 256 KiB, 1 MiB.
download() {
	h2load_grpc -n "$1" -m 1 -w 18 -W 20 ${3:+-d "$3"} "$2" |
		awk -F '[ ,()]+' -v n="$1" '/^finished in/ { rate = $4 }
			/^traffic:/ && $(NF - 1) >= n * 1e8 { printf "%.0f\n", rate * 100 }'
}
# piped MB COMMAND...: MB per second of what the command writes to a pipe.
piped() {
	local begin=${EPOCHREALTIME/./}

	"${@:2}" | cat >/dev/null && echo $(($1 * 1000000 / (${EPOCHREALTIME/./} - begin)))
}
output_mb=200
make_output="head -c ${output_mb}000000 /dev/zero | tr '\\0' x"

call_targets() {
	printf '\0\0\0\0\0' >empty.bin
	printf '\0\0\0\0\006\012\004web1' >web1.bin
	target nghttpd 60000 "$nghttpd_pid" load 60000 "http://127.0.0.1:$nghttpd_port/empty" empty.bin
	target ours 60000 "$master_pid" load 60000 "http://$master/sloth.v1.Master/Ping" empty.bin
	target 'ours, two hops' 20000 "$master_pid $agent_pid" load 20000 "http://$master/sloth.v1.Master/Ping" web1.bin
}
call_rows() {
	cost_beside=nghttpd
	cost_row 4 'CPU per call without exec, one hop / nghttpd POST' ours "$master_pid" us '<=' 2
	speed_row 5 'calls/s on one connection, one hop / nghttpd POST' ours nghttpd /s '>=' 0.7
	speed_row 5 'calls/s on one connection, two hops / nghttpd POST' 'ours, two hops' nghttpd /s '>=' 0.3
}

output_targets() {
	target 'local pipe' $output_mb '' piped $output_mb bash -c "$make_output"
	target 'our output' $output_mb "$master_pid $agent_pid" piped $output_mb "$sloth" agent run web1 "$make_output"
	! has_nghttp2 || target 'nghttpd file' 200 "$nghttpd_pid" download 2 "http://127.0.0.1:$nghttpd_port/big"
}
output_rows() {
	speed_row 6 'output by two hops / local pipe' 'our output' 'local pipe' MB/s '>=' 0.40
	has_nghttp2 || return 0
	cost_beside='nghttpd file'
	cost_row 7 'CPU s/GB while streaming: agent / nghttpd' 'our output' "$agent_pid" s '<=' 2
	cost_row 7 'CPU s/GB while streaming: master / nghttpd' 'our output' "$master_pid" s '<=' 2
}

our_start_rows() {
	local port

	port=$(free_port)
	start_row master "$port" '<=' 6 "$build/sbin/slothd-master" --port "$port" --bind-address 127.0.0.1 --state-dir "$dir/start"
	port=$(free_port)
	start_row agent "$port" '<=' 6 "$build/sbin/slothd-agent" --insecure --port "$port" --name start --master "$master" \
		--bind-address 127.0.0.1 --state-dir "$dir/start-a"
	"$sloth" agent delete start >/dev/null 2>&1
	has_nghttp2 || return 0
	port=$(free_port)
	start_row nghttpd "$port" '' '' nghttpd --no-tls -a 127.0.0.1 "$port"
}
our_memory_rows() {
	memory_rows master "$master_pid" "$master" 1.3 1
	memory_rows agent "$agent_pid" "$agent" 1.3 1
}
our_run_row() { run_row 'sloth agent run web1 true' "$pairs" '<=' 3.3 "$sloth" agent run web1 true; }

# begin: starts the daemons, prints the head of the table.
begin() {
	# Pages of a program that was just built count as its private dirty memory until they are on the disk.
	sync -f "$build"/bin/* "$build"/sbin/*
	start_sloth "$dir/main"
	! has_nghttp2 || start_nghttpd
	echo "$(nproc) processors, $pairs pairs each, plaintext on loopback and unix socket"
	say_how_busy
	row bar what measured beside ratio bound
}
