#!/bin/sh
# bootstrap.sh - installs a Sloth agent on this machine; bootstrap(8) is its manual, --help its options.
#
# POSIX shell, coreutils, and curl or wget. Nothing runs before the last byte has come: everything stands in one pair
# of braces, so that a file that was cut anywhere is a syntax error.
#
# Each step says what is wrong, with what to try, and ends the script with the exit status of the manual: 2 usage,
# 3 this machine, 4 download, 5 verification, 6 service, 7 waiting for acceptance. What came from the network is run
# only when its hash is known from this file, or from a master whose CA is known.
{
set -u
umask 077
LC_ALL=C
export LC_ALL

# ---- of the release; make fills it in ----

release_version=unreleased
release_hashes() {
	cat <<'HASHES'
HASHES
}

unit_text() {
	cat <<'UNIT'
[Unit]
Description=Sloth agent
Documentation=man:slothd-agent(8) man:sloth-security(7)
Wants=network-online.target
After=network-online.target
Conflicts=sloth-runner-agent.service
# However often it fails, it is tried again.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=@sbindir@/slothd-agent
ExecReload=kill -HUP $MAINPID
WatchdogSec=30s
Restart=always
RestartSec=5s
# The sockets that it listens on stay open while it is restarted: who comes meanwhile waits, and is not refused.
FileDescriptorStoreMax=8
# A wrong command line, "sloth agent stop", a configuration that somebody must edit.
RestartPreventExitStatus=64 69 78
SuccessExitStatus=69

# Commands outlive the agent, each in a control group of its own.
KillMode=process
Delegate=yes
# With a controller enabled in its group while commands live on, the unit could not be started again.
ExecStopPost=-/bin/sh -c 'g=$$(sed -n "s/^0:://p" /proc/self/cgroup); for m in /sys/fs/cgroup/unified /sys/fs/cgroup; do \
	f=$$m$${g%%/.control}/cgroup.subtree_control; [ -w "$$f" ] || continue; \
	for c in $$(cat "$$f"); do echo "-$$c" >"$$f"; done; done'
TasksMax=infinity
LimitNOFILE=524288
OOMPolicy=continue
OOMScoreAdjust=-500

StateDirectory=sloth-agent
StateDirectoryMode=0700
RuntimeDirectory=sloth-agent
RuntimeDirectoryPreserve=yes
ConfigurationDirectory=sloth
# No sandbox: commands would be in it, too. See the drop-in "confined" for one, and agent.policy for what may be asked.

[Install]
WantedBy=multi-user.target
UNIT
}

# ---- saying ----

say() { printf 'bootstrap: %s\n' "$*"; }
note() { printf 'bootstrap: %s\n' "$*" >&2; }

# die STATUS WHAT [HINT]
die() {
	printf 'bootstrap: %s\n' "$2" >&2
	[ -z "${3-}" ] || printf '  try: %s\n' "$3" >&2
	exit "$1"
}

usage() { die 2 "$1" 'sh bootstrap.sh --help'; }

help() {
	cat <<'HELP'
Usage: bootstrap.sh --master HOST[:PORT] [OPTION]...
       bootstrap.sh --update | --uninstall [--purge]
Installs a Sloth agent on this machine and starts it as a service.

Options of the agent:
  --name NAME                   name of the agent; default: the host name
  --master HOST[:PORT]          the master, which has the programs, too
  --incus HOST:PORT             in a container: what is forwarded to it
  --port PORT                   port to listen on; default: 50051
  --bind-address ADDRESS        address to listen on
  --report-address HOST:PORT    address at which the master reaches the agent
  --token TOKEN                 token to enrol with; $SLOTH_TOKEN works, too
  --token-file FILE             the same, from a file
  --ca-fingerprint HEX          SHA-256 of the certificate of the master's CA
  --trust-on-first-use          run what the master that answers calls right
  --insecure                    no TLS, on this machine only; needs --binary

Options of the installation:
  --binary FILE                 install this agent instead of fetching one
  --user USER                   the service runs as this user; default: root
  --install-dir DIR             default: /usr/local
  --no-systemd                  start it in the background, as no service
  --no-start                    install, but do not start
  --no-sudo                     never use sudo: install for this user
  --replace-ancestor            rename programs and a unit that have our names
  --version [VERSION]           only this version; alone: print the script's
  --update                      install what the master has now
  --uninstall                   stop the agent and remove it
  --purge                       its configuration, certificate and logs, too
  --dry-run                     say what would be done
  -h, --help                    show this help and exit

Exit status: 0 ready and registered, 2 usage, 3 this machine, 4 download,
5 verification, 6 service, 7 waiting for acceptance. More is in bootstrap(8).
HELP
}

# ---- the command line ----

action=install name='' master='' port='' bind_address='' report_address='' token='' ca_fingerprint=''
trusts_first='' insecure='' binary='' user='' install_dir='' no_systemd='' no_start='' no_sudo='' replaces=''
wanted='' purge='' dry_run=''
# What is only set when it is known. The environment says nothing.
pin='' hashes='' obstacles='' version='' new='' uid=0 conf_mode=600 conf_owner=0:0
moved='' was_enabled='' was_active='' had_state='' is_locked=''

# is_made_of VALUE PATTERN: of these characters only, and there is at least one.
is_made_of() {
	case $1 in
	'' | *[!$2]*) return 1 ;;
	esac
}

is_hex64() { [ ${#1} -eq 64 ] && is_made_of "$1" 0-9a-f; }
is_port() { is_made_of "$1" 0-9 && [ ${#1} -le 5 ] && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }

# Values go to a configuration file and to URLs.
is_address() {
	case $1 in
	'' | -* | *[!][A-Za-z0-9.:_%-]*) return 1 ;;
	esac
}

is_host_port() {
	is_address "$1" && is_port "${1##*:}" || return 1
	case $1 in
	:* | [!\[]*:*:*) return 1 ;;
	*:*) ;;
	*) return 1 ;;
	esac
}

set_option() {
	case $1 in
	--name) name=$2 ;;
	--master) master=$2 ;;
	--incus)
		is_host_port "$2" || usage "--incus $2: not HOST:PORT"
		bind_address=0.0.0.0 report_address=$2
		;;
	--port) port=$2 ;;
	--bind-address) bind_address=$2 ;;
	--report-address) report_address=$2 ;;
	--token)
		token=$2
		note '--token: every user of this machine can read it while this runs; SLOTH_TOKEN and --token-file are not seen'
		;;
	--token-file) read_token "$2" ;;
	--ca-fingerprint) ca_fingerprint=$(printf '%s' "$2" | tr -d : | tr A-F a-f) ;;
	--binary) binary=$2 ;;
	--user) user=$2 ;;
	--install-dir) install_dir=$2 ;;
	--version) wanted=$2 ;;
	*) usage "$1: there is no such option" ;;
	esac
}

set_flag() {
	case $1 in
	--trust-on-first-use) trusts_first=yes ;;
	--insecure) insecure=yes ;;
	--no-systemd) no_systemd=yes ;;
	--no-start) no_start=yes ;;
	--no-sudo) no_sudo=yes ;;
	--replace-ancestor) replaces=yes ;;
	--update) action=update ;;
	--uninstall) action=uninstall ;;
	--purge) purge=yes ;;
	--dry-run) dry_run=yes ;;
	*) return 1 ;;
	esac
}

read_token() {
	[ -r "$1" ] || die 2 "--token-file $1: there is no such file, or it cannot be read" 'sloth token create on the master'
	read -r token <"$1" || [ -n "$token" ] || die 2 "--token-file $1: it is empty" 'sloth token create on the master'
}

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) help && exit 0 ;;
		--*=*)
			set_option "${1%%=*}" "${1#*=}"
			shift
			continue
			;;
		esac
		if set_flag "$1"; then
			shift
			continue
		fi
		case $1 in
		--version)
			case ${2--} in
			-*) printf 'bootstrap.sh %s\n' "$release_version" && exit 0 ;;
			esac
			;;
		--*)
			[ $# -gt 1 ] || set_option "$1" ''
			[ $# -gt 1 ] || usage "$1: its value is missing"
			;;
		*) usage "$1: not an option" ;;
		esac
		set_option "$1" "$2"
		shift 2
	done
	: "${token:=${SLOTH_TOKEN-}}"
	unset SLOTH_TOKEN
	# The agent reaches its master without a proxy, and so do we.
	unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
}

check_token() {
	pin=${token#sloth1.}
	case $token in
	sloth1.*.*.*) pin=${pin%%.*} ;;
	*) pin='' ;;
	esac
	is_hex64 "$pin" && is_made_of "$token" 'a-z0-9.' && return
	usage 'the token is none: sloth1. and three groups of hex digits; sloth token create on the master makes one'
}

check_values() {
	[ -z "$purge" ] || [ $action = uninstall ] || usage '--purge goes with --uninstall'
	case ${user:-x} in
	-* | *[!A-Za-z0-9._@-]*) usage "--user $user: not the name of a user" ;;
	esac
	[ -z "$install_dir" ] || case $install_dir in
	*/../* | */..) usage "--install-dir $install_dir: not with .. in it" ;;
	/*) is_made_of "$install_dir" 'A-Za-z0-9/._+-' || usage "--install-dir $install_dir: letters, digits and /._+- only" ;;
	*) usage "--install-dir $install_dir: not an absolute path" ;;
	esac
	[ -z "$master" ] || is_address "$master" || usage "--master $master: not HOST:PORT"
	[ -z "$ca_fingerprint" ] || is_hex64 "$ca_fingerprint" || usage "--ca-fingerprint $ca_fingerprint: not 64 hex digits"
	[ $action = install ] || [ -z "$name$port$bind_address$report_address$user" ] ||
		usage "--$action leaves the agent's settings as they are: no --name, --port, --bind-address, --report-address, --incus, --user"
	[ $action = install ] || return 0
	[ -n "$master" ] || usage '--master HOST:PORT is missing'
	[ -z "$name" ] || { is_made_of "$name" 'A-Za-z0-9._-' && [ ${#name} -le 64 ]; } ||
		usage "--name $name: 1 to 64 letters, digits, '.', '_' or '-'"
	[ -z "$port" ] || [ "$port" = 0 ] || is_port "$port" || usage "--port $port: not in 0..65535"
	[ -z "$bind_address" ] || is_address "$bind_address" || usage "--bind-address $bind_address: not an address"
	[ -z "$report_address" ] || is_host_port "$report_address" || usage "--report-address $report_address: not HOST:PORT"
	[ -z "$insecure" ] || [ -n "$binary" ] || usage '--insecure: a master without TLS gives no programs; --binary FILE is needed'
	[ -z "$token" ] || check_token
}

split_master() {
	case $master in
	\[*\]:*) host=${master%:*} master_port=${master##*:} ;;
	\[*\]) host=$master master_port=50053 ;;
	*:*:*) usage "--master $master: an IPv6 address stands in brackets" ;;
	*:*) host=${master%:*} master_port=${master##*:} ;;
	*) host=$master master_port=50053 ;;
	esac
	[ -n "$host" ] || usage "--master $master: no host"
	is_port "$master_port" || usage "--master $master: its port is not in 1..65535"
}

# ---- this machine ----

# As root, by sudo where that is needed; what outlives this script does not hold its lock.
root() { ${sudo:+"$sudo"} "$@" 9>&-; }
has() { command -v "$1" >/dev/null 2>&1; }

choose_rights() {
	sudo='' for_self=''
	[ "$(id -u)" -ne 0 ] || return 0
	if [ -n "$no_sudo" ]; then
		for_self=yes no_systemd=yes
		[ -z "$user" ] || usage '--user: it takes root'
		return
	fi
	has sudo || die 3 'this takes root, and there is no sudo' 'as root, or --no-sudo to install for yourself'
	sudo=sudo
}

choose_places() {
	if [ -n "$for_self" ]; then
		case ${HOME-} in /*) ;; *) die 3 'HOME is not the home directory' 'HOME=DIR sh bootstrap.sh ...' ;; esac
		prefix=$HOME/.local
		conf=${XDG_CONFIG_HOME:-$HOME/.config}/sloth/agent.conf
		state=${XDG_STATE_HOME:-$HOME/.local/state}/sloth-agent
		runtime=${XDG_RUNTIME_DIR:-$state/run}
		[ "$runtime" = "$state/run" ] || runtime=$runtime/sloth-agent
		logs=$state lock=$HOME/.sloth-bootstrap.lock
	else
		prefix=/usr/local conf=/etc/sloth/agent.conf state=/var/lib/sloth-agent runtime=/run/sloth-agent logs=/var/log/sloth
		lock=/run/sloth-bootstrap.lock
	fi
	unit=/etc/systemd/system/slothd-agent.service
	is_unit=
	[ -n "$no_systemd" ] || [ ! -d /run/systemd/system ] || is_unit=yes
	[ -z "$is_unit" ] || installed_prefix
	[ -z "$install_dir" ] || prefix=$install_dir
	prefix=${prefix%/} && prefix=${prefix%/bin}
	[ -n "$for_self" ] || [ "$prefix" = /usr/local ] || resolve_prefix
	agent=$prefix/sbin/slothd-agent supervise=$prefix/libexec/sloth/sloth-supervise
	libexec_mark=$prefix/libexec/sloth/libexec-is-new
	# From the first change until the agent has been started with all of them, by this run or a later one.
	due=$prefix/libexec/sloth/restart-is-due
	try_start="journalctl -u slothd-agent"
	[ -n "$is_unit" ] || try_start="$agent --config $conf"
	is_first=yes
	[ ! -e "$agent" ] || is_first=
}

# The one of the agent that is there, for who does not say it again.
installed_prefix() {
	[ -r "$unit" ] || return 0
	while read -r line; do
		case $line in
		ExecStart=/*/sbin/slothd-agent*) prefix=${line#ExecStart=} && prefix=${prefix%%/sbin/slothd-agent*} ;;
		esac
	done <"$unit"
}

# The place itself, and not a link on the way to it that leads elsewhere later.
resolve_prefix() {
	there=$prefix rest=''
	until root test -d "${there:-/}"; do
		rest=/${there##*/}$rest
		there=${there%/*}
	done
	there=$(root readlink -f "${there:-/}") || die 3 "$prefix: no such place can be found"
	prefix=${there%/}$rest
}

# is_roots PATH: nobody else can write it.
is_roots() {
	case $(root stat -L -c '%u %g %A' "$1" 2>/dev/null) in
	'0 0 '????????[!w]* | '0 '*' '?????[!w]??[!w]*) ;;
	*) return 1 ;;
	esac
}

# Root runs what lies there. Of whom /usr/local is, the machine knows. Sets $path, of somebody else.
is_prefix_roots() {
	[ -z "$for_self" ] && [ "$prefix" != /usr/local ] || return 0
	for path in "$prefix/sbin" "$prefix/bin" "$prefix/libexec" "$prefix/libexec/sloth"; do
		! root test -e "$path" || is_roots "$path" || return 1
	done
	path=$prefix
	while [ "$path" != /usr/local ]; do
		! root test -e "${path:-/}" || is_roots "${path:-/}" || return 1
		[ -n "$path" ] || break
		path=${path%/*}
	done
}

# One at a time: two would mix two releases. However the script ends, the kernel lets go of the lock. Its file goes with
# who holds it: who has come too soon for that holds the lock of a file that is gone.
take_lock() {
	has flock || return 0
	make_dir "${lock%/*}"
	[ -z "$sudo" ] || { root touch "$lock" && root chown "$(id -u)" "$lock"; } || die 3 "$lock cannot be made"
	(: >>"$lock") 2>/dev/null || die 3 "$lock cannot be made"
	exec 9>>"$lock"
	flock -n 9 || lock_is_held
	held=$(stat -L -c %d:%i "/proc/$$/fd/9" 2>/dev/null) || held=
	[ -z "$held" ] || [ "$held" = "$(stat -c %d:%i "$lock" 2>/dev/null)" ] || lock_is_held
	is_locked=yes
}

lock_is_held() { die 3 'another bootstrap.sh is at work on this machine; nothing was done' 'once more when it has ended'; }

check_machine() {
	[ "$(uname -s)" = Linux ] || die 3 "$(uname -s) is not Linux"
	is_prefix_roots || die 3 "somebody else than root can write ${path:-/}: what lies in $prefix is not for root to run" \
		'chown and chmod, or another --install-dir'
	arch=$(uname -m)
	check_package "write $conf, then systemctl enable --now slothd-agent; or remove the package first"
	[ -z "$user" ] || [ -n "$is_unit" ] || die 3 '--user takes systemd, which does not run here'
	[ -z "$user" ] || find_user
	[ $action = install ] || [ -z "$is_first" ] || die 3 "there is no agent at $agent" 'bootstrap.sh --master HOST:PORT'
	choose_fetcher
}

# check_package HINT: the files of a package are not ours, nor is the identity of its agent.
check_package() {
	for path in /usr/lib/systemd/system/slothd-agent.service /lib/systemd/system/slothd-agent.service; do
		[ ! -e $path ] || die 3 'the package sloth-agent is installed here' "$1"
	done
}

# The configuration stays root's, who believes it with the next update: the user reads it.
find_user() {
	uid=$(id -u -- "$user" 2>/dev/null) || die 3 "--user $user: there is no such user"
	conf_owner=0:$(id -g -- "$user") conf_mode=640
}

# is_trusted FILE: root believes only what nobody else can have written. Who installs for himself believes himself.
is_trusted() {
	[ -z "$for_self" ] || return 0
	is_roots "$1" && is_roots "${1%/*}"
}

# The agent believes what it finds there.
check_state() {
	[ -z "$for_self" ] && root test -e "$state" || return 0
	owner=$(root stat -L -c '%u %U' "$state")
	case ${owner%% *} in
	0 | "$uid") ;;
	*) die 3 "$state belongs to ${owner#* }: an agent of ${user:-root} must not take it over" \
		"--user ${owner#* }, or first --uninstall --purge" ;;
	esac
}

choose_fetcher() {
	fetcher=
	[ -z "$binary" ] || return 0
	if has curl; then
		fetcher=curl
	elif has wget; then
		fetcher=wget
	else
		die 3 'there is neither curl nor wget here' 'copy slothd-agent and sloth-supervise here, and --binary FILE'
	fi
}

# ---- what is in the way ----

# is_ours NAME: DIR/bin/NAME is a link to the agent, or the command line of this system.
is_ours() {
	case $(readlink "$prefix/bin/$1" 2>/dev/null) in
	../sbin/slothd-agent) return 0 ;;
	sloth) [ "$1" = sloth-runner ] && is_ours sloth ;;
	*) [ "$1" = sloth ] && [ -e "$prefix/libexec/sloth/sloth-tls" ] ;;
	esac
}

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

# The ancestor of this system has the same names for other things.
check_ancestor() {
	old_unit=/etc/systemd/system/sloth-runner-agent.service
	for word in sloth sloth-runner; do
		is_there "$prefix/bin/$word" || continue
		is_ours $word || in_the_way "$prefix/bin/$word"
	done
	[ -n "$for_self" ] || ! is_there $old_unit || in_the_way $old_unit
}

in_the_way() {
	[ -n "$replaces" ] || die 3 "$1 is there already, and is not of this system" \
		"--replace-ancestor, which renames it to ${1##*/}.replaced, or remove it"
	obstacles="$obstacles $1"
}

move_ancestor() {
	for file in $obstacles; do
		if [ "$file" = $old_unit ] && [ -n "$is_unit" ]; then
			! systemctl --quiet is-enabled "${old_unit##*/}" 2>/dev/null || was_enabled=yes
			! systemctl --quiet is-active "${old_unit##*/}" || was_active=yes
			root systemctl disable --now "${old_unit##*/}" >/dev/null 2>&1
		fi
		moved="$moved $file"
		root mv -f "$file" "$file.replaced" || die 3 "$file cannot be renamed"
		say "$file is $file.replaced now"
	done
}

# When no agent of ours comes to run in its place.
return_ancestor() {
	for file in $moved; do
		is_there "$file.replaced" || continue
		root mv -f "$file.replaced" "$file" && note "$file is there again"
	done
	case $moved in
	*$old_unit*) [ -z "$is_unit" ] || return_unit ;;
	esac
	moved=
}

return_unit() {
	[ -z "$is_first" ] || root systemctl disable --now slothd-agent.service >/dev/null 2>&1
	root systemctl daemon-reload
	[ -z "$was_enabled" ] || root systemctl -q enable "${old_unit##*/}" || note "${old_unit##*/} cannot be enabled"
	[ -z "$was_active" ] || root systemctl start "${old_unit##*/}" || note "${old_unit##*/} does not start"
}

# ---- from the master ----

# get PATH FILE [checked]: over TLS; "checked": from the master that the CA in $tmp/ca vouches for.
get() {
	why=$(fetch_to "$@" 2>&1) && return
	how=$?
	why=$(printf '%s' "$why" | tr '\n' ' ')
	case ${3-}$how in
	checked51 | checked60)
		die 5 "who answers at $master is not the one that its CA vouches for; nothing was run: $why" \
			"slothd-master ca show on the master; the clock of this machine: $(date)"
		;;
	esac
	die 4 "master $master does not give /$1: $why" \
		"port $master_port/tcp of $host has to be open to this machine, and a slothd-master has to run there"
}

# A program may have 200 MB, in some shells 400, and the rest 1 MB.
fetch_to() {
	limit=2000
	[ "${1%/*/*}" != dist ] || limit=400000
	exec 9>&-
	trap '' XFSZ
	ulimit -f $limit 2>/dev/null
	if [ $fetcher = wget ]; then
		# shellcheck disable=SC2046  # a word, or none
		wget $(wget_rules) -nv -T 30 --no-check-certificate -O "$2" "https://$host:$master_port/$1"
	elif [ "${3-}" = checked ]; then
		ask --cacert "$tmp/ca" --capath "$tmp/none" "https://slothd-master:$master_port/$1" -o "$2"
	else
		ask -k "https://slothd-master:$master_port/$1" -o "$2"
	fi
}

# Settings of somebody's: that of busybox reads none.
wget_rules() {
	case $(wget --version 2>/dev/null) in 'GNU Wget'*) echo --no-config ;; esac
}

# ask CURL-ARGUMENT...: without a proxy, and under the name that stands in a master's certificate.
ask() {
	curl -q -fsS --noproxy '*' --proto =https --connect-timeout 15 --max-time 900 --max-filesize 200000000 \
		--connect-to "slothd-master:$master_port:$host:$master_port" "$@"
}

hash_of() {
	sum=$(sha256sum <"$1") && printf '%s' "${sum%% *}"
}

# The first certificate of a file, decoded to $tmp/der, the hash of which is $seen. Readers of PEM do not agree about a
# file that is not quite in order: what is trusted is written anew from what was hashed.
read_certificate() {
	is_inside=
	while IFS= read -r line; do
		case $line in
		'-----BEGIN CERTIFICATE-----'*) is_inside=yes ;;
		-----*) [ -z "$is_inside" ] || break ;;
		*) [ -z "$is_inside" ] || printf '%s\n' "$line" ;;
		esac
	done <"$1" | base64 -d >"$tmp/der" 2>/dev/null && [ -s "$tmp/der" ] && seen=$(hash_of "$tmp/der")
}

# What the CA has to be: by the token, by the option, or as the agent knows it.
find_pin() {
	if [ -n "$pin" ] && [ -n "$ca_fingerprint" ] && [ "$pin" != "$ca_fingerprint" ]; then
		usage '--ca-fingerprint is not that of the token'
	fi
	: "${pin:=$ca_fingerprint}"
	[ -z "$pin" ] && root test -e "$state/ca.crt" || return 0
	if is_trusted "$state/ca.crt"; then
		root cat "$state/ca.crt" >"$tmp/ca.known"
		read_certificate "$tmp/ca.known" || die 3 "$state/ca.crt is no certificate" '--ca-fingerprint F'
		pin=$seen
	else
		note "$state/ca.crt is not root's alone: what it says does not count"
	fi
}

check_ca() {
	get ca.crt "$tmp/ca.all"
	read_certificate "$tmp/ca.all" || die 5 "/ca.crt of master $master is no certificate; nothing was run" \
		'slothd-master ca show on the master'
	{ echo '-----BEGIN CERTIFICATE-----' && base64 "$tmp/der" && echo '-----END CERTIFICATE-----'; } >"$tmp/ca"
	# Without a directory of its own curl trusts that of the system, too.
	mkdir "$tmp/none"
	if [ -z "$pin" ]; then
		say "trusting the CA that answers at $master: $seen"
		pin=$seen
	elif [ "$seen" != "$pin" ]; then
		die 5 "master $master shows the CA $seen, not $pin: it is another master, or somebody is in between; nothing was run" \
			'slothd-master ca show on the master'
	fi
}

# Sets $hashes, the list of those that may be run.
find_hashes() {
	hashes=$(release_hashes)
	if [ -n "$pin$trusts_first" ]; then
		check_ca
		if [ $fetcher = curl ]; then
			get dist/SHA256SUMS "$tmp/SHA256SUMS" checked
			hashes=$(cat "$tmp/SHA256SUMS")
			return
		fi
	fi
	[ -z "$hashes" ] || return 0
	[ $fetcher = curl ] || die 5 'this script carries no hashes, and with wget a master cannot be checked' 'curl, or --binary FILE'
	die 5 'it is not known what the right programs are: this script carries no hashes, and the CA of the master is not known' \
		'--token T or --ca-fingerprint F'
}

# hash_listed PATH: as $hashes has it; a '*' before a name is sha256sum's.
hash_listed() {
	printf '%s\n' "$hashes" | while read -r sum file; do
		[ "${file#\*}" != "$1" ] || { printf '%s' "$sum" && break; }
	done
}

# Into $tmp, unless what is installed is right already.
fetch_program() {
	sum=$(hash_listed "$arch/$1")
	is_hex64 "$sum" || die 3 "master $master has no agent for $arch" 'an agent built on such a machine, and --binary FILE'
	if [ -r "$2" ]; then
		cp "$2" "$tmp/$1" || die 4 "$2 cannot be copied to $tmp"
		[ "$(hash_of "$tmp/$1")" != "$sum" ] || return 0
	fi
	get "dist/$arch/$1" "$tmp/$1"
	[ "$(hash_of "$tmp/$1")" = "$sum" ] || die 5 \
		"/dist/$arch/$1 of master $master is not what it should be (SHA-256 $(hash_of "$tmp/$1"), not $sum); nothing was run" \
		'--token T or --ca-fingerprint F, with which the list of the master counts'
}

take_binary() {
	dir=${binary%/*}
	[ "$dir" != "$binary" ] || dir=.
	cp "$binary" "$tmp/slothd-agent" 2>/dev/null || die 4 "--binary $binary: it cannot be read"
	cp "$dir/sloth-supervise" "$tmp/sloth-supervise" 2>/dev/null ||
		die 4 "--binary $binary: sloth-supervise is not beside it" "copy it to $dir, too"
}

fetch() {
	if [ -n "$binary" ]; then
		take_binary
	else
		find_hashes
		fetch_program slothd-agent "$agent"
		fetch_program sloth-supervise "$supervise"
	fi
	chmod 755 "$tmp/slothd-agent" "$tmp/sloth-supervise"
	# A directory in which nothing can be executed says nothing about the program.
	version=$("$tmp/slothd-agent" --version 2>&1 </dev/null) || die 3 "the agent does not run on this machine: $version" \
		"uname -m; TMPDIR=DIR, where programs may be run"
	# The libraries follow on lines of their own.
	version=${version%%
*}
	version=${version#slothd-agent }
	[ -z "$wanted" ] || [ "$wanted" = "$version" ] || die 5 "the agent there is version $version, not $wanted" "--version $version"
}

# ---- putting it into place ----

is_same() {
	sum=$(root sha256sum "$2" 2>/dev/null) && [ "${sum%% *}" = "$(hash_of "$1")" ]
}

make_dir() { (umask 022 && root mkdir -p "$1") || die 3 "$1 cannot be made"; }

# put FILE PLACE MODE [OWNER]: in one step; the old one is kept when MODE is that of a program.
put() {
	if is_same "$1" "$2"; then
		own "$2" "$3" "${4-}"
		return
	fi
	mark_change
	make_dir "${2%/*}"
	{ new=$(root mktemp "$2.new-XXXXXX") && root cp "$1" "$new"; } || die 3 "$2 cannot be written"
	own "$new" "$3" "${4-}"
	if [ "$3" = 755 ] && [ -e "$2" ]; then
		root ln -f "$2" "$2.old" 2>/dev/null || { root rm -f "$2.old" && root cp -p "$2" "$2.old"; } ||
			die 3 "$2.old cannot be written"
		replaced="$replaced $2"
	elif root test -e "$2"; then
		root cp -p "$2" "$tmp/old.${2##*/}"
	fi
	root mv -f "$new" "$2" || die 3 "$2 cannot be written"
	new=
}

# What one of us has left that was killed: a program, or a configuration with a token.
remove_unfinished() {
	for file in "$agent" "$supervise" "$conf" "$unit" "$unit.d/bootstrap.conf"; do
		root rm -f "$file".new-*
	done
}

mark_change() {
	make_dir "${due%/*}"
	root touch "$due" || die 3 "$due cannot be made"
	is_changed=yes
}

# own FILE MODE [OWNER]
own() {
	[ -n "$for_self" ] || root chown "${3:-0:0}" "$1" || die 3 "the owner of $1 cannot be set"
	root chmod "$2" "$1" || die 3 "the mode of $1 cannot be set"
}

link_names() {
	make_dir "$prefix/bin"
	for word in sloth sloth-runner; do
		# Another one of us may have made it meanwhile.
		is_there "$prefix/bin/$word" || root ln -s ../sbin/slothd-agent "$prefix/bin/$word" 2>/dev/null ||
			is_there "$prefix/bin/$word" || die 3 "$prefix/bin/$word cannot be made"
	done
	# Working directory of the unit that is written by hand for sloth-runner.
	[ -n "$for_self" ] || make_dir /var/lib/sloth-runner
}

key() {
	[ -z "$2" ] || printf '%s = %s\n' "$1" "$2"
}

newline='
' carriage_return=$(printf '\r') byte_order_mark=$(printf '\357\273\277')

# shellcheck disable=SC2295  # one character
trim() {
	set -- "${1#"${1%%[!	 $carriage_return]*}"}"
	trimmed=${1%"${1##*[!	 $carriage_return]}"}
}

# next_entry: of a configuration on standard input the next line, with those it goes on in behind a backslash. Sets
# $entry, as it stands there, and $key and $value, as the agent reads them.
next_entry() {
	entry='' text='' goes_on=''
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line#"$byte_order_mark"}
		entry=$entry$line$newline
		case ${line#"${line%%[!	 ]*}"} in
		'#'* | ';'*)
			[ -n "$goes_on" ] || break
			continue
			;;
		esac
		while [ "${line%"$carriage_return"}" != "$line" ]; do line=${line%"$carriage_return"}; done
		goes_on=
		case $line in
		*\\)
			text="$text${line%\\} " goes_on=yes
			continue
			;;
		esac
		text=$text$line
		break
	done
	trim "${text%%=*}" && key=$trimmed
	trim "${text#*=}" && value=$trimmed
	[ -n "$entry" ]
}

# kept KEYS: the configuration there is, without these keys.
kept() {
	root test -e "$conf" || return 0
	root cat "$conf" >"$tmp/agent.conf.now"
	while next_entry; do
		case " $1 " in
		*" ${key:-=} "*) continue ;;
		esac
		[ "$entry" = "$conf_head$newline" ] || printf '%s' "$entry"
	done <"$tmp/agent.conf.now"
}
conf_head='# slothd-agent(8) explains the keys. bootstrap.sh sets the first ones, and leaves the others alone.'
conf_keys='name master port bind-address report-address incus ca-fingerprint insecure token token-file'

# A token is of use until there is a certificate.
write_config() {
	[ -z "$token" ] || ! root test -e "$state/agent.crt" || { token='' && say 'this agent has a certificate: the token is not used'; }
	# What the state directory of another user says does not count for root.
	[ -z "$user" ] || : "${ca_fingerprint:=$pin}"
	{
		printf '%s\n' "$conf_head"
		key name "$name"
		key master "$master"
		key port "$port"
		key bind-address "$bind_address"
		key report-address "$report_address"
		key ca-fingerprint "$ca_fingerprint"
		key insecure "$insecure"
		key token "$token"
		kept "$conf_keys"
	} >"$tmp/agent.conf"
	! root test -e "$conf" || root cp -p "$conf" "$tmp/old.agent.conf"
	put "$tmp/agent.conf" "$conf" $conf_mode "$conf_owner"
}

forget_token() {
	[ -n "$token" ] || return 0
	# The agent that runs has read it.
	{ printf '%s\n' "$conf_head" && kept token; } >"$tmp/agent.conf"
	put "$tmp/agent.conf" "$conf" $conf_mode "$conf_owner"
	root rm -f "$due"
}

write_unit() {
	unit_text | while IFS= read -r line; do
		while :; do
			case $line in
			*@sbindir@*) line=${line%%@sbindir@*}$prefix/sbin${line#*@sbindir@} ;;
			*@bindir@*) line=${line%%@bindir@*}$prefix/bin${line#*@bindir@} ;;
			*) break ;;
			esac
		done
		printf '%s\n' "$line"
	done >"$tmp/slothd-agent.service"
	printf '%s%s\n' "$unit_mark" "$(hash_of "$tmp/slothd-agent.service")" >>"$tmp/slothd-agent.service"
	put "$tmp/slothd-agent.service" $unit 644
}

# The last line of a unit that bootstrap.sh has written: whether somebody has edited it since.
unit_mark='# bootstrap.sh --update renews this file, unless it was edited: SHA-256 '

is_unit_as_written() {
	sum=
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		"$unit_mark"*) sum=${line#"$unit_mark"} ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <$unit >"$tmp/unit.now"
	[ "$sum" = "$(hash_of "$tmp/unit.now")" ]
}

refresh_unit() {
	if is_unit_as_written; then
		write_unit
	else
		note "$unit was edited: it stays as it is; bootstrap.sh --master $master writes a new one"
	fi
}

write_drop_in() {
	if [ -n "$user" ]; then
		printf '[Service]\nUser=%s\nExecStart=\nExecStart=%s --config %s --state-dir %s\n' "$user" "$agent" "$conf" "$state" \
			>"$tmp/bootstrap.conf"
		put "$tmp/bootstrap.conf" $unit.d/bootstrap.conf 644
	elif [ -e $unit.d/bootstrap.conf ]; then
		mark_change
		root rm -f $unit.d/bootstrap.conf
	fi
}

place() {
	is_changed='' replaced=''
	[ -z "$is_locked" ] || remove_unfinished
	[ -d "$prefix/libexec" ] || { make_dir "${libexec_mark%/*}" && root touch "$libexec_mark"; }
	put "$tmp/sloth-supervise" "$supervise" 755
	put "$tmp/slothd-agent" "$agent" 755
	link_names
	if [ $action = install ]; then
		write_config
		[ -z "$is_unit" ] || { write_unit && write_drop_in; }
	elif [ -n "$is_unit" ] && [ -e $unit ]; then
		refresh_unit
	fi
}

# ---- the service ----

tick() { sleep 0.25 2>/dev/null || sleep 1; }

# The pid of an agent in the background, or nothing.
agent_pid() {
	pid=
	root test -e "$state/agent.pid" || return 0
	pid=$(root cat "$state/agent.pid")
	# Another process may have its number. Where its program lies it does not show to everybody.
	[ "$(cat "/proc/${pid:-none}/comm" 2>/dev/null)" = slothd-agent ] || pid=
}

is_active() {
	if [ -n "$is_unit" ]; then
		systemctl is-active --quiet slothd-agent.service
	else
		agent_pid && [ -n "$pid" ]
	fi
}

stop_in_background() {
	agent_pid
	[ -n "$pid" ] || return 0
	root kill -TERM "$pid"
	n=0
	while agent_pid && [ -n "$pid" ]; do
		n=$((n + 1))
		[ $n -le 160 ] || die 6 "the agent, process $pid, does not end"
		tick
	done
}

last_words() {
	journalctl -q -u slothd-agent.service -n 4 -o cat --no-pager 2>/dev/null | while IFS= read -r line; do
		printf '  | %s\n' "$line" >&2
	done
}

# The unit has 60 seconds to become ready, or 45 more once its first start has failed: systemd starts it again.
start_unit() {
	root systemctl daemon-reload && root systemctl -q enable slothd-agent.service || return 1
	root timeout 60 systemctl restart slothd-agent.service 2>/dev/null
	case $? in
	0) return 0 ;;
	124) n=180 ;;
	*) n=0 ;;
	esac
	until is_active; do
		n=$((n + 1))
		if [ $n -gt 180 ] || [ "$(systemctl is-active slothd-agent.service)" = failed ]; then break; fi
		tick
	done
	is_active && return
	last_words
	return 1
}

start_in_background() {
	stop_in_background
	root "$agent" --config "$conf" --daemon </dev/null >/dev/null 2>"$tmp/start" && return
	while IFS= read -r line; do
		printf '  | %s\n' "$line" >&2
	done <"$tmp/start"
	return 1
}

start() {
	root rm -f "$runtime/status" "$state/run/status"
	if [ -n "$is_unit" ]; then
		start_unit || return 1
	else
		start_in_background || return 1
	fi
	root rm -f "$due"
}

# Whether the process of the agent is of another file than the one that is installed. What cannot be seen is not.
runs_another() {
	if [ -n "$is_unit" ]; then
		pid=$(systemctl show -p MainPID slothd-agent.service) && pid=${pid#MainPID=}
	else
		agent_pid
	fi
	root test -e "/proc/${pid:-0}/exe" && ! root test "/proc/$pid/exe" -ef "$agent"
}

put_back() {
	for file in $replaced; do
		root mv -f "$file.old" "$file"
	done
	for file in "$conf" "$unit" "$unit.d/bootstrap.conf"; do
		[ ! -e "$tmp/old.${file##*/}" ] || root cp -p "$tmp/old.${file##*/}" "$file"
	done
	start || die 6 "the agent that was there before does not start either" "$try_start"
}

run_it() {
	if [ -z "$is_changed" ] && ! is_there "$due" && is_active && ! runs_another; then
		say "nothing has changed: agent $version runs as it did"
		return
	fi
	start && return
	[ -z "$is_first" ] || die 6 "the agent $version is installed, but does not start" "$try_start"
	put_back
	die 6 "the agent $version does not become ready: the one before runs again" "$try_start"
}

# ---- how it stands with the master ----

# Sets $standing and $words from what the agent writes.
read_standing() {
	standing='' words=''
	for file in "$runtime/status" "$state/run/status"; do
		if root test -e "$file"; then
			words=$(root cat "$file")
			standing=${words%% *} words=${words#* }
		fi
	done
}

await_master() {
	n=0
	while [ $n -lt 120 ]; do
		read_standing
		case $standing in
		registered | waiting | denied) return ;;
		esac
		n=$((n + 1))
		tick
	done
}

conclude() {
	who=${name:-$(uname -n)}
	# What the agent shows of its key, for who accepts it.
	mark='  (this key ' shown=''
	case $words in
	*"$mark"*) shown=$mark${words##*"$mark"} ;;
	esac
	case $standing in
	registered)
		forget_token
		say "agent $who $version is ready: $words"
		[ -n "$is_unit" ] || say "at boot nothing starts it by itself; this does: $agent --config $conf --daemon"
		;;
	waiting) die 7 "installed, waiting for acceptance: sloth agent accept $who$shown" \
		'on the master: sloth agent pending, which has to show the same key, then that' ;;
	denied) denied ;;
	*) die 6 "agent $who is installed and runs, but is not registered: ${words:-it says nothing}" \
		'it goes on trying; slothd-agent --doctor says what is wrong' ;;
	esac
}

denied() {
	words=${words%"$shown"}
	words=${words%; asking again}$shown
	if [ -n "$token" ] && [ -n "$is_first" ]; then
		moved=$obstacles
		return_ancestor
		remove_all
		remove_rest
		die 5 "$words; all is as it was before" 'a new line of: sloth token create --print-install'
	fi
	[ -z "$token" ] || die 5 "$words" 'a new token: sloth token create'
	die 7 "installed, waiting for acceptance: $words"
}

# What remove_all leaves is of this run, or was there before.
remove_rest() {
	[ -n "$had_state" ] || remove_state
	if [ -e "$tmp/old.agent.conf" ]; then
		root cp -p "$tmp/old.agent.conf" "$conf"
	else
		root rm -f "$conf"
	fi
	root rmdir "${conf%/*}" "$logs" 2>/dev/null
}

# ---- removing ----

# Runs outlive the agent that is stopped: here they end with it.
stop_unit() {
	root mkdir -p /run/systemd/system/slothd-agent.service.d
	printf '[Service]\nKillMode=control-group\nTimeoutStopSec=20s\n' >"$tmp/stop.conf"
	root cp "$tmp/stop.conf" /run/systemd/system/slothd-agent.service.d/zz-uninstall.conf
	root chmod 644 /run/systemd/system/slothd-agent.service.d/zz-uninstall.conf
	root systemctl daemon-reload
	root systemctl -q disable slothd-agent.service 2>/dev/null
	root systemctl stop slothd-agent.service 2>/dev/null
	# What an agent has left that was stopped before.
	root systemctl kill --signal=KILL slothd-agent.service 2>/dev/null
}

remove_unit() {
	root rm -rf /run/systemd/system/slothd-agent.service.d $unit.d/bootstrap.conf $unit
	root rmdir $unit.d 2>/dev/null
	root systemctl daemon-reload
	root systemctl reset-failed slothd-agent.service 2>/dev/null
}

# An agent that is told to takes over the runs of the one before, and ends them with itself.
stop_background() {
	stop_in_background
	[ -x "$agent" ] && root test -e "$conf" && is_trusted "$conf" && is_prefix_roots || return 0
	root "$agent" --config "$conf" --kill-runs --daemon </dev/null >/dev/null 2>&1 && stop_in_background
}

# The agent goes last: as long as it is there, a run that was interrupted is ended by the next one.
remove_program() {
	root rm -f "$agent.old" "$supervise" "$supervise.old"
	for word in sloth-runner sloth; do
		[ "$(readlink "$prefix/bin/$word" 2>/dev/null)" != ../sbin/slothd-agent ] || root rm -f "$prefix/bin/$word"
		[ ! -e "$prefix/bin/$word.replaced" ] || say "$prefix/bin/$word.replaced is what was there before: it stays"
	done
	root rm -f "$due"
	if is_there "$libexec_mark"; then
		root rm -f "$libexec_mark"
		root rmdir "$prefix/libexec/sloth" "$prefix/libexec" 2>/dev/null
	else
		root rmdir "$prefix/libexec/sloth" 2>/dev/null
	fi
	[ -n "$for_self" ] || root rmdir /var/lib/sloth-runner 2>/dev/null
	root rm -rf "$runtime"
	root rm -f "$agent"
	[ "$prefix" = /usr/local ] || root rmdir "$prefix/sbin" "$prefix/bin" "$prefix" 2>/dev/null
}

remove_state() {
	root rm -rf "$state" "$logs/slothd-agent.log" "$logs/slothd-agent.log.1" "$logs/slothd-agent.log.2"
}

remove_all() {
	has_unit=
	[ -z "$is_unit" ] || [ ! -e $unit ] || has_unit=yes
	if [ -n "$has_unit" ]; then
		stop_unit
	else
		stop_background
	fi
	remove_unfinished
	if [ -n "$purge" ]; then
		root rm -f "$conf"
		remove_state
		root rmdir "${conf%/*}" "$logs" 2>/dev/null
	fi
	remove_program
	[ -z "$has_unit" ] || remove_unit
}

uninstall() {
	[ -n "$for_self" ] || check_package 'apt-get remove sloth-agent, or purge; what stays is removed by --uninstall then'
	if [ -n "$is_first" ] && ! is_there "$due" && { [ -z "$purge" ] || ! root test -e "$state"; } && [ ! -e $unit ]; then
		say 'there is no agent here'
		return
	fi
	remove_all
	say "the agent is removed${purge:+, with its configuration, certificate and logs}"
}

# ---- all of it ----

plan() {
	say "dry run: nothing is done"
	if [ $action = uninstall ]; then
		say "stop the agent and its runs; remove $agent, $supervise, the links in $prefix/bin${is_unit:+, $unit}"
		[ -z "$purge" ] || say "remove $conf, $state and the logs"
		return
	fi
	if [ -n "$binary" ]; then
		say "install $binary as $agent, and the sloth-supervise beside it as $supervise"
	else
		say "fetch slothd-agent and sloth-supervise for $arch from $host:$master_port with $fetcher; check them; install $agent and $supervise"
	fi
	[ -z "$obstacles" ] || say "rename:$obstacles"
	[ $action = update ] || say "write $conf${is_unit:+ and $unit}"
	[ -n "$no_start" ] || say "start it${is_unit:+ as slothd-agent.service}, and wait until it is registered"
}

# What the agent that is there was told.
read_config() {
	root test -e "$conf" || die 3 "$conf is missing: it is not known which master to ask" 'bootstrap.sh --master HOST:PORT'
	if [ -z "$binary" ] && ! is_trusted "$conf"; then
		[ -z "$master" ] || [ -z "$ca_fingerprint" ] || return 0
		die 3 "$conf is not root's alone: it does not say from whom root takes programs" \
			'--master HOST:PORT --ca-fingerprint HEX, or install again, with --user, which makes the file root'"'s"
	fi
	root cat "$conf" >"$tmp/agent.conf.now"
	while next_entry; do
		case $key in
		name) name=$value ;;
		master) [ -n "$master" ] || master=$value ;;
		ca-fingerprint) [ -n "$ca_fingerprint" ] || ca_fingerprint=$value ;;
		esac
	done <"$tmp/agent.conf.now"
	rm -f "$tmp/agent.conf.now"
	is_address "$master" || die 3 "$conf names no master"
	[ -z "$ca_fingerprint" ] || is_hex64 "$ca_fingerprint" || die 3 "$conf: ca-fingerprint $ca_fingerprint is not 64 hex digits"
}

install_it() {
	check_machine
	case $action in
	install) check_state ;;
	*) read_config ;;
	esac
	split_master
	check_ancestor
	if [ -n "$dry_run" ]; then
		plan
		return
	fi
	! root test -e "$state" || had_state=yes
	find_pin
	fetch
	move_ancestor
	place
	if [ -n "$no_start" ]; then
		[ -z "$is_unit" ] || { root systemctl daemon-reload && root systemctl -q enable slothd-agent.service; }
		moved=
		say "agent $version is installed, and not started"
		return
	fi
	run_it
	moved=
	await_master
	conclude
}

leave() {
	[ -z "$new" ] || root rm -f "$new"
	[ -z "$moved" ] || return_ancestor
	[ -z "$tmp" ] || rm -rf "$tmp"
	[ -z "$is_locked" ] || root rm -f "$lock"
}

main() {
	parse "$@"
	check_values
	choose_rights
	choose_places
	tmp=
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	tmp=$(mktemp -d) || die 3 'there is no place for temporary files' 'TMPDIR=DIR'
	[ -n "$dry_run" ] || take_lock
	if [ $action != uninstall ]; then
		install_it
	elif [ -n "$dry_run" ]; then
		plan
	else
		uninstall
	fi
}

main "$@" </dev/null
exit
}
