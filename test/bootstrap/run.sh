#!/bin/sh
# run.sh FILE - runs one file of tests, where a machine of lib.bash can be made.
rights=
[ "$(id -u)" -eq 0 ] || rights='--user --map-root-user'
# shellcheck disable=SC2086  # words
why=$(unshare $rights --mount --propagation private true 2>&1) || {
	echo "SKIP: no mount namespace can be made here: $why"
	exit 77
}
exec bats --tap "$1"
