#!/usr/bin/env bash
#
# peers.sh BUILD - what bench.sh measures of the wire, beside the peers that Debian packages: gRPC in C++ and Go
# (programs of ours in peers/, built here), and ssh, pdsh, clush and ansible through one multiplexed connection to
# an sshd of our own. nghttpd is the floor, or the local command. What is not installed is skipped, aloud.
#
# A peer's rows have no bound; a small ratio is good where ours has "<=". About five minutes; PAIRS=n scales it.
# shellcheck source=test/bench/lib.sh
. "$(dirname "$0")/lib.sh" "${1:?usage: test/bench/peers.sh BUILD}"
. "$tests/bench/sshd.sh"
PATH=$PATH:/usr/sbin
peers=()			# gRPC implementations that can be measured
declare -A peer_pid peer_address relay_pid relay_address

# ---- gRPC in C++ and Go ----

build_peers() {
	has 'gRPC in C++' 'g++ libgrpc++-dev protobuf-compiler-grpc pkg-config' g++ protoc grpc_cpp_plugin pkg-config &&
		build_peer cpp 'g++ libgrpc++-dev protobuf-compiler-grpc pkg-config'
	has 'gRPC in Go' 'golang-go golang-google-grpc-dev golang-goprotobuf-dev protobuf-compiler' go protoc protoc-gen-go &&
		build_peer go 'golang-go golang-google-grpc-dev golang-goprotobuf-dev protobuf-compiler'
}
build_peer() {
	if make -s -C "$tests/bench/peers" OUT="$build/peers" "$1" >"$1.log" 2>&1; then
		peers+=("$1")
		return
	fi
	tail -n 5 "$1.log"
	echo "SKIPPED: gRPC in $1, which does not build: install $2"
}

# start_peers: a server of each, and a relay to it.
start_peers() {
	local name

	for name in ${peers[@]+"${peers[@]}"}; do
		start_peer "$name" serve
		peer_pid[$name]=$started peer_address[$name]=$address
		start_peer "$name" relay "$address"
		relay_pid[$name]=$started relay_address[$name]=$address
	done
}
# start_peer NAME ROLE [TARGET]: listens at $address.
start_peer() {
	local port

	port=$(free_port)
	address=127.0.0.1:$port
	start daemons.log "$build/peers/$1-peer" "$2" "$port" "${@:3}"
	wait_for listens "$port"
}

peer_memory_rows() {
	local name

	has_nghttp2 || return 0
	our_memory_rows
	for name in ${peers[@]+"${peers[@]}"}; do
		memory_rows "$name" "${peer_pid[$name]}" "${peer_address[$name]}"
	done
}

peer_start_rows() {
	local name port

	our_start_rows
	for name in ${peers[@]+"${peers[@]}"}; do
		port=$(free_port)
		start_row "$name" "$port" '' '' "$build/peers/$name-peer" serve "$port"
	done
}

peer_calls() {
	local name

	has_nghttp2 || return 0
	call_targets
	target 'ours, own client' 60000 '' "$build/test/bench_ping" "$master" 60000
	for name in ${peers[@]+"${peers[@]}"}; do
		target "$name" 20000 "${peer_pid[$name]}" load 20000 "http://${peer_address[$name]}/bench.Peer/Ping" empty.bin
		target "$name, two hops" 20000 "${relay_pid[$name]}" load 20000 "http://${relay_address[$name]}/bench.Peer/Ping" empty.bin
		target "$name, own client" 20000 '' "$build/peers/$name-peer" calls "${peer_address[$name]}" 20000
	done
	measure "$blocks"
	call_rows
	for name in ${peers[@]+"${peers[@]}"}; do
		cost_row 4 "  $name, one hop" "$name" "${peer_pid[$name]}" us
		speed_row 5 "  $name, one hop" "$name" nghttpd /s
		speed_row 5 "  $name, two hops" "$name, two hops" nghttpd /s
	done
	for name in ours ${peers[@]+"${peers[@]}"}; do
		speed_row 5 "  $name, one hop with its own client" "$name, own client" nghttpd /s
	done
}

# ---- ssh and what builds on it ----

peer_run_rows() {
	local few=$(((pairs + 5) / 6))

	our_run_row
	[ -n "$has_ssh" ] || return 0
	run_row '  ssh multiplexed' "$pairs" '' '' ssh -F ssh_config bench true
	export PDSH_SSH_ARGS="-F$dir/ssh_config %h"
	has pdsh pdsh pdsh && run_row '  pdsh by ssh multiplexed' "$few" '' '' pdsh -R ssh -w bench true
	has clush clustershell clush && run_row '  clush by ssh multiplexed' "$few" '' '' clush -q -w bench -o "-F $dir/ssh_config" true
	export ANSIBLE_SSH_ARGS="-F $dir/ssh_config" ANSIBLE_HOME=$dir/ansible ANSIBLE_LOCAL_TEMP=$dir/ansible \
		ANSIBLE_REMOTE_TEMP=$dir/ansible ANSIBLE_PIPELINING=1
	has ansible ansible-core ansible &&
		run_row '  ansible by ssh multiplexed' $(((few + 1) / 2)) '' '' ansible all -i bench, -m command -a true
}

# ---- output and streams ----

peer_output() {
	local name next

	printf '\0\0\0\0\002\010\144' >100mb.bin
	output_targets
	target 'our chunks' 100 "$master_pid $agent_pid" piped 100 "$sloth" agent run web1 'dd if=/dev/zero bs=64k count=1526 status=none'
	[ -z "$has_ssh" ] || target ssh $output_mb '' piped $output_mb ssh -F ssh_config bench "$make_output"
	for name in ${peers[@]+"${peers[@]}"}; do
		has_nghttp2 || break
		target "$name stream" 100 "${peer_pid[$name]}" download 1 "http://${peer_address[$name]}/bench.Peer/Stream" 100mb.bin
		next="${relay_pid[$name]} ${peer_pid[$name]}"
		target "$name relayed" 100 "$next" download 1 "http://${relay_address[$name]}/bench.Peer/Stream" 100mb.bin
		target "$name stream, own client" 100 '' "$build/peers/$name-peer" stream "${peer_address[$name]}" 100
	done
	measure $(((pairs + 5) / 6))
	output_rows
	[ -z "$has_ssh" ] || speed_row 6 '  ssh multiplexed, encrypted' ssh 'local pipe' MB/s
	has_nghttp2 || return 0
	# tr writes 4 or 8 KiB at a time, and a busy machine wakes the agent for each; peers send 64 KiB.
	cost_row 7 'the same of a command that writes 64 KiB: agent' 'our chunks' "$agent_pid" s '<=' 2
	cost_row 7 'the same of a command that writes 64 KiB: master' 'our chunks' "$master_pid" s '<=' 2
	for name in ${peers[@]+"${peers[@]}"}; do
		cost_row 7 "  $name, server" "$name stream" "${peer_pid[$name]}" s
		cost_row 7 "  $name, relay" "$name relayed" "${relay_pid[$name]}" s
	done
	for name in ${peers[@]+"${peers[@]}"}; do
		speed_row - "  $name, stream / nghttpd file" "$name stream" 'nghttpd file' MB/s
		speed_row - "  $name, stream with its own client / nghttpd file" "$name stream, own client" 'nghttpd file' MB/s
	done
}

has 'bars 4, 5, 7 and 8 of the wire' 'nghttp2-server nghttp2-client' nghttpd nghttp h2load
build_peers
start_sshd
begin
start_peers
peer_memory_rows
peer_start_rows
peer_run_rows
peer_calls
peer_output
say_how_busy
exit $failed
