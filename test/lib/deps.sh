#!/bin/sh
# deps.sh PACKAGE... - installs the Debian packages that are missing and says so. Without root it prints
# the one line to run, and fails.
set -eu

missing=
for package in "$@"; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
update="apt-get update"
if [ "$(id -u)" -ne 0 ]; then
	echo "These packages are missing. Run this, then try again:" >&2
	echo "  sudo sh -c '$update && $line'" >&2
	exit 1
fi
echo "Installing missing packages:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # a list of words
if { $update && $line; } >"$log" 2>&1; then
	exit 0
fi
cat "$log" >&2
echo "Installing packages failed; the line was: $line" >&2
exit 1
