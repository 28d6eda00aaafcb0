# shellcheck shell=bash disable=SC2154,SC2034  # variables of lib.sh, and for it
# small.sh - agents whose directories are small file systems: source it after lib.sh and before anything is started. The
# script begins anew in a mount namespace of its own.

if [ "${IN_NAMESPACE:-}" != yes ]; then
	unshare --map-root-user --mount true 2>/dev/null || skip "no user and mount namespaces here"
	trap - EXIT
	cd / && rm -rf "$T"
	IN_NAMESPACE=yes exec unshare --map-root-user --mount bash "$here/${0##*/}"
fi

# small_tree SIZE [DIR]: the state directory of web1, or a directory in it, is a file system of that size.
small_tree() {
	local dir=$T/agent-web1${2:+/$2}

	mkdir -p "$dir"
	chmod 700 "$T/agent-web1"
	mount -t tmpfs -o "size=$1,mode=700" none "$dir" || skip "no tmpfs in a mount namespace here"
	mounted+=("$dir")
}

bytes_free() { df --output=avail -B1 "$1" | tail -n 1; }
bytes_below() { du -sB1 -c "$@" | tail -n 1 | cut -f 1; }
# What is left of a file system but for so many bytes is taken.
fill_but() { head -c $(($(bytes_free "$1") - $2)) /dev/zero >"$1/filler" 2>/dev/null; }
