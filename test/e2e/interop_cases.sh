#!/usr/bin/env bash
# The public gRPC interop cases between our own client and server and those of grpcio; flags as harnesses pass them.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc, grpc_tools' 2>/dev/null || skip "no grpcio for $python"
run "$root/test/interop/run.sh" "$SLOTH_BUILD" ours/ours ours/grpcio grpcio/ours ours/ours/tls grpcio/ours/tls
assert_status 0
assert_stdout_like '^76 passed, 0 failed$'

start_daemon "$T/server.log" interop_server --port=0 --use_tls=false
wait_line "$T/server.log" '^listening on 127'
address=$(sed -n 's/^listening on \(127.*\)/\1/p' "$T/server.log")
run interop_client --server_host localhost --server_host_override x.test.example --server_port "${address##*:}" \
	--use_tls=false --use_test_ca=false --test_case large_unary
assert_status 0
assert_stdout_is $'large_unary: ok\n'
run "$python" "$here/lib/foreign.py" reflect "$address"
assert_stdout_like '^grpc.testing.TestService EmptyCall .* UnimplementedCall'
assert_stdout_lacks '^grpc.testing.UnimplementedService'
run "$python" "$here/lib/foreign.py" health "$address" grpc.testing.TestService
assert_stdout_is $'1\n'

# What cannot go well is said and is no success.
for flags in '--use_tls=true --test_case=empty_unary' --test_case=no_such_case ''; do
	# shellcheck disable=SC2086  # a list of words
	run interop_client --server_port=1 $flags
	assert_status 2
	assert_stderr_like '^interop_client: .'
done
run interop_server --port=0 --use_tls=true
assert_status 2
assert_stderr_has 'needs --tls_cert_file'
run interop_client --server_host=127.0.0.1 --server_port="$(closed_port)" --test_case=empty_unary
assert_status 1
assert_stdout_is $'empty_unary: failed: no connection: refused\n'
