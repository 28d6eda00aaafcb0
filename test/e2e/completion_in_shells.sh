#!/usr/bin/env bash
# The scripts for bash, zsh and fish, in these shells on a terminal: names, values behind "=", files. Shells that are
# not installed are left out.
# build: plain
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
mkdir "$T/site"
cp "$root/completions/_sloth" "$T/site"
touch "$T/a-token-file"
pty() { "$python" "$here/lib/pty_run.py" --size 24x200 "$@"; }

# The line is shown as it has been completed, maybe in pieces; Ctrl-U clears it.
typing=(
	'send:sloth agent get we\t' 'expect:get we.*b1' 'send:\x15'
	'send:sloth agent list --color=al\t' 'expect:--color=al.*ways' 'send:\x15'
	'send:sloth login --token-file a-tok\t' 'expect:a-tok.*en-file' 'send:\x15'
	'send:slothd-agent --max-q\t' 'expect:--max-q.*ueued' 'send:\x15'
)

run pty 'expect:ready>' "send:. $root/completions/sloth.bash\\r" 'expect:ready>' "${typing[@]}" 'send:exit\r' -- \
	env PS1='ready>' INPUTRC=/dev/null bash --norc --noprofile -i
assert_status 0

if command -v zsh >/dev/null; then
	run pty 'expect:ready>' "send:fpath=($T/site \$fpath); autoload -Uz compinit; compinit -u -d $T/dump\\r" 'expect:ready>' \
		"${typing[@]}" 'send:exit\r' -- env PS1='ready>' zsh -f -i
	assert_status 0
else
	note "zsh is not installed"
fi

if command -v fish >/dev/null; then
	run fish --no-config -c "source $root/completions/sloth.fish; complete -C 'sloth agent get w'"
	assert_status 0
	assert_stdout_like '^web1.Active'
	run fish --no-config -c "source $root/completions/sloth.fish; complete -C 'sloth agent list --color=al'"
	assert_stdout_like '^--color=always'
	run fish --no-config -c "source $root/completions/sloth.fish; complete -C 'sloth login --token-file a-tok'"
	assert_stdout_like '^a-token-file'
else
	note "fish is not installed"
fi
