#!/usr/bin/env bash
#
# tls.sh BUILD - what TLS costs: handshakes, connections that are idle, output through one and two encrypted hops, and
# that a run by the unix socket pays nothing. Beside it openssl s_server, nghttpd with the same certificate, and
# ssh; what is not installed is skipped, aloud.
# shellcheck source=test/bench/lib.sh
. "$(dirname "$0")/lib.sh" "${1:?usage: test/bench/tls.sh BUILD}"
# shellcheck source=test/bench/sshd.sh
. "$tests/bench/sshd.sh"
handshakes=200
ca=$dir/tls/master/ca.crt
leaf=$dir/tls/master/master
member=$dir/tls/agent/agent

# A master, its agent web1, and us as an operator who has logged in.
start_secure_sloth() {
	local port

	port=$(free_port)
	master=127.0.0.1:$port
	mkdir tls
	socket=$dir/tls/master/master.sock
	start daemons.log "$build/sbin/slothd-master" --port "$port" --bind-address 127.0.0.1 --state-dir "$dir/tls/master"
	master_pid=$started
	wait_for "$sloth" --socket "$socket" status
	(umask 077 && "$sloth" --socket "$socket" token create --name web1 >agent.token 2>/dev/null)
	(umask 077 && "$sloth" --socket "$socket" token create --role operator --name bench >operator.token 2>/dev/null)
	start daemons.log "$build/sbin/slothd-agent" --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 \
		--state-dir "$dir/tls/agent" --token-file agent.token
	agent_pid=$started
	wait_for "$sloth" --socket "$socket" agent run web1 true
	"$sloth" login "$master" --token-file operator.token >/dev/null 2>&1
	wait_for "$sloth" agent run web1 true
}

start_s_server() {
	s_server_port=$(free_port)
	start s_server.log openssl s_server -accept "127.0.0.1:$s_server_port" -cert "$leaf.crt" -key "$leaf.key" -cert_chain "$ca" \
		-CAfile "$ca" -Verify 1 -tls1_3 -num_tickets 0 -alpn h2 -www
	s_server_pid=$started
	wait_for shake_hands "$s_server_port" 1
}
shake_hands() { "$build/test/bench_tls" "$member.crt" "$member.key" "$1" "$2"; }

# per_core TARGET PID: handshakes that a whole processor would do in a second.
per_core() { awk -v us="$(cost_of "$1" "$2" us)" 'BEGIN { if (us > 0) printf "%.0f", 1e6 / us }'; }
bench_handshakes() {
	local ours theirs

	has 'handshakes' openssl openssl || return 0
	start_s_server
	target 's_server' $handshakes "$s_server_pid" shake_hands "$s_server_port" $handshakes
	target 'our TLS' $handshakes "$master_pid" shake_hands "${master##*:}" $handshakes
	measure "$blocks"
	stop "$s_server_pid"
	ours=$(per_core 'our TLS' "$master_pid") theirs=$(per_core s_server "$s_server_pid")
	ratio - 'full handshakes per second and core: master / openssl s_server' "$ours" "$ours /s" "$theirs" "$theirs /s" '>=' 0.8
}

bench_idle() {
	local ours theirs port nghttpd

	# As the one that may have so many.
	connection_bytes "$master_pid" "$master" "$leaf"
	ours=$connection_bytes
	figure 'bytes per idle TLS connection (of 1,000): master' "$ours" B '<=' $((48 * 1024))
	has_nghttp2 || return 0
	port=$(free_port)
	mkdir -p www
	start daemons.log nghttpd -a 127.0.0.1 -d "$dir/www" "$port" "$leaf.key" "$leaf.crt"
	nghttpd=$started
	comes_true listens "$port"
	connection_bytes "$nghttpd" "127.0.0.1:$port" "$leaf"
	theirs=$connection_bytes
	stop "$nghttpd"
	ratio 8 'bytes per idle TLS connection (of 1,000): master / nghttpd' "$ours" "$ours B" "$theirs" "$theirs B" '<=' 1
}

# Beside a master and an agent without TLS as well: what the machine does meets both.
bench_runs() {
	local ours theirs r secure=("$sloth" agent run --socket "$socket" web1 true)

	run_row 'sloth agent run by the unix socket, agent by TLS' "$pairs" '<=' 3.0 "${secure[@]}"
	read -r ours theirs r < <("$build/test/bench_proc" pairs "$pairs" "${secure[@]}" -- \
		"$sloth" agent run --socket "$dir/plain/master/master.sock" web1 true)
	ratio 1 'the same / both hops plaintext' "${ours:-}" "${ours:-} us" "${theirs:-}" "${theirs:-} us" '<=' 1.1 "${r:-}"
	run_row '  sloth agent run by TLS' "$((pairs / 2))" '' '' "$sloth" agent run web1 true
}

# What start_sloth sets stays within: the other rows are about TLS.
start_plain_sloth() {
	local master_pid agent_pid master agent socket

	start_sloth "$dir/plain"
	unset SLOTH_MASTER
}

bench_encrypted_output() {
	start_sshd
	target 'local pipe' $output_mb '' piped $output_mb bash -c "$make_output"
	target 'one hop' $output_mb "$master_pid $agent_pid" piped $output_mb "$sloth" --socket "$socket" agent run web1 "$make_output"
	target 'two hops' $output_mb "$master_pid $agent_pid" piped $output_mb "$sloth" agent run web1 "$make_output"
	[ -z "$has_ssh" ] || target ssh $output_mb '' piped $output_mb ssh -F ssh_config bench "$make_output"
	measure $(((pairs + 5) / 6))
	speed_row 6 'output, one of two hops encrypted / local pipe' 'one hop' 'local pipe' MB/s
	speed_row 6 'output, both hops encrypted / local pipe' 'two hops' 'local pipe' MB/s
	[ -n "$has_ssh" ] || return 0
	speed_row 6 'output, one of two hops encrypted / ssh multiplexed' 'one hop' ssh MB/s '>=' 1
	speed_row 6 'output, both hops encrypted / ssh multiplexed' 'two hops' ssh MB/s '>=' 0.8
}

sync -f "$build"/bin/* "$build"/sbin/*
start_secure_sloth
start_plain_sloth
echo "$(nproc) processors, TLS on loopback"
say_how_busy
row bar what measured beside ratio bound
bench_idle
bench_handshakes
bench_runs
bench_encrypted_output
say_how_busy
exit $failed
