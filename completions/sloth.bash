# bash completion for sloth, sloth-runner, slothd-agent and slothd-master: the program itself is asked, by
# "__complete WORDS...", and answers with one candidate on each line, a tab and what it is behind it.

# Readline cuts words at "=" and ":"; the program gets them whole. The last one ends at the cursor.
_sloth_words() {
	local line=${COMP_LINE:0:COMP_POINT} at=0 i word rest

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		rest=${line:at}
		word=${rest#"${rest%%[![:space:]]*}"}
		at=$((at + ${#rest} - ${#word}))
		[ "$i" -eq "$COMP_CWORD" ] || word=${COMP_WORDS[i]}
		at=$((at + ${#word}))
		if [ "$i" -gt 0 ] && [[ $rest != [[:space:]]* ]] && [ -n "$rest" ]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
	done
}

_sloth() {
	local words breaks=${COMP_WORDBREAKS//[^=:]/} current kept='' candidate name

	_sloth_words
	current=${words[${#words[@]} - 1]}
	# What readline keeps of the word, and does not want again.
	[ -z "$breaks" ] || kept=${current%"${current##*["$breaks"]}"}
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		case $candidate in
		:files | :dirs)
			compopt -o filenames 2>/dev/null
			while read -r name; do
				COMPREPLY+=("$name")
			done < <(compgen -A "$([ "$candidate" = :dirs ] && echo directory || echo file)" -- "${current#"$kept"}")
			;;
		"$current"*) COMPREPLY+=("${candidate#"$kept"}") ;;
		esac
	done < <("${1/#~\//"$HOME/"}" __complete "${words[@]:1}" 2>/dev/null)
}

# Runs come newest first.
complete -o nosort -F _sloth sloth sloth-runner slothd-agent slothd-master
