#!/usr/bin/env bash
#
# tidy.sh BUILD FOLDER - clang-tidy over the C files of a folder. A file is looked at again only when it,
# something it includes, or the rules have changed: BUILD/lint/tidy keeps a hash of what was found clean.
set -u
build=$1 folder=$2
cache=$build/lint/tidy
mkdir -p "$cache"

flags=(-std=c11 -D_GNU_SOURCE '-DSLOTH_VERSION="lint"' -I. "-I$build/gen" -Wall -Wextra -Wshadow -Wstrict-prototypes)
rules=$(sha256sum .clang-tidy test/lint/tidy.sh)

# Everything that the result depends on: the file and what it includes of ours and of the generated.
inputs_hash() {
	{
		echo "$rules"
		clang "${flags[@]}" -MM -MG "$1" 2>/dev/null | grep -oE '[^ ]+\.[ch]\b' | sort -u |
			xargs sha256sum 2>/dev/null
	} | sha256sum | cut -d' ' -f1
}

status=0 looked=0 total=0
while read -r file; do
	stamp=$cache/${file//\//_}
	hash=$(inputs_hash "$file")
	total=$((total + 1))
	[ "$(cat "$stamp" 2>/dev/null)" = "$hash" ] && continue
	looked=$((looked + 1))
	if out=$(clang-tidy --quiet --warnings-as-errors='*' "$file" -- "${flags[@]}" 2>&1); then
		echo "$hash" >"$stamp"
	else
		printf '%s\n' "$out" | grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter'
		status=1
	fi
done < <(find "$folder" -name '*.c' | sort)
echo "NOTE: $looked of $total files"
exit $status
