#!/usr/bin/env bash
# The master's policy: runs, users and agents that it denies are refused with the line that decided, a list shows what
# may be listed; a wrong one keeps the master from starting, and on SIGHUP the one before stays.
. "$(dirname "$0")/lib.sh"
me=$(id -un)
dir=$T/policy.d
mkdir "$dir"

# starts_not WORDS: with the policy as it is.
starts_not() {
	run slothd-master --port 0 --state-dir "$T/x" --policy-dir "$dir"
	assert_status 78
	assert_stderr_has "$1"
}
printf '# fine\nallow @operator verbs=run,lst\n' >"$dir/10.conf"
starts_not "$dir/10.conf:2: \"lst\" is no verb; there are run"
if [ "$(id -u)" -eq 0 ]; then
	echo 'allow *' >"$dir/10.conf"
	chmod 666 "$dir/10.conf"
	starts_not '10.conf can be written by others'
fi
rm "$dir/10.conf"
rmdir "$dir"
starts_not 'policy.d cannot be read: No such file'
mkdir "$dir"

start_master --policy-dir "$dir"
start_agent web1
start_agent db1

# rules REGEX: standard input is the policy; the master reads it, and says so, in a line that was not there.
rules() {
	local before

	before=$(grep -c policy "$T/master.log")
	cat >"$dir/10.conf"
	kill -HUP "$master_pid"
	said() { tail -n "+$((before + 1))" <(grep policy "$T/master.log") | grep -qE -- "$1"; }
	until_true 30 said "$1" || fail "the log does not say '$1'"
}

# denied WORDS COMMAND...
denied() {
	local words=$1

	shift
	run "$@"
	[ "$status" -ne 0 ] || fail "it is not refused: $*"
	assert_stderr_has 'policy denies'
	assert_stderr_has "$words"
}

rules 'files: 1, rules: 4' <<-RULES
	deny * agents=db*
	deny * verbs=run run-as=nobody,daemon
	deny * agents=web1 verbs=stop,delete
	allow tcp:127.0.0.1:* verbs=run
RULES
run sloth agent run -n web1 'echo hello'
assert_status 0
assert_stdout_is $'hello\n'
denied "to run on agent db1 as $me ($dir/10.conf:1)" sloth agent run -n db1 true
denied "to run on agent web1 as nobody ($dir/10.conf:2)" sloth agent run -n --user nobody web1 true
denied "to run on agent none as nobody ($dir/10.conf:2)" sloth agent run -n --user nobody none true
denied "to list agent db1 ($dir/10.conf:1)" sloth agent get db1
denied "to stop agent web1 ($dir/10.conf:3)" sloth agent stop web1
denied "to delete agent web1 ($dir/10.conf:3)" sloth agent delete web1
run sloth agent list
assert_status 0
assert_stdout_like '^web1 .*Active'
assert_stdout_lacks '^db1'
wait_line "$T/master.log" 'warn.*policy denies .* to stop agent web1 \(.*10.conf:3\)'
if "$python" -c 'import grpc' 2>/dev/null; then
	run "$python" "$here/lib/foreign.py" exec "$master" db1 true
	assert_status 3
	assert_stderr_like "PERMISSION_DENIED.*policy denies .* to run on agent db1 as $me"
	run "$python" "$here/lib/foreign.py" exec "$master" web1 'echo hello'
	assert_status 0
fi

# A user that is not named is the agent's own.
rules 'rules: 1' <<<"deny * run-as=$me"
denied "to run on agent web1 as $me ($dir/10.conf:1)" sloth agent run -n web1 true

rules 'rules: 1' <<<'deny * verbs=list'
denied 'to list' sloth agent list
denied 'to list' sloth status
run sloth agent run -n web1 true
assert_status 0

rules 'error.*10.conf:1: "denny": a rule begins with allow or deny; the policy stays as it was' <<<'denny *'
denied 'to list' sloth agent list
rules 'files: 1, rules: 0' <<<'# nothing'
run sloth agent list
assert_stdout_has db1
if "$python" -c 'import grpc' 2>/dev/null; then
	run "$python" "$here/lib/foreign.py" exec "$master" web1 true
	assert_status 3
	assert_stderr_has "no rule of $dir/10.conf allows it"
fi
