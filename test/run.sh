#!/usr/bin/env bash
#
# run.sh [--system] BUILD [PATTERN] - runs the tests of a tree that was built plain in BUILD and sanitized in BUILD/san;
# with --system those of test/system and nothing else, of a tree that was built plain.
#
# A job is one lint step, one program of unit or wire tests, one end-to-end script, one file of tests of
# bootstrap.sh or one corpus, in a directory of its own and under a time limit. Three run at a time: one that computes and
# two that mostly wait keep two cores busy. Those with the longest limits begin, so that none is left running alone. One
# line per job; what a job printed is shown only when it failed. The last line is "N passed, N failed"; the status is 1
# when one failed. Where that is allowed, a job also has a network of its own, in which no other program takes a port.
# PATTERN (a glob) keeps the jobs whose name matches: run.sh build 'e2e/run_*'.
set -u
shopt -s nullglob
cd "$(dirname "$0")/.." || exit 1

kind=check
[ "${1:-}" != --system ] || { kind=system; shift; }
build=${1:?usage: test/run.sh [--system] BUILD [PATTERN]}
pattern=${2:-*}
case $build in /*) ;; *) build=$PWD/$build ;; esac
workers=3 computing_at_once=1
[ $kind = check ] || workers=2			# machines that boot do compute
default_timeout_s=60

work=$(mktemp -d "${TMPDIR:-/tmp}/sloth-check.XXXXXX") || exit 1
names=() timeouts=() trees=() commands=()	# one element per job
declare -A job_of=() started=()
computing=0					# how many of them run, of those that compute
passed=0 failed=0
skipped=() complaints=()			# one line each, repeated at the end

# The head of every command: a network with nothing but a loopback interface.
alone=
if [ $kind = check ] && unshare --net ip link set lo up 2>/dev/null; then
	alone='ip link set lo up && '
fi

# What sanitized programs do on a finding: write it where the job looks, end with a status of their own.
san_options() {
	local common="log_path=$1/san:exitcode=99:print_stacktrace=1"
	printf '%s\n' "ASAN_OPTIONS=$common:detect_stack_use_after_return=1:strict_string_checks=1" \
		"UBSAN_OPTIONS=$common:halt_on_error=1"
}

stop_all() {
	local pid

	trap '' INT TERM HUP
	for pid in "${!job_of[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	wait
	rm -rf "$work"
}
trap 'stop_all; exit 130' INT TERM HUP
trap 'rm -rf "$work"' EXIT

# add NAME TIMEOUT_S TREE COMMAND: one more job, unless the pattern leaves it out.
add() {
	# shellcheck disable=SC2053  # a pattern on purpose
	[[ $1 == $pattern ]] || return 0
	names+=("$1") timeouts+=("$2") trees+=("$3") commands+=("$4")
}

# marked FILE KEY DEFAULT: the value of a "# KEY: value" or "/* KEY: value" line near the head of a test.
marked() {
	local value

	value=$(sed -nE "1,40s@^(#|//|/\\*| \\*) *$2: *(.*[^ */]) *(\\*/)?\$@\\2@p;" "$1" | head -n 1)
	printf '%s' "${value:-$3}"
}

add_lint() {
	local step

	while read -r step timeout_s; do
		add "lint/$step" "$timeout_s" plain "TIDY_STATES=60000 test/lint/run.sh '$build' $step"
	done < <(test/lint/run.sh --list)
}

# Unit and wire tests: the sanitized program, and for units the plain one under valgrind.
add_programs() {
	local kind=$1 source name

	for source in test/"$kind"/test_*.c; do
		name=$(basename "$source" .c)
		add "$kind/$name" "$(marked "$source" timeout 120)" san "'$build/san/test/$kind/$name'"
	done
}

add_valgrind() {
	local source name why fork

	for source in test/unit/test_*.c; do
		name=$(basename "$source" .c)
		why=$(marked "$source" 'no valgrind' '')
		if [ -n "$why" ]; then
			add "valgrind/$name" 10 plain "echo 'SKIP: $why'; exit 77"
			continue
		fi
		# One process for all tests of a program: what valgrind has translated once is not translated again for each.
		fork=$([ -n "$(marked "$source" 'valgrind forks' '')" ] && echo yes || echo no)
		add "valgrind/$name" 180 plain "CK_FORK=$fork CK_DEFAULT_TIMEOUT=170 valgrind -q --error-exitcode=98 --leak-check=full \
--show-leak-kinds=definite --errors-for-leak-kinds=definite --track-fds=no '$build/test/unit/$name'"
	done
}

add_scripts() {
	local script name tree

	for script in test/e2e/*.sh; do
		name=$(basename "$script" .sh)
		case $name in lib | soak) continue ;; esac
		tree=$(marked "$script" build san)
		add "e2e/$name" "$(marked "$script" timeout $default_timeout_s)" "$tree" "bash '$script'"
	done
}

# bootstrap.sh, on machines made of directories.
add_bootstrap() {
	local file

	for file in test/bootstrap/*.bats; do
		add "bootstrap/$(basename "$file" .bats)" "$(marked "$file" timeout $default_timeout_s)" plain \
			"test/bootstrap/run.sh '$file'"
	done
}

# Each system test on each Debian and in each mode, unless its head names fewer.
add_system() {
	local script name suite mode

	for script in test/system/*.sh test/system/*/*.sh; do
		name=${script#test/system/}
		case $name in lib.sh | run.sh | lib/*) continue ;; esac
		for suite in $(marked "$script" suites 'bookworm trixie'); do
			for mode in $(marked "$script" modes 'root unprivileged'); do
				add "system/${name%.sh}/$suite/$mode" "$(marked "$script" timeout 240)" plain \
					"SYSTEM_SUITE=$suite SYSTEM_MODE=$mode bash '$script'"
			done
		done
	done
}

# Every fuzz target replays its corpus; a target is a program that takes files as arguments.
add_corpora() {
	local program name

	for program in "$build"/san/test/fuzz/fuzz_*; do
		case $program in *.o | *.d) continue ;; esac
		name=$(basename "$program")
		add "fuzz/$name" 120 san "'$program' test/fuzz/corpus/${name#fuzz_}/*"
	done
}

# start N: job N in the background, in a process group of its own.
start() {
	local n=$1 dir="$work/$1" tree="$build" options

	mkdir -p "$dir/tmp"
	[ "${trees[n]}" = plain ] || tree=$build/san
	mapfile -t options < <(san_options "$dir")
	# Background jobs of a script ignore SIGINT; tests of signals need it as a terminal gives it.
	timeout -k 15 "${timeouts[n]}" env --default-signal=INT,QUIT "${options[@]}" \
		TMPDIR="$dir/tmp" TEST_SAN_LOG="$dir/san" SLOTH_BUILD="$tree" SLOTH_PLAIN_BUILD="$build" \
		${alone:+unshare --net} bash -c "$alone${commands[n]}" >"$dir/out" 2>&1 </dev/null &
	job_of[$!]=$n
	! computes "$n" || computing=$((computing + 1))
	started[$n]=${EPOCHREALTIME/./}
}

show_output() {
	tail -n 400 "$1/out" | cut -c 1-2000 | tr -d '\000' | sed 's/^/    | /'
	cat "$1"/san.* 2>/dev/null | head -n 120 | sed 's/^/    # /'
}

# What a test said of its failure: the line of a script's fail(), or of a check that did not hold.
first_complaint() {
	grep -m 1 -aE '^FAILED: |:[FE]:|^not ok ' "$1" | cut -c 1-300 | tr -d '\000'
}

report() {
	printf '%-5s %-34s %6s  %s\n' "$1" "$2" "$3" "$4"
}

# finish N STATUS: counts and says how job N ended.
finish() {
	local n=$1 status=$2 dir="$work/$1" name=${names[$1]} checks good=0 bad=0 why='' ms took reason
	local san_reports

	# What the search for leaks says of a thread that ends while it looks is no finding.
	mapfile -t san_reports < <(grep -lsv 'Unable to get registers from thread' "$dir"/san.*)

	ms=$(((${EPOCHREALTIME/./} - started[$n]) / 1000))
	took=$((ms / 1000)).$((ms % 1000 / 100))s
	checks=$(sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+)$/\1 \2 \3/p' "$dir/out" | tail -n 1)
	if [ "$status" -eq 77 ] && reason=$(grep -m 1 -a '^SKIP: ' "$dir/out"); then
		skipped+=("$name: ${reason#SKIP: }")
		report skip "$name" "$took" "${reason#SKIP: }"
		rm -rf "$dir"
		return
	fi
	if [ -n "$checks" ]; then
		read -r good failures errors <<<"$checks"
		bad=$((failures + errors))
		good=$((good - bad))
		why="$good checks"
	elif [ "$status" -eq 0 ]; then
		good=1
		why=$(grep -m 1 -a '^NOTE: ' "$dir/out") && why=${why#NOTE: }
	fi
	if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		why="over its time limit of ${timeouts[n]} s"
	elif [ "$status" -ne 0 ]; then
		why="exit status $status"
	elif [ ${#san_reports[@]} -gt 0 ]; then
		why="sanitizer report" status=99
	fi
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" -eq 0 ]; then
		report ok "$name" "$took" "$why"
	else
		report FAIL "$name" "$took" "$why"
		show_output "$dir"
		complaints+=("$name: $why: $(first_complaint "$dir/out")")
	fi
	rm -rf "$dir"
}

computes() {
	case ${names[$1]} in e2e/* | bootstrap/* | system/*) return 1 ;; esac
}

# Numbers of the jobs, one a line: the longest limit first, else in the order in which they were added.
by_limit() {
	local n

	for n in "${!names[@]}"; do
		echo "$n ${timeouts[n]}"
	done | sort -s -k 2,2nr | cut -d ' ' -f 1
}

# Takes the next job off one of the two queues of run_all() and starts it.
start_next() {
	local which=waiting_jobs

	if [ ${#computing_jobs[@]} -gt 0 ] &&
		{ [ "$computing" -lt $computing_at_once ] || [ ${#waiting_jobs[@]} -eq 0 ]; }; then
		which=computing_jobs
	fi
	local -n queue=$which
	start "${queue[0]}"
	queue=("${queue[@]:1}")
}

run_all() {
	local pid status n computing_jobs=() waiting_jobs=()

	while read -r n; do
		if computes "$n"; then computing_jobs+=("$n"); else waiting_jobs+=("$n"); fi
	done < <(by_limit)
	while [ $((${#computing_jobs[@]} + ${#waiting_jobs[@]} + ${#job_of[@]})) -gt 0 ]; do
		if [ $((${#computing_jobs[@]} + ${#waiting_jobs[@]})) -gt 0 ] && [ ${#job_of[@]} -lt $workers ]; then
			start_next
			continue
		fi
		wait -n -p pid "${!job_of[@]}"
		status=$?
		[ -n "${pid:-}" ] || continue
		n=${job_of[$pid]}
		unset "job_of[$pid]"
		! computes "$n" || computing=$((computing - 1))
		finish "$n" "$status"
	done
}

add_check() {
	add_lint
	add_programs unit
	add_programs wire
	add_valgrind
	add_scripts
	add_bootstrap
	add_corpora
}

"add_$kind"
run_all

for line in ${skipped[@]+"${skipped[@]}"}; do
	echo "skipped: $line"
done
for line in ${complaints[@]+"${complaints[@]}"}; do
	echo "failed: $line"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
