#!/usr/bin/env bash
# What a foreign client gets is valid UTF-8 in every message: characters are never split, other bytes replaced.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1

# The client itself decodes each message as UTF-8. 3-byte characters over many chunks:
run "$python" "$here/lib/foreign.py" exec "$master" web1 'for i in $(seq 20000); do printf 日本語; done'
assert_status 0
{ for _ in $(seq 20000); do printf 日本語; done; echo 'finished: 0 '; } >"$T/expected"
assert_same "$T/expected" "$T/stdout"

run "$python" "$here/lib/foreign.py" exec "$master" web1 "printf 'a\\377b\\303'; printf '\\200' >&2"
assert_status 0
assert_stdout_is $'a\uFFFDb\uFFFDfinished: 0 \n'
assert_stderr_is $'\uFFFD'

# The same at the agent itself.
address=$(json "$(sloth agent get web1 -o json)" .address)
run "$python" "$here/lib/foreign.py" run "$address" "printf 'x\\377y'; exit 2"
assert_status 0
assert_stdout_is $'x\uFFFDyfinished: 2 \n'
