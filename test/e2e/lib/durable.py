"""durable.py NAME MASTER DIR: an agent of ours as far as a master can see, whose runs are files.

A run that is started makes DIR/run.ID, where ID is its id as hex digits, and is over when DIR/end.ID holds its exit
status. Nothing is executed. Whoever asks later is told from these files: so its runs outlive the master, and the agent.
It prints its address and runs to SIGTERM.
"""
import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

from foreign import leave, message, method_of

NAME, MASTER, DIR = sys.argv[1:4]
ENDED = threading.Event()


def text(kind, run_id):
    try:
        with open('%s/%s.%s' % (DIR, kind, run_id.hex()), encoding='utf-8') as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def record(run_id):
    answer = message('sloth.v1.RunRecord')(run_id=run_id, agent_name=NAME, state='never-began')
    command, code = text('run', run_id), text('end', run_id)
    if command is not None:
        answer.command = command
        answer.principal = 'nobody'
        answer.state = 'running'
    if code:
        answer.state = 'exited'
        answer.code = int(code)
    return answer


def wait_for_end(run_id, seconds, context):
    deadline = time.monotonic() + seconds
    while context.is_active() and not ENDED.is_set() and time.monotonic() < deadline and not text('end', run_id):
        time.sleep(0.02)


def hello(_request, _context):
    return message('sloth.v1.HelloResponse')(name=NAME, instance=b'i' * 16, epoch=b'e' * 16, version='9', user='nobody')


def run(requests, context):
    start = next(requests).start
    output = message('sloth.v1.RunOutput')
    with open('%s/run.%s' % (DIR, start.run_id.hex()), 'w', encoding='utf-8') as file:
        file.write(start.command)
    yield output(started={'run_id': start.run_id})
    wait_for_end(start.run_id, 3600, context)
    yield output(exit={'end': 'RUN_END_EXITED', 'code': record(start.run_id).code})
    context.set_trailing_metadata((('sloth-state', 'exited'), ('sloth-exit', text('end', start.run_id) or '0')))


def wait_run(request, context):
    wait_for_end(request.run_id, request.timeout_ms / 1000 if request.timeout_ms else 3600, context)
    return record(request.run_id)


def list_runs(_request, _context):
    ids = [bytes.fromhex(name[4:]) for name in os.listdir(DIR) if name.startswith('run.')]
    return message('sloth.v1.ListRunsResponse')(runs=[record(one) for one in ids], epoch=b'e' * 16)


def serve():
    def handler(kind, method, function):
        request = method_of('sloth.v1.Agent', method).input_type.full_name
        return kind(function, message(request).FromString, lambda m: m.SerializeToString())

    unary = grpc.unary_unary_rpc_method_handler
    server = grpc.server(futures.ThreadPoolExecutor(64))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler('sloth.v1.Agent', {
        'Hello': handler(unary, 'Hello', hello),
        'Run': handler(grpc.stream_stream_rpc_method_handler, 'Run', run),
        'WaitRun': handler(unary, 'WaitRun', wait_run),
        'ListRuns': handler(unary, 'ListRuns', list_runs)})])
    address = '127.0.0.1:%d' % server.add_insecure_port('127.0.0.1:0')
    server.start()
    return server, address


def ask(method, **fields):
    """A call to the master as a program of ours; False: it is not there."""
    request = message(method_of('agent.AgentRegistry', method).input_type.full_name)(**fields)
    answer = message(method_of('agent.AgentRegistry', method).output_type.full_name)
    options = [('grpc.primary_user_agent', 'sloth/9'), ('grpc.enable_http_proxy', 0)]
    with grpc.insecure_channel(MASTER, options=options) as channel:
        call = channel.unary_unary('/agent.AgentRegistry/' + method, request_serializer=lambda m: m.SerializeToString(),
                                   response_deserializer=answer.FromString)
        try:
            return call(request, timeout=5, metadata=(('sloth-instance', (b'i' * 16).hex()),)).success
        except grpc.RpcError:
            return False


def main():
    server, address = serve()
    signal.signal(signal.SIGTERM, lambda *_: ENDED.set())
    while not ask('RegisterAgent', agent_name=NAME, agent_address=address) and not ENDED.wait(0.2):
        pass
    print('serving', address, flush=True)
    while not ENDED.wait(0.5):
        if not ask('Heartbeat', agent_name=NAME):
            ask('RegisterAgent', agent_name=NAME, agent_address=address)
    server.stop(1).wait()


leave(main)
