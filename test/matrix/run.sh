#!/usr/bin/env bash
#
# run.sh [-j JOBS] [CUT:MOMENT...] - cells of the fault matrix beside each other; all that can exist without words.
# One line per cell; the last one is "N passed, N failed". The exit status is 1 when one failed. See cell.sh.
set -u
cd "$(dirname "$0")" || exit 1
cuts='cli cli-link master-killed master-restarted agent-link agent-killed agent-restarted supervisor-killed rebooted'
moments='before unanswered running flowing blocked exiting unacked detached'
jobs=4
if [ "${1:-}" = -j ]; then
	jobs=$2
	shift 2
fi

# There is no caller to kill before it has begun and after it has detached, and no supervisor before the start.
can_exist() {
	case $1:$2 in
	cli:before | cli:detached | supervisor-killed:before | supervisor-killed:unanswered) return 1 ;;
	esac
}
all_cells() {
	local cut moment

	for cut in $cuts; do
		for moment in $moments; do
			can_exist "$cut" "$moment" && echo "$cut:$moment"
		done
	done
}

work=$(mktemp -d "${TMPDIR:-/tmp}/sloth-matrix.XXXXXX") || exit 1
declare -A cell_of=()
passed=0 failed=0
stop_all() {
	trap '' INT TERM HUP
	for pid in "${!cell_of[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	wait
}
trap 'stop_all; exit 130' INT TERM HUP
trap 'rm -rf "$work"' EXIT

# judge: waits for one cell.
judge() {
	local pid code cell

	wait -n -p pid
	code=$?
	cell=${cell_of[$pid]}
	unset "cell_of[$pid]"
	if [ $code -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok    %-28s %s\n' "$cell" "$(sed -n 's/^note: [^:]*: //p' "$work/$cell")"
	elif [ $code -eq 77 ]; then
		printf 'skip  %-28s %s\n' "$cell" "$(sed -n 's/^SKIP: //p' "$work/$cell")"
	else
		failed=$((failed + 1))
		printf 'FAIL  %-28s\n' "$cell"
		sed 's/^/    | /' "$work/$cell"
	fi
}

export MATRIX_PAYLOAD=$work/payload
head -c "$((${MATRIX_MIB:-8} * 1024 * 1024))" /dev/urandom >"$MATRIX_PAYLOAD" || exit 1

[ $# -gt 0 ] || mapfile -t cells < <(all_cells)
[ $# -eq 0 ] || cells=("$@")
for cell in "${cells[@]}"; do
	[ ${#cell_of[@]} -lt "$jobs" ] || judge
	bash cell.sh "${cell%%:*}" "${cell##*:}" >"$work/$cell" 2>&1 &
	cell_of[$!]=$cell
done
while [ ${#cell_of[@]} -gt 0 ]; do
	judge
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
