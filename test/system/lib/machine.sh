# shellcheck shell=bash disable=SC2154  # $here, $suite, $mode are of lib.sh
#
# machine.sh - machines: made, booted, used, rebooted, ended. For lib.sh, which has $T, $suite and $mode.
#
# A machine NAME is the copy $T/NAME of the tree, a process "keeper" that runs systemd-nspawn again whenever the machine
# reboots, and control groups of its own: without these a second one does not start. The keeper is a session of its own,
# so that a Ctrl-C reaches the script only, which then ends its machines in order.

machines=()
declare -A keeper			# pid by name
network=				# the network namespace that joins them, once there is one
boot_deadline_s=120	# also on a machine that is ten times slower

# ---- what is needed ----

# The folders in which a control group for a machine can be made: the unified hierarchy, and on a host that has both
# systemd's own.
cgroup_roots() { awk '$3 == "cgroup2" || $3 == "cgroup" && $4 ~ /name=systemd/ { print $2 }' /proc/self/mounts; }
members() { find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null; }

# Why there can be no machines here; nothing when there can.
why_no_machines() {
	[ "$(id -u)" -eq 0 ] || { echo 'only root can boot machines'; return; }
	command -v systemd-nspawn >/dev/null || { echo 'there is no systemd-nspawn (systemd-container)'; return; }
	grep -q ' cgroup2 ' /proc/self/mounts || { echo 'no cgroup v2 is mounted here'; return; }
	tree=$("$here/lib/tree.sh" "$suite" "$SYSTEM_TREES" 2>&1) || { echo "no $suite tree: ${tree##*$'\n'}"; return; }
	try_nspawn
}

# One that only runs `true` tells what this kernel and file system do not allow, in a second.
try_nspawn() {
	local why options

	[ "$mode" = unprivileged ] || return 0
	cp -a --reflink=auto "$SYSTEM_TREES/$suite" "$T/try" || { echo 'no room for a copy of the tree'; return; }
	mapfile -t options < <(mode_options)
	why=$(SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn -q -D "$T/try" --register=no --keep-unit --private-network \
		"${options[@]}" --pipe true 2>&1 </dev/null) || echo "no machine without rights: ${why##*$'\n'}"
	rm -rf "$T/try"
}

require_machines() {
	local why

	why=$(why_no_machines)
	[ -z "$why" ] || skip "$why"
}

mode_options() {
	[ "$mode" = root ] || printf '%s\n' --private-users=262144:65536 --private-users-ownership=map
}

# ---- the network ----

# A namespace with a bridge; the machines that have an address are connected to it, and `on_network COMMAND...` is.
make_network() {
	[ -z "$network" ] || return 0
	network=sloth-system-$$
	ip netns add "$network" || fail 'no network namespace can be made'
	ip -n "$network" link set lo up
	ip -n "$network" link add hub type bridge
	ip -n "$network" address add 10.77.0.1/24 dev hub
	ip -n "$network" link set hub up
}

remove_network() { [ -z "$network" ] || ip netns delete "$network"; }
on_network() { ip netns exec "$network" "$@"; }

# The machine sets its own address each time it boots.
give_address() {
	local tree=$T/$1

	printf '[Match]\nName=host0\n[Network]\nAddress=%s\nLinkLocalAddressing=no\n' "$2" \
		>"$tree/etc/systemd/network/10-host0.network"
	mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"
	ln -sf /lib/systemd/system/systemd-networkd.service "$tree/etc/systemd/system/multi-user.target.wants"
}

has_address() {
	[ ! -e "$T/$1/etc/systemd/network/10-host0.network" ] || on "$1" ip -4 -br address show dev host0 | grep -q 10.77
}

# ---- boot and end ----

# boot NAME [ADDRESS/BITS]: a machine of that name; with an address (10.77.0.2/24) it sees the others that have one,
# else only itself. Returns when it is up.
boot() {
	make_machine "$@"
	start_machine "$1"
}

# The two steps of boot(), for who wants to put something into $T/NAME between them.
make_machine() {
	local name=$1

	machines+=("$name")
	cp -a --reflink=auto "$SYSTEM_TREES/$suite" "$T/$name" || fail "no room for a copy of the $suite tree"
	echo "$name" >"$T/$name/etc/hostname"
	printf '127.0.0.1 localhost %s\n' "$name" >"$T/$name/etc/hosts"
	[ -z "${2:-}" ] || { make_network; give_address "$name" "$2"; }
}

start_machine() {
	local name=$1

	for group in $(cgroup_roots); do
		mkdir -p "$group/sloth-system-$$-$name"
	done
	keep "$name" >"$T/$name.console" 2>&1 </dev/null &
	keeper[$name]=$!
	disown "${keeper[$name]}"	# the shell has nothing to say about its end
	wait_up "$name"
}

# In the background, until the machine ends by itself; nspawn ends with 133 when it wants to be started again.
keep() {
	local name=$1 group options=(--private-network) enter=()

	trap - EXIT INT TERM HUP
	for group in $(cgroup_roots); do
		echo "$BASHPID" >"$group/sloth-system-$$-$name/cgroup.procs"
	done
	mapfile -t -O 1 options < <(mode_options)
	if [ -e "$T/$name/etc/systemd/network/10-host0.network" ]; then
		enter=(nsenter --net="/run/netns/$network")	# `ip netns exec` would hide the control groups
		options[0]=--network-bridge=hub
	fi
	while :; do
		"${enter[@]}" env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid -w systemd-nspawn -D "$T/$name" --register=no \
			--keep-unit --machine="s$$-$name" --hostname="$name" --console=pipe "${options[@]}" -b
		[ $? -eq 133 ] || break
	done
}

# The first process of the machine, as this host numbers it; nothing while it is off: of all processes in its control
# group the one that is number 1 in a namespace inside ours.
leader() {
	local group pid

	for group in $(cgroup_roots); do
		for pid in $(members "$group/sloth-system-$$-$1/payload/init.scope"); do
			grep -qE '^NSpid:[[:space:]]+[0-9]+[[:space:]]+1$' "/proc/$pid/status" 2>/dev/null || continue
			echo "$pid"
			return 0	# without the number it would be that of the exit which a trap handles
		done
	done
	return 1
}

# `degraded`: units of Debian's that cannot work in a machine like this one are no concern of ours.
is_up() {
	case $(on "$1" systemctl is-system-running 2>/dev/null) in
	running | degraded) has_address "$1" ;;
	*) return 1 ;;
	esac
}
has_come_up_or_ended() { is_up "$1" || is_off "$1"; }
wait_up() {
	{ until_true "$boot_deadline_s" has_come_up_or_ended "$1" && is_up "$1"; } ||
		fail "machine $1 did not come up: $(tail -n 5 "$T/$1.console")"
}
is_off() { ! kill -0 "${keeper[$1]}" 2>/dev/null; }

# on NAME COMMAND...: as root there, in a control group of the machine's, with the environment of a fresh login.
on() {
	local name=$1 pid

	shift
	pid=$(leader "$name") || { echo "machine $name is off" >&2; return 255; }
	enter_group "$pid" "$@"
}

enter_group() (
	pid=$1
	shift
	path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup") path=${path%/init.scope}
	for group in $(cgroup_roots); do
		[ -d "$group$path" ] || continue
		mkdir -p "$group$path/enter" && echo "$BASHPID" >"$group$path/enter/cgroup.procs"
	done
	user=()
	[ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ] || user=(-U)
	exec nsenter -t "$pid" -m -u -i -n -p -C "${user[@]}" -S 0 -G 0 -- env -i \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 "$@"
)

boot_id() { on "$1" cat /proc/1/stat 2>/dev/null | awk '{ print $22 }'; }
is_another_boot() { local now; now=$(boot_id "$1") && [ -n "$now" ] && [ "$now" != "$2" ] && is_up "$1"; }

# reboot NAME: returns when it is up again.
reboot() {
	local before

	before=$(boot_id "$1")
	on "$1" systemctl reboot
	until_true "$boot_deadline_s" is_another_boot "$1" "$before" || fail "machine $1 did not come back"
}

# power_off NAME: in order; its tree stays, and start_machine NAME boots it again.
power_off() {
	on "$1" systemctl poweroff
	until_true 60 is_off "$1" || fail "machine $1 does not go off"
}

# Whatever state it is in.
destroy() {
	local name=$1 group

	[ -z "${keeper[$name]:-}" ] || kill -KILL "${keeper[$name]}" 2>/dev/null
	for group in $(cgroup_roots); do
		group=$group/sloth-system-$$-$name
		[ -d "$group" ] || continue
		until_true 20 remove_group "$group" || echo "control group $group stays"
	done
	until_true 20 rm -rf "${T:?}/$name" || echo "tree $T/$name stays"
}

remove_group() {
	local pid

	for pid in $(members "$1"); do
		kill -KILL "$pid" 2>/dev/null
	done
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$1" ]
}

# ---- looking ----

show_machines() {
	local name

	for name in ${machines[@]+"${machines[@]}"}; do
		echo "--- end of the journal of $name:"
		on "$name" journalctl -b -q --no-pager -n 60 -o short-monotonic -u 'sloth*' 2>&1 | cut -c 1-400
	done
}
