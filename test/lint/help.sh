#!/usr/bin/env bash
#
# help.sh BUILD - every option that a --help shows stands in the manual page, in the same form, and every
# option of the page is shown by a --help. For sloth(1) commands are compared one by one as well.
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

for daemon in slothd-master slothd-agent; do
	"$build/sbin/$daemon" --help >"$work/help.txt" || status=1
	of_help <"$work/help.txt" >"$work/help"
	of_page <"man/$daemon.8" >"$work/page"
	[ -s "$work/help" ] || { echo "$daemon: no options in its help"; status=1; }
	same "$daemon" "$work/help" "$work/page"
done

sh bootstrap.sh --help >"$work/help.txt" || status=1
of_help <"$work/help.txt" >"$work/help"
of_page <man/bootstrap.8 >"$work/page"
[ -s "$work/help" ] || { echo "bootstrap.sh: no options in its help"; status=1; }
same bootstrap.sh "$work/help" "$work/page"

# The commands of sloth, and those below them.
commands() {
	"$build/bin/sloth" "$@" --help | sed -nE '/^Commands:?$/,/^$/ s/^  ([a-z]+) .*/\1/p'
}

: >"$work/all"
check_command() {
	"$build/bin/sloth" "$@" --help >"$work/help.txt" || { echo "sloth $*: --help failed"; status=1; }
	of_help <"$work/help.txt" >>"$work/all"
	grep -qi '^usage' "$work/help.txt" || { echo "sloth $*: its help shows no usage"; status=1; }
	# The line of the page's synopsis or list that names the command.
	[ $# -eq 0 ] || tr -s '\n' ' ' <man/sloth.1 | sed -E 's/\.(It )?(Cm|Nm|Ic) //g' | grep -q "$1" ||
		{ echo "sloth $*: not in sloth(1)"; status=1; }
}

check_command
for command in $(commands); do
	[ "$command" = master ] || check_command "$command"
	case $command in
	agent | master | run | token | operator | context)
		for sub in $(commands "$command"); do
			[ "$command $sub" = 'agent start' ] || check_command "$command" "$sub"
		done
		;;
	esac
done
sort -u "$work/all" >"$work/help"
of_page <man/sloth.1 >"$work/page"
[ -s "$work/help" ] || { echo "sloth: no options in its help"; status=1; }
same sloth "$work/help" "$work/page"
exit $status
