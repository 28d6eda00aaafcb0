#!/usr/bin/env bash
# A wrong command line is 2, 125 for agent run, says what is wrong and which help to ask for; nothing on stdout.
. "$(dirname "$0")/lib.sh"

wrong() {
	local expected=$1

	shift
	run sloth "$@"
	assert_status "$expected"
	assert_stdout_is ''
	assert_stderr_like '^sloth'
	assert_stderr_like 'help'
}
wrong 2 no-such-command
wrong 2 agent
wrong 2 agent frobnicate
wrong 2 agent list --no-such-option
wrong 2 agent list one two
wrong 2 agent get
wrong 2 agent get a b
wrong 2 status -o yaml
wrong 125 agent run
wrong 125 agent run web1
wrong 125 agent run --timeout soon web1 true
wrong 125 agent run --no-such-option web1 true
# with -o json one document on stdout says the same
run sloth agent list --no-such-option -o json
assert_status 2
assert_stderr_has "$(json "$(cat "$T/stdout")" .error)"
assert_equal "$(wc -l <"$T/stdout")" 1 "lines of stdout"

# nothing leaks when the line is wrong, nor with help
wrong 125 agent run --env A=1 --env B=2 --no-such-option web1 true
wrong 125 agent run --env A=1
run sloth agent run --env A=1 --help
assert_status 0

for words in '' 'agent' 'agent run' 'agent list' 'master' 'status'; do
	# shellcheck disable=SC2086  # a list of words
	run sloth $words --help
	assert_status 0
	assert_stdout_like '^Usage: sloth'
	assert_stdout_like 'Examples?:'
done
