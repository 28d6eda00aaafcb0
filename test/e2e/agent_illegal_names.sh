#!/usr/bin/env bash
# Names: letters, digits, '.', '_', '-', at most 64. Everything else is refused by agent, master and CLI in words.
. "$(dirname "$0")/lib.sh"
start_master
long=$(printf 'a%.0s' $(seq 65))

for name in '' 'a b' 'a/b' "$long" 'é' $'a\nb' 'a;b' '*'; do
	run slothd-agent --name "$name" --port 0 --state-dir "$T/x"
	assert_status 64
	run sloth agent run "$name" "touch $T/ran"
	assert_status 125
	run "$python" "$here/lib/foreign.py" register "$master" "$name" 127.0.0.1:1
	if [ "$status" -eq 0 ]; then
		assert_stdout_like '^False '
	else
		assert_stderr_has INVALID_ARGUMENT
	fi
done
[ ! -e "$T/ran" ] || fail "something ran"
run sloth agent list -o json
assert_equal "$(json "$(cat "$T/stdout")" .agents)" '[]' agents

for name in "${long:1}" 'A.b_c-9' '7'; do
	start_agent "$name"
	run sloth agent run "$name" echo fine
	assert_status 0
done
