#!/usr/bin/env bash
#
# run.sh BUILD [CLIENT/SERVER[/tls] | daemons]... - the public gRPC interop cases, one line each:
#
#   grpcio   ours     large_unary                   ok
#
# CLIENT and SERVER are ours, grpcio (Python) or c++; daemons are the end-to-end scripts in which grpcio is the
# client of our daemons or an agent of our master. Without arguments everything. The last line is "N passed,
# N failed"; the exit status is 1 when one failed. Servers choose their ports, nothing is left behind.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${1:?usage: test/interop/run.sh BUILD [CLIENT/SERVER[/tls] | daemons]...}
shift
case $build in /*) ;; *) build=$PWD/$build ;; esac
[ $# -gt 0 ] || set -- ours/ours ours/grpcio grpcio/ours ours/c++ c++/ours ours/ours/tls ours/grpcio/tls grpcio/ours/tls daemons
client_limit_s=60
cases=(empty_unary large_unary client_streaming server_streaming ping_pong empty_stream cancel_after_begin
	cancel_after_first_response timeout_on_sleeping_server custom_metadata status_code_and_message
	special_status_message unimplemented_method unimplemented_service)
own_cases=(half_duplex response_intervals)	# that only our client has

work=$(mktemp -d "${TMPDIR:-/tmp}/sloth-interop.XXXXXX") || exit 1
passed=0 failed=0
children=()		# what runs now

stop_children() {
	local pid

	for pid in ${children[@]+"${children[@]}"}; do
		kill -TERM "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	children=()
}
clean_up() {
	stop_children
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# report CLIENT SERVER CASE RESULT
report() {
	printf '%-10s %-8s %-29s %s\n' "$@"
	case $4 in ok*) passed=$((passed + 1)) ;; *) failed=$((failed + 1)) ;; esac
}

# command_of KIND client|server: the program as words in $command.
command_of() {
	case $1 in
	ours)   command=("$build/bin/interop_$2") ;;
	grpcio) command=(/usr/bin/python3 "test/interop/python/$2.py") ;;
	c++)    command=("$build/test/interop/cpp/$2") ;;
	*)      echo "run.sh: no implementation is called $1" >&2; exit 2 ;;
	esac
}

# start_server KIND: its port is in $port, empty when it did not come up.
start_server() {
	local deadline=$((SECONDS + 20))

	command_of "$1" server
	: >"$work/server"
	"${command[@]}" --port=0 ${server_tls[@]+"${server_tls[@]}"} >"$work/server" 2>&1 &
	children=($!)
	port=
	while [ -z "$port" ] && kill -0 "${children[0]}" 2>/dev/null && [ $SECONDS -lt $deadline ]; do
		port=$(sed -nE 's/^listening on 127\.0\.0\.1:([0-9]+)$/\1/p' "$work/server")
		[ -n "$port" ] || sleep 0.03
	done
}

# result_of CASE: what the client said of it.
result_of() {
	local line

	line=$(grep -m 1 -a "^$1: " "$work/client") && { echo "${line#"$1": }"; return; }
	echo "failed: not run: $(tail -n 1 "$work/client" | cut -c 1-200)"
}

run_pair() {
	local client=${1%%/*} server=${1#*/} name status=1 more=() server_tls=() client_tls=(--use_tls=false) label

	label=$client
	if [[ $server == */tls ]]; then
		server=${server%/tls}
		label=$client/tls
		server_tls=(--use_tls=true --tls_cert_file="$work/ca/master.crt" --tls_key_file="$work/ca/master.key")
		client_tls=(--use_tls=true --ca_file="$work/ca/ca.crt" --server_host_override=slothd-master)
	fi
	: >"$work/client"
	start_server "$server"
	if [ -n "$port" ]; then
		command_of "$client" client
		timeout $client_limit_s "${command[@]}" --server_host=127.0.0.1 --server_port="$port" \
			"${client_tls[@]}" --test_case=all >"$work/client" 2>&1 &
		children+=($!)
		wait "${children[1]}"
		status=$?
	else
		echo "no server: $(tail -n 1 "$work/server")" >"$work/client"
	fi
	stop_children
	[ "$client" != ours ] || more=("${own_cases[@]}")
	for name in "${cases[@]}" ${more[@]+"${more[@]}"}; do
		report "$label" "$server" "$name" "$(result_of "$name")"
	done
	[ $status -le 1 ] || report "$client" "$server" 'the client itself' "failed: exit status $status"
}

run_daemons() {
	local script name

	for script in test/e2e/foreign_*.sh; do
		name=$(basename "$script" .sh)
		SLOTH_BUILD=$build bash "$script" >"$work/out" 2>&1 </dev/null &
		children=($!)
		if wait "${children[0]}"; then
			report grpcio daemons "$name" ok
		else
			report grpcio daemons "$name" "failed: $(grep -m 1 -aE '^(FAILED|SKIP)' "$work/out" | cut -c 1-200)"
		fi
		children=()
	done
}

# What real agents have; make check takes less time.
export FOREIGN_AGE_S=${FOREIGN_AGE_S:-30} FOREIGN_GRACE_S=${FOREIGN_GRACE_S:-5}
# A certificate for slothd-master, as our CA makes it.
"$build/sbin/slothd-master" ca init --state-dir "$work/ca" >/dev/null || exit 1
# Python's modules of the messages.
mkdir "$work/python" || exit 1
/usr/bin/python3 -m grpc_tools.protoc -Itest/interop/proto --python_out="$work/python" \
	--grpc_python_out="$work/python" test.proto || exit 1
export PYTHONPATH=$work/python PYTHONDONTWRITEBYTECODE=1

for what in "$@"; do
	case $what in
	daemons) run_daemons ;;
	*/*)     run_pair "$what" ;;
	*)       echo "run.sh: $what is no CLIENT/SERVER" >&2; exit 2 ;;
	esac
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
