#!/usr/bin/env bash
#
# demo.sh BUILD - what `make demo` shows: a master and an agent on this machine, a few real commands through
# both, everything stopped again. Exits 0, or 1 with the reason.
set -eu
cd "$(dirname "$0")/.."
build=${1:?usage: test/demo.sh BUILD}
sloth=$build/bin/sloth
dir=$(mktemp -d "${TMPDIR:-/tmp}/sloth-demo.XXXXXX")
export SLOTH_MASTER=unix:$dir/master/master.sock

clean_up() {
	"$sloth" agent stop demo >/dev/null 2>&1 || true
	"$sloth" master stop --state-dir "$dir/master" >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
	echo "demo: $1" >&2
	tail -n 20 "$dir"/*/*.log >&2 2>/dev/null || true
	exit 1
}

# show COMMAND...: as somebody would type it, then what it does.
show() {
	local word

	printf '\n$'
	for word; do
		word=${word#"$build"/bin/}
		case $word in *[!A-Za-z0-9_./:=-]*) word="'$word'" ;; esac
		printf ' %s' "$word"
	done
	printf '\n'
	"$@"
}

# The demo must not meet a master that runs here already: it takes free ports.
show "$sloth" master --daemon --port 0 --bind-address 127.0.0.1 --state-dir "$dir/master" || fail "the master does not start"
port=$("$sloth" -o json status | sed -nE 's/.*"127\.0\.0\.1:([0-9]+)".*/\1/p' | head -n 1)
[ -n "$port" ] || fail "the master does not say where it listens"
umask 077
printf '\n$ %s\n' "sloth token create --name demo >token"
"$sloth" token create --name demo >"$dir/token" || fail "there is no token"
show "$sloth" agent start --daemon --name demo --master "127.0.0.1:$port" --port 0 --bind-address 127.0.0.1 \
	--token-file "$dir/token" --state-dir "$dir/agent" || fail "the agent does not start"

for _ in $(seq 100); do
	"$sloth" agent list demo --state active >/dev/null 2>&1 && break
	sleep 0.1
done
show "$sloth" agent list || fail "the agent has not registered"
show "$sloth" agent run -o box demo 'uname -n && id -un' || fail "a command failed"
show "$sloth" agent run -o box demo 'df -h / && cat /proc/loadavg' || fail "a command failed"
if show "$sloth" agent run -o box demo 'echo it went well so far; echo and then not >&2; exit 3'; then
	fail "the exit status of a command was lost"
fi
echo "(its exit status, 3, is that of sloth)"
printf '\n$ %s\n' "seq 1 100000 | sloth agent run demo 'wc -l'"
lines=$(seq 1 100000 | "$sloth" agent run demo 'wc -l') || fail "standard input did not arrive"
echo "$lines"
[ "$lines" -eq 100000 ] || fail "standard input arrived cut"
printf '\n%s\n' "And as an operator on another machine would, over TLS:"
"$sloth" token create --role operator --name "${USER:-me}" >"$dir/token" 2>/dev/null || fail "there is no token"
export XDG_CONFIG_HOME=$dir/config
show "$sloth" login "127.0.0.1:$port" --token-file "$dir/token" --context demo || fail "the login failed"
show "$sloth" --context demo whoami || fail "the master does not know us"
show "$sloth" --context demo agent run -o box demo uptime || fail "a command failed"
show "$sloth" status || fail "the master does not answer"
show "$sloth" agent stop demo || fail "the agent does not stop"
show "$sloth" master stop --state-dir "$dir/master" || fail "the master does not stop"
trap 'rm -rf "$dir"' EXIT
printf '\nThat was Sloth. README.md says how to go on.\n'
