"""One call to an agent's sloth.v1.Agent, as its master makes them.

  agent_run.py start ADDRESS ID COMMAND [OPTION=VALUE...]
  agent_run.py resume ADDRESS ID [OPTION=VALUE...]
  agent_run.py list ADDRESS [ID...]            a line for each: ID STATE CODE PID DETACHED HAS_OUTPUT REASON
  agent_run.py wait ADDRESS ID [MS]            the same line
  agent_run.py stop|remove ADDRESS ID
  agent_run.py epoch ADDRESS

Output goes to stdout and stderr as it comes, each event besides as a line to descriptor 3: started PID POSITION,
gap POSITION BYTES, queued AHEAD, exit END CODE REASON, status CODE WORDS. With the exit it is acknowledged.

Options: ack=no; then=cancel (resets the call when it has started) or then=CODE words of the RunInput that follows the start;
as=PRINCIPAL; admin=yes; detach=yes; keep=yes; reconnect=MS; grace=MS; position=N; observe=yes; follow=yes; term=yes;
max=BYTES (output_max_bytes); epoch=HEX, command=TEXT (resume: the start for a run that never began); stall=SECONDS
(reads nothing for so long after the start); stdin=TEXT; open=yes (standard input comes later).
"""
import os
import queue
import sys
import time

import grpc

from foreign import caller, leave, message, unary

END = ('unknown', 'exited', 'signalled', 'timed-out', 'cancelled', 'not-started')


def say(*words):
    try:
        os.write(3, (' '.join(str(word) for word in words) + '\n').encode())
    except OSError:
        pass


def make_start(run_id, command, o):
    start = message('sloth.v1.RunStart')(run_id=run_id, command=command, stdin_closed='stdin' not in o and 'open' not in o)
    start.detach = 'detach' in o
    start.on_lost = 1 if 'keep' in o else 0
    start.reconnect_ms = int(o.get('reconnect', 0))
    start.kill_grace_ms = int(o.get('grace', 0))
    start.output_max_bytes = int(o.get('max', 0))
    if 'term' in o:
        start.terminal.term, start.terminal.rows, start.terminal.columns = 'xterm', 24, 80
    return start


def metadata(o):
    return ([('sloth-principal', o['as'])] if 'as' in o else []) + ([('sloth-role', 'admin')] if 'admin' in o else [])


def run_call(address, first, o):
    kind = message('sloth.v1.RunInput')
    to_send = queue.Queue()
    to_send.put(first)
    call = caller(address, 'sloth.v1.Agent', 'Run')(iter(to_send.get, None), metadata=metadata(o))
    position, offset = int(o.get('position', 0)), 0
    try:
        for part in call:
            event = part.WhichOneof('event')
            if event == 'started':
                say('started', part.started.pid, part.started.position)
                position, offset = part.started.position, part.started.stdin_offset
                if o.get('then') == 'cancel':
                    call.cancel()
                if 'stdin' in o:
                    data = o['stdin'].encode()[offset:]
                    to_send.put(kind(stdin_data=message('sloth.v1.RunStdin')(offset=offset, data=data, end=True)))
                time.sleep(float(o.get('stall', 0)))
            elif event in ('stdout_data', 'stderr_data'):
                data = getattr(part, event)
                stream = sys.stdout if event == 'stdout_data' else sys.stderr
                stream.buffer.write(data)
                stream.flush()
                position += len(data)
                if 'ack' not in o:
                    to_send.put(kind(ack=message('sloth.v1.RunAck')(position=position)))
            elif event == 'gap':
                say('gap', part.gap.position, part.gap.bytes)
                position = part.gap.position
            elif event == 'queued':
                say('queued', part.queued.ahead)
            elif event == 'exit':
                say('exit', END[part.exit.end], part.exit.code, part.exit.reason)
                if 'ack' not in o:
                    to_send.put(kind(ack=message('sloth.v1.RunAck')(position=position, exit=True)))
    except grpc.RpcError:
        pass
    say('status', call.code().name, call.details())
    to_send.put(None)


def show(record):
    print(record.run_id.hex(), record.state, record.code, record.pid, record.detached, record.has_output, record.reason)


def main(verb, address, *words):
    plain = [w for w in words if '=' not in w or verb == 'start' and w is words[1]]
    o = dict(w.split('=', 1) for w in words if w not in plain)
    ids = [bytes.fromhex(w) for w in plain[:1 if verb != 'list' else None]]
    if verb == 'start':
        run_call(address, message('sloth.v1.RunInput')(start=make_start(ids[0], plain[1], o)), o)
    elif verb == 'resume':
        resume = message('sloth.v1.RunResume')(run_id=ids[0], position=int(o.get('position', 0)),
                                               observe='observe' in o, follow='follow' in o)
        resume.epoch = bytes.fromhex(o.get('epoch', ''))
        if 'command' in o:
            resume.start.CopyFrom(make_start(ids[0], o['command'], o))
        run_call(address, message('sloth.v1.RunInput')(resume=resume), o)
    elif verb == 'list':
        for record in unary(address, 'sloth.v1.Agent', 'ListRuns', run_ids=ids).runs:
            show(record)
    elif verb == 'wait':
        show(unary(address, 'sloth.v1.Agent', 'WaitRun', run_id=ids[0], timeout_ms=int((plain[1:] or [0])[0])))
    elif verb == 'epoch':
        print(unary(address, 'sloth.v1.Agent', 'Hello').epoch.hex())
    else:
        request = message('sloth.v1.RunControl')(run_id=ids[0])
        getattr(request, verb).SetInParent()
        show(caller(address, 'sloth.v1.Agent', 'ControlRun')(request, metadata=metadata(o), timeout=20))


def guarded(*words):
    try:
        return main(*words)
    except grpc.RpcError as error:
        print(error.code().name, error.details(), file=sys.stderr)
        return 3


leave(guarded, *sys.argv[1:])
