#!/usr/bin/env bash
# A machine that has moved to another network has another name server: the agent asks the new one.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root to mount over /etc/resolv.conf and to listen on port 53"
unshare -m true 2>/dev/null || skip "no mount namespaces here"
[ -e /etc/resolv.conf ] || skip "no /etc/resolv.conf to mount over"

# Answers every question for an IPv4 address with 127.0.0.1, all others with nothing.
cat >"$T/dns.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print("listening", flush=True)
while True:
    q, peer = s.recvfrom(512)
    end = q.index(0, 12) + 5
    is_a = q[end - 4:end - 2] == b"\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1" if is_a else b""
    s.sendto(q[:2] + b"\x81\x80\0\1\0" + bytes([bool(answer)]) + b"\0\0\0\0" + q[12:end] + answer, peer)
END
"$python" "$T/dns.py" 127.0.0.54 >"$T/dns.out" 2>&1 &
dns=$!
until_true 30 has_line "$T/dns.out" . || fail "the name server does not start"
has_line "$T/dns.out" listening || skip "port 53 cannot be had: $(tail -n 1 "$T/dns.out")"

start_master
echo "nameserver 127.0.0.53" >"$T/resolv.conf"
start_daemon "$T/web1.log" unshare -m --propagation private bash -c \
	"mount --bind '$T/resolv.conf' /etc/resolv.conf && exec slothd-agent --insecure --name web1 \
	--master 'master.sloth.test:$master_port' --port 0 --bind-address 127.0.0.1 --state-dir '$T/agent-web1'"
wait_line "$T/web1.log" "cannot reach master master.sloth.test:$master_port: name lookup failed"
echo "nameserver 127.0.0.54" >"$T/resolv.conf"
wait_agent web1
kill $dns
wait $dns || true
