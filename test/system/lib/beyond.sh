# shellcheck shell=bash disable=SC2154  # $T, $here are of lib.sh
#
# beyond.sh - programs on a machine that reach others, and are not in its tree: `incus` on the host of a container, which
# here is a machine beside it, and `ssh`. They take what the lines of people that use them need, and nothing more.
# Sourced behind lib.sh.
#
# A program there is standin.sh. It puts what it was asked into a directory that both sides see, names that in a queue, and
# waits. One process here answers, so requests are dealt with one after the other; forwards are its children, and end with it.

declare -A beyond	# pid by name of the machine

# stand_in MACHINE PROGRAM...: before it is started. `sudo` is one that does not reach far.
stand_in() {
	local machine=$1 program

	shift
	mkdir -p "$T/$machine/var/lib/beyond" "$T/$machine/usr/local/bin"
	mkfifo "$T/$machine/var/lib/beyond/queue"
	for program; do
		install -m 755 "$here/lib/standin.sh" "$T/$machine/usr/local/bin/$program"
	done
	# shellcheck disable=SC2016  # for its shell
	printf '#!/bin/sh\nexec "$@"\n' >"$T/$machine/usr/local/bin/sudo"
	chmod 755 "$T/$machine/usr/local/bin/sudo"
	answer_queue "$machine" "$T/$machine/var/lib/beyond" </dev/null >"$T/beyond-$machine.log" 2>&1 &
	beyond[$machine]=$!
}

end_stand_ins() {
	local machine

	for machine in "${!beyond[@]}"; do
		kill "${beyond[$machine]}" 2>/dev/null && wait "${beyond[$machine]}"
	done
}

answer_queue() {
	local machine=$1 dir=$2 id words

	trap - INT HUP
	# shellcheck disable=SC2046  # pids
	trap 'kill $(jobs -p) 2>/dev/null' EXIT
	trap 'exit 0' TERM
	exec 9<>"$dir/queue"
	while read -r id <&9; do
		mapfile -d '' -t words <"$dir/$id/words"
		"as_${words[0]}" "$machine" "${words[@]:1}" <"$dir/$id/in" >"$dir/$id/out" 2>"$dir/$id/err" 9<&-
		echo $? >"$dir/$id/status"
	done
}

# ---- ssh ----

# as_ssh MACHINE [USER@]OTHER COMMAND...
as_ssh() { on "${2#*@}" sh -c "${*:3}"; }

# ---- incus ----

as_incus() {
	case "$2 ${3:-}" in
	'config device') forward_device "$1" "${@:4}" ;;
	'exec '*) enter_container "${@:3}" ;;
	'file push') push_files "$1" "${@:4}" ;;
	*) echo "incus: not known here: ${*:2}" >&2; return 1 ;;
	esac
}

# enter_container NAME [--env NAME=VALUE]... [--] COMMAND...
enter_container() {
	local name=$1 environment=()

	shift
	while [ "$1" = --env ]; do
		environment+=("$2")
		shift 2
	done
	[ "$1" != -- ] || shift
	on "$name" env "${environment[@]}" "$@"
}

# push_files HOST -p FILE... NAME/FOLDER/
push_files() {
	local host=$1 files=("${@:3:$#-3}") to=${*: -1} file

	for file in "${files[@]}"; do
		on "$host" cat "$file" | on "${to%%/*}" sh -c 'mkdir -p "$1" && cat >"$1/$2" && chmod "$3" "$1/$2"' sh \
			"/${to#*/}" "${file##*/}" "$(on "$host" stat -c %a "$file")" || return
	done
}

# forward_device HOST add NAME DEVICE proxy listen=tcp:ADDRESS:PORT connect=tcp:ADDRESS:PORT
# forward_device HOST list NAME
forward_device() {
	local host=$1 name=$3 devices=$T/devices-$3

	if [ "$2" = list ]; then
		[ ! -e "$devices" ] || cat "$devices"
		return
	fi
	if [ "$2" != add ] || [ "$5" != proxy ] || grep -qx -e "$4" "$devices" 2>/dev/null; then
		echo "incus: not known here, or there already: $*" >&2
		return 1
	fi
	start_forward "$host" "$name" "${6#listen=tcp:}" "${7#connect=tcp:}" || return
	echo "$4" >>"$devices"
	echo "Device $4 added to $name"
}

# start_forward HOST NAME ADDRESS:PORT ADDRESS:PORT: from an address of the host's to one that the container sees.
start_forward() {
	local log=$T/forward-$2-${3##*:}

	nsenter --net="/proc/$(leader "$1")/ns/net" "$SLOTH_BUILD/test/forward" "$3" "$4" \
		"/proc/$(leader "$2")/ns/net" >"$log" 2>&1 &
	until_true 10 grep -q forward "$log"
	grep -q forwarding "$log" || { cat "$log" >&2; return 1; }
}
