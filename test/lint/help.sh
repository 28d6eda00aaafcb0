#!/usr/bin/env bash
#
# help.sh BUILD - every option that a --help shows stands in the manual page, in the same form, and every
# option of the page is shown by a --help; manuals.py does it for sloth and its commands. What the shells complete
# and what configuration files take is the same again; sloth.conf(5) says which have no key.
set -u
build=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

# Options in help: "  -p, --port PORT   text" -> "-p --port"
of_help() {
	sed -nE 's/^ +(-[[:alnum:]], )?(--[a-z][a-z-]*).*/\1\2/p' | tr -d , | sort -u
}

# Options in mdoc: ".It Fl p , Fl -port Ar PORT" -> "-p --port"
of_page() {
	sed -nE 's/^\.It Fl ([[:alnum:]]) , Fl -([a-z][a-z-]*)( .*)?$/-\1 --\2/p; s/^\.It Fl -([a-z][a-z-]*)( .*)?$/--\1/p' | sort -u
}

same() {
	if ! diff "$2" "$3" >"$work/diff"; then
		echo "$1: help (<) and manual page (>) do not show the same options:"
		cat "$work/diff"
		status=1
	fi
}

# narrow WHAT: $work/help.txt, whole, fits a terminal of 80 columns.
narrow() {
	awk -v what="$1" 'length > 80 { print what ": a line of its help is longer than 80 columns: " $0; found = 1 }
		END { exit found }' "$work/help.txt" || status=1
}

# Names of options in help: "state-dir".
names_of_help() {
	of_help | sed 's/.*--//' | sort -u
}

# line_only NAME: the options of a program or command that have no key, by sloth.conf(5).
line_only() {
	awk -v name="$1" '
		/^\.Ss / { here = /^\.Ss Options without a key/ }
		/^\.It Ic / { item = substr($0, 8) }
		here && item == name && /^\.Fl / { gsub(/\.?Fl -|,/, ""); for (i = 1; i <= NF; i++) print $i }
	' man/sloth.conf.5
}

# keys_of FILE: the keys in the section of sloth.conf(5) about that file.
keys_of() {
	awk -v file="$1" '/^\.Ss / { here = $2 ~ (file "$") } here && /^\.It Cm / { print $3 }' man/sloth.conf.5 | sort
}

# completed WORDS...: the options among the candidates for a word behind these.
completed() {
	"$@" -- | sed -nE 's/^--([a-z-]+).*/\1/p' | sort -u
}

# both WHAT A B: lists that have to be the same.
both() {
	if ! diff "$2" "$3" >"$work/diff"; then
		echo "$1:"
		cat "$work/diff"
		status=1
	fi
}

# Empty values of variables say nothing, and of keys neither: only names count.
export XDG_CONFIG_HOME=$work
: >"$work/none.conf"
unset "${!SLOTH_@}"

for daemon in slothd-master slothd-agent; do
	"$build/sbin/$daemon" --help >"$work/help.txt" || status=1
	narrow "$daemon"
	of_help <"$work/help.txt" >"$work/help"
	of_page <"man/$daemon.8" >"$work/page"
	[ -s "$work/help" ] || { echo "$daemon: no options in its help"; status=1; }
	same "$daemon" "$work/help" "$work/page"

	names_of_help <"$work/help.txt" >"$work/names"
	completed "$build/sbin/$daemon" __complete >"$work/completed"
	both "$daemon: help (<) and completion (>) differ" "$work/names" "$work/completed"
	"$build/sbin/$daemon" --config "$work/none.conf" --show-config | sed -E 's/^#?([a-z-]+) =.*/\1/' | sort >"$work/shown"
	keys_of "/etc/sloth/${daemon#slothd-}.conf" >"$work/keys"
	both "$daemon: --show-config (<) and sloth.conf(5) (>) have different keys" "$work/shown" "$work/keys"
	line_only "$daemon" | sort - "$work/keys" >"$work/named"
	both "$daemon: help (<) and sloth.conf(5) (>) differ" "$work/names" "$work/named"
done

sh bootstrap.sh --help >"$work/help.txt" || status=1
narrow bootstrap.sh
of_help <"$work/help.txt" >"$work/help"
of_page <man/bootstrap.8 >"$work/page"
[ -s "$work/help" ] || { echo "bootstrap.sh: no options in its help"; status=1; }
same bootstrap.sh "$work/help" "$work/page"

# The commands of sloth, and those below them.
commands() {
	"$build/bin/sloth" "$@" --help | sed -nE '/^Commands:?$/,/^$/ s/^  ([a-z]+) .*/\1/p'
}

check_command() {
	"$build/bin/sloth" "$@" --help >"$work/help.txt" || { echo "sloth $*: --help failed"; status=1; }
	narrow "sloth $*"
	names_of_help <"$work/help.txt" >"$work/names"
	[ -s "$work/names" ] || { echo "sloth $*: no options in its help"; status=1; }
	grep -q '^Commands:' "$work/help.txt" || check_keys "$@"
}

# takes_key KEY WORDS...: that command has it.
takes_key() {
	printf '[%s]\n%s =\n' "${*:2}" "$1" >"$work/sloth/config"
	"$build/bin/sloth" config show client >/dev/null 2>&1
}

# check_keys WORDS...: every option of the command is a key of its section, but for those that the manual says are none.
check_keys() {
	local key

	while read -r key; do
		if { line_only "$*"; line_only sloth; } | grep -qx "$key"; then
			! takes_key "$key" "$@" || { echo "sloth $*: $key is a key, sloth.conf(5) says it is none"; status=1; }
		else
			takes_key "$key" "$@" || { echo "sloth $*: $key is no key, sloth.conf(5) does not say so"; status=1; }
		fi
	done <"$work/names"
	: >"$work/sloth/config"
}
mkdir -p "$work/sloth"

check_command
for command in $(commands); do
	[ "$command" = master ] || check_command "$command"
	case $command in
	agent | master | run | token | operator | context | config)
		for sub in $(commands "$command"); do
			[ "$command $sub" = 'agent start' ] || check_command "$command" "$sub"
		done
		;;
	esac
done
# Without a master and settings: what is completed are words of the program.
SLOTH_SOCKET=$work/none /usr/bin/python3 test/lint/manuals.py "$build" || status=1
"$build/bin/sloth" config show | sed -E 's/^#?([a-z-]+) =.*/\1/' | sort >"$work/shown"
keys_of /sloth/config >"$work/keys"
[ -s "$work/keys" ] || { echo "sloth.conf(5): no keys"; status=1; }
both "sloth: config show (<) and sloth.conf(5) (>) have different keys" "$work/shown" "$work/keys"
exit $status
