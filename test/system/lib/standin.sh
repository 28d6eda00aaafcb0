#!/bin/sh
#
# standin.sh - on a machine, in the place of a program that reaches beyond it (`incus`, `ssh`): hands its words and its
# input to the test, and gives back what that says. See beyond.sh.
set -eu

dir=$(mktemp -d /var/lib/beyond/XXXXXX)
mkfifo "$dir/status"
printf '%s\0' "${0##*/}" "$@" >"$dir/words"
cat >"$dir/in"
echo "${dir##*/}" >/var/lib/beyond/queue
read -r status <"$dir/status"
cat "$dir/out"
cat "$dir/err" >&2
rm -rf "$dir"
exit "$status"
