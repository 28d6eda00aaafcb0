#!/bin/sh
#
# install.sh install|uninstall WHAT... - for the Makefile, which has the list. Each WHAT is MODE:SOURCE:TARGET (a file),
# TARGET=NAME (a link) or TARGET (a folder), below $DESTDIR.
#
# The folders that were missing are noted in $DATADIR/made, so that uninstall removes these and no other, if they are
# empty. As root and without DESTDIR the users and folders of the units are made, systemd reads the units, and what to
# type next is printed.
set -eu

do=${1:?usage: install.sh install|uninstall WHAT...}
shift
made=$DESTDIR$DATADIR/made
is_live() { [ -z "$DESTDIR" ] && [ "$(id -u)" -eq 0 ]; }
has_systemd() { is_live && [ -d /run/systemd/system ]; }
target() { case $1 in *:*:*) echo "${1##*:}" ;; *) echo "${1%%=*}" ;; esac; }

# Makes the folder $1 (without DESTDIR) and those above it; the missing ones are noted, the inner ones first.
make_dir() {
	[ ! -d "$DESTDIR$1" ] || return 0
	make_dir "$(dirname "$1")"
	mkdir -m 755 "$DESTDIR$1"
	noted="$1
$noted"
}

put_file() {
	mode=${1%%:*} rest=${1#*:}
	source=${rest%%:*} file=${rest#*:}
	make_dir "$(dirname "$file")"
	# Beside its place and renamed: a program that runs is not written to.
	case $source in
	systemd/*) sed "s#@sbindir@#$SBINDIR#g; s#@datadir@#$DATADIR#g" "$source" >"$DESTDIR$file.new" ;;
	*) cp "$source" "$DESTDIR$file.new" ;;
	esac
	chmod "$mode" "$DESTDIR$file.new"
	mv -f "$DESTDIR$file.new" "$DESTDIR$file"
}

put() {
	case $1 in
	*:*:*) put_file "$1" ;;
	*=*) make_dir "$(dirname "${1%%=*}")" && ln -sfn "${1##*=}" "$DESTDIR${1%%=*}" ;;
	*) make_dir "$1" ;;
	esac
}

install_all() {
	noted=
	for what in "$@"; do
		put "$what"
	done
	make_dir "$DATADIR"
	before=$(cat "$made" 2>/dev/null || true)
	printf '%s%s\n' "$noted" "$before" | sed '/^$/d' >"$made.new"
	mv -f "$made.new" "$made"
	is_live || return 0
	if command -v systemd-sysusers >/dev/null; then systemd-sysusers; fi
	if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create || :; fi
	if has_systemd; then systemctl daemon-reload; fi
	say_next
}

say_next() {
	if has_systemd; then
		echo 'Installed. Next, on the machine of the master:  systemctl enable --now slothd-master'
		echo 'on a machine that is to run commands: put "master = HOST:50053" into /etc/sloth/agent.conf, then'
		echo '                                                systemctl enable --now slothd-agent'
	else
		echo 'Installed. Next: sloth master --daemon'
	fi
}

# Units that run are stopped first: their programs go.
stop_units() {
	for unit in slothd-agent slothd-master; do
		systemctl disable --now "$unit.service" 2>/dev/null || :
	done
}

uninstall_all() {
	folders=$(cat "$made" 2>/dev/null || true)
	if has_systemd; then stop_units; fi
	for what in "$@"; do
		case $what in *:* | *=*) rm -f "$DESTDIR$(target "$what")" ;; esac
	done
	rm -f "$made"
	for folder in $folders; do
		rmdir "$DESTDIR$folder" 2>/dev/null || :
	done
	if has_systemd; then systemctl daemon-reload; fi
}

umask 022
[ -z "$DESTDIR" ] || mkdir -p "$DESTDIR"
"${do}_all" "$@"
