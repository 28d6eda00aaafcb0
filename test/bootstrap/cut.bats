# A download that is cut anywhere runs nothing.
# shellcheck disable=SC2034,SC2154  # variables of lib.bash
load lib.bash

setup() { text=$(cat "$root/bootstrap.sh"); }

@test "the unit in the script is the one in systemd/" {
	diff <(sed -n "/<<'UNIT'\$/,/^UNIT\$/{//!p}" "$root/bootstrap.sh") "$root/systemd/slothd-agent.service"
}

# A shell runs a command when it has read the whole of it: one that has run nothing before the last byte has run
# nothing at any byte before.
runs_nothing() {
	local out

	out=$(printf '%s' "${text%\}}" | env -i PATH=/nowhere "$@" 2>&1) && { echo "$*: no error at the end"; return 1; }
	[[ $out != *'+ '* ]] || { echo "$*: $out"; return 1; }
	# Where that is seen when something runs:
	out=$(printf 'true\n%s' "${text%\}}" | env -i PATH=/nowhere "$@" 2>&1) && return 1
	[[ $out == *'+ true'* ]]
}

@test "bash, dash, busybox ash: nothing runs before the last brace" {
	runs_nothing /bin/bash -x
	runs_nothing /bin/bash --posix -x
	runs_nothing /bin/dash -x
	runs_nothing /bin/busybox ash -x
}

# What the end of a file changes, at bytes here and there, for the shells in turn.
@test "the end of the file is an error, and nothing else, wherever it comes" {
	local i out turn=0 first=${text%%$'\n{\n'*} shells=(/bin/bash /bin/dash '/bin/busybox ash')

	LC_ALL=C
	for ((i = ${#first} + 2; i < ${#text}; i += i > ${#text} - 40 ? 1 : 311)); do
		# shellcheck disable=SC2086  # words
		if out=$(env -i PATH=/nowhere ${shells[turn++ % 3]} -x -c "${text:0:i}" 2>&1) || [[ $out == *'+ '* ]]; then
			echo "cut at byte $i: $out"
			return 1
		fi
	done
}
