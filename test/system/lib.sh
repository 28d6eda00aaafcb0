# shellcheck shell=bash disable=SC2034  # variables that scripts use
#
# lib.sh - what every system test begins with:
#
#   . "$(dirname "$0")/lib.sh"
#   boot m1
#   run on m1 systemctl is-system-running
#   assert_status 0
#
# A script is one behaviour, seen on machines: copies of a Debian tree with systemd as their first process, booted with
# systemd-nspawn in a network of their own. $suite says which Debian, $mode whether root of a machine is root of this
# one ("root") or a user without rights ("unprivileged", as Incus does by default). run.sh runs each script with all of
# them; by hand: SYSTEM_SUITE=trixie SYSTEM_MODE=unprivileged bash test/system/start.sh
#
# Head comments that test/run.sh reads: "# timeout: SECONDS" (240), "# modes: root", "# suites: bookworm".
# When a script ends, however it ends, its machines are off and their trees, control groups and networks are gone.
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${SLOTH_BUILD:=$root/build}"
case $SLOTH_BUILD in /*) ;; *) SLOTH_BUILD=$PWD/$SLOTH_BUILD ;; esac
: "${SYSTEM_TREES:=$SLOTH_BUILD/system}"
suite=${SYSTEM_SUITE:-bookworm} mode=${SYSTEM_MODE:-root}

T=$(mktemp -d "${TMPDIR:-/tmp}/sloth-system.XXXXXX") || exit 1
status=0		# of the last run
. "$here/lib/judge.sh"
. "$here/lib/machine.sh"
. "$here/lib/sloth.sh"

finish() {
	local code=$?

	trap - EXIT
	trap '' INT TERM HUP PIPE
	[ "$code" -eq 0 ] || [ "$code" -eq 77 ] || show_machines
	for name in ${machines[@]+"${machines[@]}"}; do
		destroy "$name"
	done
	remove_network
	rm -rf "$T"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP PIPE

require_machines
