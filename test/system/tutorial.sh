#!/usr/bin/env bash
# timeout: 300
#
# What sloth-tutorial(7) says is typed on machines of these names and addresses, as it stands there, in that order. A block
# is run when the comment before it names a machine; what is printed to be pasted is pasted. Incus is not there.
. "$(dirname "$0")/lib.sh"

# blocks: the literal displays that are marked, in $T/block.N; $T/marks has their marks, one on each line.
blocks() {
	awk -v dir="$T" '
		/^\.\\" on / { mark = substr($0, 8); next }
		/^\.Bd -literal/ { if (mark != "") { n++; print mark; is_in = 1 } next }
		/^\.Ed/ { is_in = 0; mark = "" }
		is_in { gsub(/\\e/, "\\"); sub(/^\\&/, ""); print >(dir "/block." n) }
	' "$root/man/sloth-tutorial.7" >"$T/marks"
}

# place NAME ADDRESS LAST: a machine with two addresses, that of the tutorial and one by which the test sees it.
place() {
	make_machine "$1" "10.77.0.$3/24"
	echo "Address=$2/24" >>"$T/$1/etc/systemd/network/10-host0.network"
	echo '192.168.1.29 master.example.net' >>"$T/$1/etc/hosts"
	start_machine "$1"
}
place master 192.168.1.29 2
place web1 192.168.1.41 3
place laptop 192.168.1.50 4
install_on master
install_on laptop

# from FILE COMMAND...: with that as its standard input, which run() takes away.
from() { "${@:2}" <"$1"; }
type_in() {
	run from "$T/input" on "$1" bash -e -c "$(cat "$2")"
	[ "$status" -eq 0 ] || fail "$(cat "$2"): exit status $status on $1"
}

blocks
: >"$T/input"
n=0
mapfile -t marks <"$T/marks"
for mark in "${marks[@]}"; do
	read -r machine what <<<"$mark"
	type_in "$machine" "$T/block.$((n += 1))"
	case $what in
	'prints the line for web1')
		cp "$T/stdout" "$T/line"
		if on web1 test -e /usr/local/sbin/slothd-agent; then	# as if it was installed anew
			run from "$SLOTH_BUILD/share/sloth/dist/bootstrap.sh" on web1 sh -s -- --uninstall --purge
			assert_status 0
		fi
		run on web1 bash -c "$(cat "$T/line")"
		assert_status 0
		;;
	'prints a token') cp "$T/stdout" "$T/input" ;;
	'with the token')
		assert_stdout_has operator:alice
		: >"$T/input"
		;;
	'') ;;
	*) fail "what is \"$what\"?" ;;
	esac
done
[ "$n" -ge 20 ] || fail "only $n blocks were found"
run on web1 find /usr/local /etc /var/lib /root -name '*sloth*'
assert_stdout_is ''
