# shellcheck shell=bash disable=SC2034,SC2154  # variables of lib.sh and of the scripts
#
# net.sh - hosts on one machine: a network namespace each, and cables between them. Sourced behind test/e2e/lib.sh. A
# namespace lives as long as the process that holds it, so nothing is left when the script ends; that of the machine itself is
# not touched, and no Debian is booted: of suites and modes one is enough.
declare -A holder	# pid by name of the host

[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
for tool in unshare nsenter ip "${net_tools[@]}"; do
	command -v "$tool" >/dev/null || skip "no $tool: apt-get install nftables socat iproute2 util-linux"
done
unshare -n true 2>/dev/null || skip "no network namespace can be made here"

# host NAME: one more, with loopback.
host() {
	start_daemon "$T/host-$1.out" unshare -n sleep infinity
	holder[$1]=$started
	until_true 10 is_apart "$started" || fail "no namespace for $1"
	on "$1" ip link set dev lo up
}
is_apart() { [ "$(readlink "/proc/$1/exe")" = "$(readlink -f "$(command -v sleep)")" ]; }

# on HOST COMMAND...: there. It becomes the command, so that its pid is the command's.
on() { nsenter --net="/proc/${holder[$1]}/ns/net" "${@:2}"; }
start_on() { start_daemon "$2" nsenter --net="/proc/${holder[$1]}/ns/net" "${@:3}"; }

# cable A ADDRESS B ADDRESS: addresses with their prefix; the interface on A is called B, and the other way round.
cable() {
	on "$1" ip link add name "$3" type veth peer name "$1" netns "${holder[$3]}" || skip "no veth here"
	on "$1" ip address add "$2" dev "$3"
	on "$3" ip address add "$4" dev "$1"
	on "$1" ip link set dev "$3" up
	on "$3" ip link set dev "$1" up
}

# The hosts go; what runs there has been stopped before.
tear_down() {
	local name

	for name in "${!holder[@]}"; do
		kill_daemon "${holder[$name]}"
	done
}
