#!/usr/bin/env bash
# timeout: 240
# suites: bookworm
# modes: root
# A master, an Incus host and a container as three namespaces: forwards by nft DNAT, and by socat in the place of a proxy
# device. Every verdict of the dial-back is met for real, and sloth agent doctor says the same.
. "$(dirname "$0")/../e2e/lib.sh"
net_tools=(nft socat)
. "$root/test/system/lib/net.sh"

host master
host outer
host inner
cable master 10.210.1.1/24 outer 10.210.1.2/24
cable outer 10.210.2.1/24 inner 10.210.2.2/24
on inner ip route add default via 10.210.2.1
on outer sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

# What comes to the host's ports: 50061 the agent, 50062 is dropped, 50065 another agent, 50053 the master.
on outer nft -f - <<'END' 2>"$T/nft.err" || skip "no NAT in namespaces here: $(head -n 1 "$T/nft.err")"
table ip t {
	chain before {
		type nat hook prerouting priority -100
		iifname "master" tcp dport 50061 dnat to 10.210.2.2:50051
		iifname "master" tcp dport 50065 dnat to 10.210.2.2:50055
		iifname "master" tcp dport 50053 dnat to 10.210.1.1:50053
	}
	chain behind {
		type nat hook postrouting priority 100
		oifname "master" masquerade
	}
	chain in {
		type filter hook input priority 0
		iifname "master" tcp dport 50062 drop
	}
}
END

sloth_there() { on master sloth --socket "$T/admin.sock" "$@"; }
start_on master "$T/master.log" slothd-master --state-dir "$T/master" --socket "$T/admin.sock"
master_pid=$started
wait_line "$T/master.log" 'listening for operators'
until_true 15 sloth_there status >/dev/null 2>&1 || fail "the master does not answer"

# agent NAME PORT HOST_PORT: in the container, reached at that port of its host.
agent() {
	(umask 077 && sloth_there token create --name "$1" >"$T/token" 2>"$T/token.err") || fail "no token"
	start_on inner "$T/$1.log" slothd-agent --name "$1" --master 10.210.1.1 --port "$2" --incus "10.210.1.2:$3" \
		--state-dir "$T/agent-$1" --token-file "$T/token"
	agent_pid[$1]=$started
}
has_reach() { [ "$(json "$(sloth_there agent get "$1" -o json 2>/dev/null)" .reach)" = "$2" ]; }
shows() { sloth_there agent list "$1" | grep -qE -- "$2"; }

# meets VERDICT HOST_PORT ADVICE: the agent main at that port.
meets() {
	agent main 50051 "$2"
	until_true 40 has_reach main "$1" || fail "at port $2 it is not $1: $(sloth_there agent get main 2>&1)"
	if [ "$1" != direct ]; then
		shows main "unreachable: $1" || fail "the list: $(sloth_there agent list)"
		wait_line "$T/main.log" "the master does not reach it at 10.210.1.2:$2; next, $3" 40
		run sloth_there agent doctor main
		assert_status 1
		assert_stdout_like "^failed +reach +$1"
		assert_stdout_like "^ +-> $3"
	fi
	note "$1 at port $2"
	[ -n "${stays-}" ] || stop_daemon "${agent_pid[main]}"
}

agent other 50055 50065
until_true 40 has_reach other direct || fail "the other agent is not reached: $(sloth_there agent get other 2>&1)"
start_on outer "$T/closed.out" socat TCP-LISTEN:50063,fork,reuseaddr TCP:10.210.2.2:50059
socats=("$started")
# In a file: socat would take the quotes and backslashes of a command in its address for its own.
printf '%s\n' 'printf "SSH-2.0-other\r\n"' 'exec cat >/dev/null' >"$T/other.sh"
start_on outer "$T/other.out" socat TCP-LISTEN:50064,fork,reuseaddr "EXEC:sh $T/other.sh"
socats+=("$started")
start_on outer "$T/proxy.out" socat TCP-LISTEN:50066,fork,reuseaddr TCP:10.210.2.2:50051
socats+=("$started")

meets timeout 50062 'on 10.210.1.2: sudo nft list ruleset'
meets refused 50060 'on 10.210.1.2: sudo incus config device add main sloth-proxy proxy listen=tcp:0.0.0.0:50060 '
meets closed 50063 'on 10.210.1.2: sudo incus config device show main'
meets not-tls 50064 "on 10.210.1.2: sudo ss -ltnp 'sport = :50064'"
meets other-agent 50065 'on 10.210.1.2: sudo incus config device set main sloth-proxy listen='
meets master-itself 50053 'on 10.210.1.2: sudo incus config device add main sloth-proxy '
meets direct 50061
stays=yes
meets direct 50066
run sloth_there agent doctor main
assert_status 0
run sloth_there agent run main echo hello
assert_status 0
assert_stdout_is $'hello\n'
run on inner slothd-agent --doctor --name main --master 10.210.1.1 --port 50051 --incus 10.210.1.2:50066 \
	--state-dir "$T/agent-main"
assert_status 0
assert_stdout_like '^ok +port +the agent listens on 50051'

# The agent goes, the proxy device stays, and takes connections as if somebody were there.
stop_daemon "${agent_pid[main]}"
run sloth_there agent doctor main
assert_status 1
assert_stdout_like '^ok +TCP'
assert_stdout_like '^failed +TLS +closed: accepted, then closed before a byte came'

stop_daemon "${agent_pid[other]}"
stop_daemon "$master_pid"
for pid in "${socats[@]}"; do
	kill_daemon "$pid"
done
tear_down
