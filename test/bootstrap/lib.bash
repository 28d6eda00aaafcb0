# shellcheck shell=bash disable=SC2034,SC2154  # variables of bats, and for the tests
#
# lib.bash - a machine for bootstrap.sh: what every file here loads.
#
# The machine is a directory with the paths of a Debian system, entered by chroot in a mount namespace of its own: /usr
# is the real one, /usr/local, /etc, /var and /run are its own and empty, and stay from one command to the next. PATH
# there is /tools, with coreutils, a shell, and what the test adds. Nothing outside is touched, and it takes no root
# where user namespaces are allowed. `sleep` there returns at once: the script counts its waits.
#
# systemctl there is a small one of our own: it "starts" the unit by asking the agent that is installed how it is.
# Agents are shell scripts, see make_agent. The master is a web server with certificates of its own, see serve.

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
python=/usr/bin/python3
tools='base64 cat chmod chown cp cut date head id ln mkdir mktemp mv readlink rm rmdir sha256sum stat tail test timeout touch tr
	uname sh'

# ---- the machine ----

# make_machine: a new one at $M.
make_machine() {
	local tool dir

	M=$BATS_TEST_TMPDIR/machine
	mkdir -p "$M"/{usr,dev,proc,tmp,tools,input,root,packaged} "$M"/{etc/systemd/system,var/lib,run/systemd/system} "$BATS_TEST_TMPDIR/local"
	for dir in bin sbin lib lib64; do
		[ ! -L "/$dir" ] || cp -P "/$dir" "$M/$dir"
	done
	cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts "$M/etc/"
	for tool in $tools; do
		ln -s "$(command -v "$tool")" "$M/tools/$tool"
	done
	give_tool curl
	write_tool sleep 'exit 0'
	write_tool systemctl "$(cat "$BATS_TEST_DIRNAME/systemctl")"
	L=$BATS_TEST_TMPDIR/local
}

give_tool() { ln -sf "$(command -v "$1")" "$M/tools/$1"; }
take_tool() { rm -f "$M/tools/$1"; }
write_tool() {
	rm -f "$M/tools/$1"
	printf '#!/bin/sh\n%s\n' "$2" >"$M/tools/$1"
	chmod 755 "$M/tools/$1"
}

# in_machine [VARIABLE=VALUE...] COMMAND...: as root there.
in_machine() {
	local rights=()

	[ "$(id -u)" -eq 0 ] || rights=(--user --map-root-user)
	# shellcheck disable=SC2016  # the inner shell's
	unshare "${rights[@]}" --mount --propagation private sh -c '
		mount --rbind /usr "$0/usr" && mount --bind "$1" "$0/usr/local" && mount --rbind /dev "$0/dev" &&
		mount --rbind /proc "$0/proc" || exit 99
		[ ! -d /usr/lib/systemd/system ] || mount --bind "$0/packaged" "$0/usr/lib/systemd/system" || exit 99
		root=$0
		shift
		exec chroot "$root" /usr/bin/env -i PATH=/tools HOME=/root "$@"' "$M" "$L" "$@"
}

# bootstrap [ARGUMENT...]: the script of $script there; $environment is its environment.
bootstrap() {
	cp "${script:-$BATS_FILE_TMPDIR/www/bootstrap.sh}" "$M/input/bootstrap.sh"
	run in_machine ${environment[@]+"${environment[@]}"} /bin/sh /input/bootstrap.sh "$@"
}

# A list of all files and their contents there, but for what the tools leave.
snapshot() {
	(cd "$M" && find etc var run tmp root -not -path 'run/fake*' -printf '%p %y %m %l\n' | sort
	 find etc var root tmp -type f -exec sha256sum {} + | sort
	 cd "$L" && find . -printf '%p %y %m %l\n' | sort) 2>/dev/null
}

# ---- judging ----

expect_status() {
	[ "$status" -eq "$1" ] && return
	echo "exit status $status, expected $1; output:"
	echo "$output"
	return 1
}

expect_words() {
	[[ $output == *"$1"* ]] && return
	echo "no '$1' in:"
	echo "$output"
	return 1
}

# ---- programs ----

# make_agent FILE VERSION STATUS-LINE [ready|broken|hangs]: an agent that, started, writes this to its status file. What it
# did is in /run/fake.ran.
make_agent() {
	cat >"$1" <<END
#!/bin/sh
echo "slothd-agent $2: \$*" >>/run/fake.ran
case \$1 in
--version) echo "slothd-agent $2" ;;
*)
	mkdir -p /run/sloth-agent && echo "$3" >/run/sloth-agent/status
	[ '${4-ready}' != hangs ] || exec /usr/bin/sleep 1000
	[ '${4-ready}' = ready ]
	;;
esac
END
	chmod 755 "$1"
}

# program VERSION STATUS-LINE [broken]: what --binary installs.
program() {
	make_agent "$M/input/slothd-agent" "$@"
	printf '#!/bin/sh\n# supervisor %s\n' "$1" >"$M/input/sloth-supervise"
}

install() { bootstrap --master 10.0.0.1 --binary /input/slothd-agent "$@"; }
conf() { cat "$M/etc/sloth/agent.conf"; }
calls() { cat "$M/run/fake.calls" 2>/dev/null; }
unit=/etc/systemd/system/slothd-agent.service
token=sloth1.$(printf 'ab%.0s' {1..32}).0badcafe.00112233445566778899aabbccddeeff

has_run() { [ -e "$M/run/fake.ran" ]; }
nothing_ran() { [ ! -e "$M/run/fake.ran" ]; }

# ---- the master ----

# make_authority DIR: a CA, and the certificate of a master.
make_authority() {
	mkdir -p "$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/ca.key" -out "$1/ca.crt" -days 2 \
		-subj "/CN=${1##*/}" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/key" -out "$1/csr" -subj /CN=master 2>/dev/null
	openssl x509 -req -in "$1/csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 2 -out "$1/crt" \
		-extfile <(echo subjectAltName=DNS:slothd-master) 2>/dev/null
}

pin_of() { openssl x509 -in "$1/ca.crt" -outform DER | sha256sum | cut -c 1-64; }

# serve AUTHORITY DIRECTORY: sets $port and $server (a pid).
serve() {
	rm -f "$2.port"
	"$python" "$BATS_TEST_DIRNAME/serve.py" "$1" "$2" "$2.port" >"$2.log" 2>&1 3>&- &
	server=$!
	for ((i = 0; i < 2000; i++)); do
		[ ! -s "$2.port" ] || break
		sleep 0.02
	done
	port=$(cat "$2.port")
}

# publish DIRECTORY AGENT VERSION: what a master serves there: this agent, a supervisor, their hashes and a script of the
# release.
publish() {
	local arch

	arch=$(uname -m)
	mkdir -p "$1/dist/$arch"
	cp "$2" "$1/dist/$arch/slothd-agent"
	printf '#!/bin/sh\n# supervisor of %s\n' "$3" >"$1/dist/$arch/sloth-supervise"
	(cd "$1/dist" && sha256sum "$arch/slothd-agent" "$arch/sloth-supervise" >SHA256SUMS)
	"$root/systemd/fill_bootstrap.sh" "$root/bootstrap.sh" "$3" "$1/dist/SHA256SUMS" "$root/systemd/slothd-agent.service" \
		>"$1/bootstrap.sh"
}

# serve_release: for setup_file: version 1.0 at a master of the authority $BATS_FILE_TMPDIR/ca. Sets $W, what it serves, and
# $port, $server and $pin.
serve_release() {
	export W=$BATS_FILE_TMPDIR/www
	make_authority "$BATS_FILE_TMPDIR/ca"
	mkdir "$W"
	make_agent "$BATS_FILE_TMPDIR/agent" 1.0 "registered with master"
	publish "$W" "$BATS_FILE_TMPDIR/agent" 1.0
	cp "$BATS_FILE_TMPDIR/ca/ca.crt" "$W/ca.crt"
	serve "$BATS_FILE_TMPDIR/ca" "$W"
	pin=$(pin_of "$BATS_FILE_TMPDIR/ca")
	export port server pin
}

token_of() { echo "sloth1.$1.0badcafe.00112233445566778899aabbccddeeff"; }
