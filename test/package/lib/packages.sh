# shellcheck shell=bash disable=SC2034  # variables that scripts use
#
# packages.sh - machines with our packages: what the tests of test/package begin with that boot some.
#
#   . "$(dirname "$0")/lib/packages.sh"
#   boot m1
#   install_on m1 sloth-master sloth-cli
#
# The packages are those of `make deb`, in $SLOTH_BUILD/deb.
. "$(dirname "${BASH_SOURCE[0]}")/../../system/lib.sh"

packages=$SLOTH_BUILD/deb
version=$(dpkg-parsechangelog -l "$root/debian/changelog" -S Version)

# put_on NAME FOLDER PACKAGE...: sloth-common and these, as files in /FOLDER of the machine.
put_on() {
	local name=$1 folder=$2 package

	shift 2
	mkdir -p "$T/$name/$folder"
	for package in sloth-common "$@"; do
		cp "$packages/${package}_${version}"_*.deb "$T/$name/$folder" || fail "make deb has not made $package"
	done
}

# age NAME FOLDER VERSION: the packages there become those of another version, whose programs are the same.
age() {
	local name=$1 folder=$2 other=$3 deb

	for deb in "$T/$name/$folder"/*.deb; do
		rm -rf "$T/aged"
		dpkg-deb -R "$deb" "$T/aged"
		sed -i "s/^Version: .*/Version: $other/; s/(= [^)]*)/(= $other)/" "$T/aged/DEBIAN/control"
		rm "$deb"
		dpkg-deb -b --root-owner-group "$T/aged" "$T/$name/$folder" >/dev/null || fail "no package of version $other"
	done
}

# install_on NAME FOLDER: what was put there.
install_on() {
	run on "$1" sh -c "DEBIAN_FRONTEND=noninteractive dpkg -i /$2/*.deb"
	assert_status 0
}

# be_agent NAME: the machine becomes an agent of its own master, as README.Debian says it, and runs commands.
be_agent() {
	# shellcheck disable=SC2016  # expanded there
	run on "$1" sh -c 'umask 077; sloth token create --name web1 >/etc/sloth/token &&
		printf "[Agent]\nname = web1\nmaster = localhost\ntoken-file = /etc/sloth/token\n" >/etc/sloth/agent.conf &&
		systemctl enable --now slothd-agent && rm /etc/sloth/token'
	assert_status 0
	until_true 20 runs_commands "$1" || fail "web1 does not run commands: $(on "$1" sloth agent list 2>&1)"
}
runs_commands() { on "$1" sloth agent run web1 true 2>/dev/null; }

# Every file of a machine that an installation could have made or removed, as lines.
files_of() {
	on "$1" find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log/journal \
		-o -path /var/lib/dpkg -o -path /var/cache -o -path /srv/deb \) -prune -o -print | LC_ALL=C sort
}
