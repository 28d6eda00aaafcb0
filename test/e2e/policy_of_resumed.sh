#!/usr/bin/env bash
# A start that comes with a resume is judged as a start: as whom it runs, whose run it is, what the command is. Both logs
# know what ran.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "only an agent of root can run as another user"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
dir=$T/policy.d
mkdir "$dir"
echo 'allow tcp:127.0.0.1:* verbs=run run-as=nobody' >"$dir/10.conf"
start_master --policy-dir "$dir"
start_agent web1

# call VERB ID USER COMMAND [ENV]: a Run at the master; output, then "exit: CODE" or "status: CODE WORDS".
cat >"$T/call.py" <<'PYTHON'
import os
import queue
import sys

import grpc

from foreign import caller, leave, message

master, verb, run_id, user, command = sys.argv[1:6]
start = message('sloth.v1.RunStart')(agent_name='web1', run_id=bytes.fromhex(run_id), user=user, command=command,
                                     stdin_closed=True, env=[word.encode() for word in sys.argv[6:]])
first = message('sloth.v1.RunInput')()
if verb == 'start':
    first.start.CopyFrom(start)
else:
    first.resume.agent_name = 'web1'
    first.resume.run_id = start.run_id
    first.resume.epoch = bytes.fromhex(os.environ['EPOCH'])
    first.resume.start.CopyFrom(start)
to_send = queue.Queue()
to_send.put(first)


def show():
    call = caller(master, 'sloth.v1.Master', 'Run')(iter(to_send.get, None))
    try:
        for part in call:
            if part.stdout_data:
                sys.stdout.write(part.stdout_data.decode())
            if part.WhichOneof('event') == 'exit':
                print('exit:', part.exit.code, part.exit.reason)
                to_send.put(message('sloth.v1.RunInput')(ack=message('sloth.v1.RunAck')(exit=True)))
    except grpc.RpcError:
        print('status:', call.code().name, call.details())
    to_send.put(None)


leave(show)
PYTHON
EPOCH=$(cat "$T/agent-web1/run/epoch")
export EPOCH
call() { PYTHONPATH=$here/lib run "$python" "$T/call.py" "$master" "$@"; }
new_id() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# One that the agent has refused never began: it may begin, as the same.
id=$(new_id)
call start "$id" nobody 'id -un' =wrong
assert_stdout_has 'status: INVALID_ARGUMENT'
call resume "$id" root 'id -un'
assert_stdout_has "status: PERMISSION_DENIED"
assert_stdout_lacks root$
call resume "$id" '' 'id -un'
assert_stdout_has "status: PERMISSION_DENIED"
call resume "$id" nobody 'echo other'
assert_stdout_has 'status: INVALID_ARGUMENT'
call resume "$id" nobody 'id -un'
assert_stdout_is $'nobody\nexit: 0 \n'

# Nobody has heard of this one.
id=$(new_id)
call resume "$id" root 'echo unheard-of'
assert_stdout_has "status: PERMISSION_DENIED"
call resume "$id" nobody 'echo unheard-of'
assert_stdout_is $'unheard-of\nexit: 0 \n'
run sloth audit
assert_stdout_like "tcp:127.*unheard-of"
run sloth history
assert_stdout_like 'unheard-of'
