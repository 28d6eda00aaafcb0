#!/usr/bin/env bash
# While sloth waits for a master that says nothing, neither its command line nor its environment shows the token, and
# a token on the command line is warned of.
. "$(dirname "$0")/lib.sh"
token=sloth1.$(printf 'ab%.0s' {1..32}).01234567.$(printf 'cd%.0s' {1..16})
secret=cdcdcdcdcdcdcdcd

"$python" -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(s.accept()[0])
    print("accepted", flush=True)
' >"$T/mute.log" &
mute=$!
wait_line "$T/mute.log" '^[0-9]'
port=$(head -n 1 "$T/mute.log")

# hides COMMAND...: it connects, and then shows nothing.
hides() {
	local pid n

	n=$(grep -c accepted "$T/mute.log")
	"$@" >"$T/stdout" 2>"$T/stderr" </dev/null &
	pid=$!
	has_come() { [ "$(grep -c accepted "$T/mute.log")" -gt "$n" ]; }
	until_true 15 has_come || fail "nobody came"
	case $(readlink "/proc/$pid/exe") in */sloth-tls) ;; *) fail "it is no sloth-tls" ;; esac
	! grep -qa "$secret" "/proc/$pid/environ" || fail "the token is in the environment"
	! grep -qa "$secret" "/proc/$pid/cmdline" || fail "the token is in the command line"
	kill "$pid"
	wait "$pid" 2>/dev/null
	! grep -qa "$secret" "$T/stdout" "$T/stderr" || fail "the token is shown"
}
SLOTH_TOKEN=$token hides sloth login "127.0.0.1:$port"
hides sloth login "127.0.0.1:$port" --token "$token"
assert_stderr_has 'every user of this machine could read it'
(umask 077 && echo "$token" >"$T/token")
hides sloth login "127.0.0.1:$port" --token-file "$T/token"
! grep -rqa "$secret" "$XDG_CONFIG_HOME" || fail "the token is kept"
kill $mute
