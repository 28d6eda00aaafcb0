# shellcheck shell=bash disable=SC2154,SC2034  # variables of lib.sh, and for it
# group.sh - agents in a control group of their own, or where there is none. Source it after lib.sh.

group=
cgroup_mount=$(awk '$4 == "/" && / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)

# make_group: an empty control group in $group, gone at the end of the script. 1: that cannot be done here.
make_group() {
	local own

	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	group=$cgroup_mount${own%/}/sloth-e2e-$$
	[ -n "$cgroup_mount" ] && mkdir "$group" 2>/dev/null && groups+=("$group") && [ -w "$group/cgroup.procs" ]
}

# wrap_agent: from here on `slothd-agent` is $T/bin/slothd-agent, a script that is read from standard input and ends in
# executing its arguments with the real one in front.
wrap_agent() {
	mkdir -p "$T/bin"
	{ echo '#!/bin/sh' && cat && echo "exec $(command -v slothd-agent) \"\$@\""; } >"$T/bin/slothd-agent"
	chmod 755 "$T/bin/slothd-agent"
	PATH=$T/bin:$PATH
}

start_agent_in_group() {
	wrap_agent <<-SH
		echo \$\$ >'$group/cgroup.procs' || exit 1
	SH
	start_agent "$@"
}

# In a mount namespace without control groups.
start_agent_without_cgroup() {
	if [ -n "$cgroup_mount" ] && unshare -m true 2>/dev/null; then
		wrap_agent <<-SH
			[ -n "\$UNSHARED" ] || UNSHARED=1 exec unshare -m "\$0" "\$@"
			unset UNSHARED
			umount -l '$cgroup_mount' || exit 1
		SH
	elif make_group; then
		remove_group "$group"
		skip 'no mount namespace can be made here, to take the control groups from an agent'
	fi
	start_agent "$@"
}
