#!/usr/bin/env bash
# A command longer than one exec argument may be works; one over the limit is refused with words.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

# 100 KB of words on the command line of sloth itself, which the kernel bounds at 128 KiB for each word.
body=$(head -c 100000 /dev/zero | tr '\0' x)
run sloth agent run web1 "echo \"$body\" | wc -c"
assert_status 0
assert_stdout_is $'100001\n'

# A foreign client can send more: what cannot be run is an error in words, and the agent lives.
cat >"$T/long.py" <<-'PY'
import sys

import grpc

from foreign import cmd_exec, leave


def ask(master, size):
    try:
        return cmd_exec(master, 'web1', ': ' + 'x' * int(size))
    except grpc.RpcError as error:
        print(error.code().name, error.details()[:200])
        return 3


leave(ask, *sys.argv[1:])
PY
export PYTHONPATH=$here/lib
run "$python" "$T/long.py" "$master" 200000
case $status in
0) assert_stdout_like '^finished: (0|126) ' ;;
3) assert_stdout_like 'INVALID_ARGUMENT|RESOURCE_EXHAUSTED' ;;
*) fail "exit status $status" ;;
esac
run "$python" "$T/long.py" "$master" 5000000
assert_status 3
assert_stdout_like 'RESOURCE_EXHAUSTED'
run sloth agent run web1 echo alive
assert_status 0
