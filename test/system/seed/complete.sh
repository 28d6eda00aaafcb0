#!/usr/bin/env bash
# suites: bookworm
# modes: root
#
# No block is left out: what the scripts here say they run, and would fail if they did not, are all files of blocks/, which
# are numbered without a gap, and as many as stands here once more. What README.md lists as different occurs in them.
set -eu
cd "$(dirname "$0")"

fail() { echo "FAILED: $*"; exit 1; }

run=$(sed -n 's/^# blocks: //p' ./*.sh | tr ' ' '\n' | sort -u)
there=$(find blocks -mindepth 1 -printf '%f\n' | sort)
[ "$run" = "$there" ] || fail "the blocks that are run (<) are not those that there are (>): $(diff <(echo "$run") <(echo "$there"))"
[ "$(cut -d - -f 1 <<<"$there")" = "$(seq -w 17)" ] || fail "the numbers have a gap: $there"

for script in *.sh; do
	case $script in complete.sh) continue ;; esac
	grep -qxF '. "$(dirname "$0")/../lib/seed.sh"' "$script" || fail "$script does not use seed.sh, which sees to it that its blocks are run"
done

rows=$(sed -n '/^## What differs/,/^## /s/^| `\([^`]*\)` | .*/\1/p' ../../../README.md)
[ -n "$rows" ] || fail 'README.md lists nothing as different'
while IFS= read -r row; do
	grep -qF -e "$row" blocks/* || fail "README.md lists as different what nobody types: $row"
done <<<"$rows"
