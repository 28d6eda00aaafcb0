#!/usr/bin/env bash
# The programs that are printed in sloth-protocol(7) work as they stand there, but for the places of files and of the
# socket.
. "$(dirname "$0")/lib.sh"
. "$here/lib/secure.sh"
"$python" -c 'import grpc, grpc_tools' 2>/dev/null || skip "no grpcio and grpc_tools for $python"
page=$root/man/sloth-protocol.7

# block REGEX: the literal display of the page that has such a line.
block() {
	awk -v wanted="$1" '
		/^\.Bd -literal/ { text = ""; is_in = 1; next }
		/^\.Ed/ { is_in = 0; if (text ~ wanted) printf "%s", text }
		is_in { text = text $0 "\n" }
	' "$page" | sed 's/\\e/\\/g; s/^\\&//' |
		sed "s#/usr/local/share/sloth/proto#$root/wire/proto#; s#/run/sloth/master.sock#$master_socket#"
}
start_secure_master
start_secure_agent web1
log_in alice --context work
mkdir -p "$HOME/.config"
cp -r "$XDG_CONFIG_HOME/sloth" "$HOME/.config/"

block grpc_tools >"$T/generate"
sed "s#python3#$python#" "$T/generate" | bash >"$T/generate.out" 2>&1 || fail "nothing is generated: $(cat "$T/generate.out")"
block '# list.py' >"$T/list.py"
run "$python" "$T/list.py"
assert_status 0
assert_stdout_has 'web1 Active reachable'
assert_stdout_has 'load average'
assert_stdout_like '^exit status 0'

block '# run.py' >"$T/run.py"
run "$python" "$T/run.py" web1 'echo out; echo err >&2; exit 3'
assert_status 3
assert_stdout_is $'out\n'
assert_stderr_is $'err\n'
run "$python" "$T/run.py" web1 'seq 200000'
assert_status 0
assert_equal "$(tail -n 1 "$T/stdout")" 200000 'the last line'
run "$python" "$T/run.py" web1 'kill -KILL $$'
assert_status 1
assert_stderr_like '^web1: RUN_END_SIGNALLED '
