#!/usr/bin/env bash
#
# tidy.sh BUILD FOLDER - clang-tidy over the C files of a folder. A file is looked at again only when it,
# something it includes, or the rules have changed: BUILD/lint/tidy keeps hashes of what was found clean.
#
# TIDY_STATES is how far one function is followed by the analyzer, whose own limit is 225000. A fifth of the files have one
# that needs more than 60000, and they take two thirds of the time: `make check` stops there, `make lint` goes on.
set -u
build=$1 folder=$2
cache=$build/lint/tidy
mkdir -p "$cache"

flags=(-std=c11 -D_GNU_SOURCE '-DSLOTH_VERSION="lint"' -I. "-I$build/gen" -Wall -Wextra -Wshadow -Wstrict-prototypes)
states=${TIDY_STATES:-225000}
flags+=(-Xclang -analyzer-config -Xclang "max-nodes=$states")
rules=$states$(sha256sum .clang-tidy test/lint/tidy.sh)
declare -A hashes=()			# of every file that has been asked for

hash_all() {
	local hash file

	while read -r hash file; do
		hashes[$file]=$hash
	done < <(sha256sum "$@")
}

# Everything that the result depends on, in $inputs: the file and what it includes of ours and of the generated, as the
# compiler has written it down. Nothing where the file was not compiled.
find_inputs() {
	local word words=() unknown=()

	inputs=
	# shellcheck disable=SC2162  # a backslash goes on in the next line
	read -d '' -a words 2>/dev/null <"$build/${1%.c}.d"
	[ ${#words[@]} -gt 0 ] || return
	for word in "${words[@]}"; do
		[[ $word == *: || -v hashes[$word] ]] || unknown+=("$word")
	done
	[ ${#unknown[@]} -eq 0 ] || hash_all "${unknown[@]}"
	inputs=$rules
	for word in "${words[@]}"; do
		[[ $word == *: ]] || inputs+=$'\n'"${hashes[$word]:-gone} $word"
	done
}

status=0 looked=0 total=0
while read -r file; do
	stamp=$cache/${file//\//_}
	find_inputs "$file"
	total=$((total + 1))
	[ -n "$inputs" ] && [ -f "$stamp" ] && [ "$(<"$stamp")" = "$inputs" ] && continue
	looked=$((looked + 1))
	if out=$(clang-tidy --quiet --warnings-as-errors='*' "$file" -- "${flags[@]}" 2>&1); then
		[ -z "$inputs" ] || echo "$inputs" >"$stamp"
	else
		printf '%s\n' "$out" | grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter'
		status=1
	fi
done < <(find "$folder" -name '*.c' | sort)
echo "NOTE: $looked of $total files"
exit $status
