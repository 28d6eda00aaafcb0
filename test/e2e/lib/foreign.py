"""foreign.py: a gRPC client and a gRPC agent that know nothing of Sloth but the published descriptors.

  foreign.py list MASTER                       name, status and address of every agent
  foreign.py info MASTER NAME                  success and message, then the record
  foreign.py exec MASTER NAME COMMAND [SECONDS]
                                               output as it is; then "finished: CODE ERROR"; exit status 3 and
                                               "status: CODE: DETAILS" on stderr when the call fails
  foreign.py register MASTER NAME ADDRESS
  foreign.py heartbeat MASTER NAME
  foreign.py call ADDRESS SERVICE METHOD JSON  any unary method, answer as JSON
  foreign.py run ADDRESS COMMAND [USER]        agent.Agent/RunCommand
  foreign.py start ADDRESS ID COMMAND [AGENT]  sloth.v1.Agent/Run, with AGENT sloth.v1.Master/Run, under an id of 32 hex
                                               digits; output and "exit: CODE"
  foreign.py reflect ADDRESS [v1|v1alpha]      services by server reflection
  foreign.py health ADDRESS [SERVICE]
  foreign.py cancel MASTER NAME COMMAND        exec, cancelled at its first output
  foreign.py serve NAME MASTER [AGE [GRACE]]   an agent: registers, prints its address, sends heartbeats, runs to
                                               SIGTERM or Shutdown. As old agents do it allows 10 calls for each
                                               connection, sends PINGs, and ends connections after AGE seconds
                                               (30), what runs on them GRACE seconds (5) later

The messages are built from $SLOTH_BUILD/gen/descriptors.bin; reflect builds them from what the server says.
"""
import os
import signal
import subprocess
import sys
import threading
import traceback
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def load_pool():
    pool = descriptor_pool.DescriptorPool()
    with open(os.environ['SLOTH_BUILD'] + '/gen/descriptors.bin', 'rb') as source:
        files = descriptor_pb2.FileDescriptorSet.FromString(source.read())
    for one in files.file:
        pool.Add(one)
    return pool


POOL = load_pool()


def message(name):
    return message_factory.MessageFactory(POOL).GetPrototype(POOL.FindMessageTypeByName(name))


def channel(address):
    return grpc.insecure_channel(address, options=[('grpc.enable_http_proxy', 0)])


def method_of(service, name):
    return POOL.FindServiceByName(service).methods_by_name[name]


def caller(address, service, name, chan=None):
    """A callable for a method, with the streaming kind that its descriptor says."""
    method = method_of(service, name)
    proto = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(proto)
    kind = ('stream_' if proto.client_streaming else 'unary_') + ('stream' if proto.server_streaming else 'unary')
    make = getattr(chan or channel(address), kind)
    return make('/%s/%s' % (service, name),
                request_serializer=lambda m: m.SerializeToString(),
                response_deserializer=message(method.output_type.full_name).FromString)


def unary(address, of, name, **fields):
    request = message(method_of(of, name).input_type.full_name)(**fields)
    return caller(address, of, name)(request, timeout=20, wait_for_ready=True)


def cmd_list(master):
    for agent in unary(master, 'agent.AgentRegistry', 'ListAgents').agents:
        print(agent.agent_name, agent.status, agent.agent_address)


def cmd_info(master, name):
    answer = unary(master, 'agent.AgentRegistry', 'GetAgentInfo', agent_name=name)
    print(answer.success, answer.message)
    print(json_format.MessageToJson(answer.agent_info, preserving_proto_field_name=True))


def show_stream(stream):
    finished = None
    for part in stream:
        if finished:
            print('a message after the last one', file=sys.stderr)
            return 4
        sys.stdout.buffer.write(part.stdout_chunk)
        sys.stdout.flush()
        sys.stderr.buffer.write(part.stderr_chunk)
        sys.stderr.flush()
        # Older peers declare these as string: their parsers refuse anything else.
        part.stdout_chunk.decode('utf-8')
        part.stderr_chunk.decode('utf-8')
        if part.finished:
            finished = part
    if not finished:
        print('the stream ended without its last message', file=sys.stderr)
        return 4
    print('finished: %d %s' % (finished.exit_code, finished.error))
    return 0


def cmd_exec(master, name, command, seconds='60'):
    request = message('agent.ExecuteCommandRequest')(agent_name=name, command=command)
    return show_stream(caller(master, 'agent.AgentRegistry', 'ExecuteCommand')(request, timeout=float(seconds)))


def cmd_cancel(master, name, command):
    request = message('agent.ExecuteCommandRequest')(agent_name=name, command=command)
    call = caller(master, 'agent.AgentRegistry', 'ExecuteCommand')(request, timeout=60)
    next(call)
    call.cancel()
    print(call.code().name)


def cmd_run(agent, command, user=''):
    request = message('agent.RunCommandRequest')(command=command, user=user)
    return show_stream(caller(agent, 'agent.Agent', 'RunCommand')(request, timeout=60))


def cmd_start(address, run_id, command, agent=''):
    start = message('sloth.v1.RunStart')(run_id=bytes.fromhex(run_id), command=command, stdin_closed=True, agent_name=agent)
    first = message('sloth.v1.RunInput')(start=start)
    for part in caller(address, 'sloth.v1.Master' if agent else 'sloth.v1.Agent', 'Run')(iter([first]), timeout=60):
        sys.stdout.buffer.write(part.stdout_data)
        sys.stdout.flush()
        if part.WhichOneof('event') == 'exit':
            print('exit: %d' % part.exit.code)


def cmd_register(master, name, address):
    answer = unary(master, 'agent.AgentRegistry', 'RegisterAgent', agent_name=name, agent_address=address)
    print(answer.success, answer.message)


def cmd_heartbeat(master, name):
    answer = unary(master, 'agent.AgentRegistry', 'Heartbeat', agent_name=name)
    print(answer.success, answer.message)


def cmd_call(address, service, name, text='{}'):
    request = json_format.Parse(text, message(method_of(service, name).input_type.full_name)())
    answer = caller(address, service, name)(request, timeout=20)
    print(json_format.MessageToJson(answer, preserving_proto_field_name=True))


def reflect(stub, **request):
    return list(stub(iter([message('grpc.reflection.v1.ServerReflectionRequest')(**request)]), timeout=20))[0]


def cmd_reflect(address, version='v1'):
    """Lists services, then rebuilds each from the files that the server hands out."""
    own = descriptor_pool.DescriptorPool()
    known = set()
    stub = channel(address).stream_stream(
        '/grpc.reflection.%s.ServerReflection/ServerReflectionInfo' % version,
        request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=message('grpc.reflection.v1.ServerReflectionResponse').FromString)

    def add(files):
        for data in files:
            one = descriptor_pb2.FileDescriptorProto.FromString(data)
            if one.name not in known:
                known.add(one.name)
                for name in one.dependency:
                    add(reflect(stub, file_by_filename=name).file_descriptor_response.file_descriptor_proto)
                own.Add(one)

    for service in reflect(stub, list_services='').list_services_response.service:
        add(reflect(stub, file_containing_symbol=service.name).file_descriptor_response.file_descriptor_proto)
        methods = own.FindServiceByName(service.name).methods_by_name
        print(service.name, ' '.join(sorted(methods)))
    print('unknown symbol:', reflect(stub, file_containing_symbol='no.Such').error_response.error_code)


def cmd_health(address, service=''):
    print(unary(address, 'grpc.health.v1.Health', 'Check', service=service).status)


def run_command(request, context):
    """RunCommand the way old agents do it: one line per message, nothing on stdin."""
    answer = message('agent.StreamOutputResponse')
    child = subprocess.Popen(['bash', '-c', request.command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, start_new_session=True)
    if not context.add_callback(lambda: end_command(child)):
        end_command(child)
    for line in child.stdout:
        yield answer(stdout_chunk=line)
    yield answer(finished=True, exit_code=child.wait())


def end_command(child):
    """Its call has ended; a command that was left behind ends too."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def resource_usage(_request, _context):
    return message('agent.ResourceUsageResponse')(process_count=1)


def agent_options(age_s, grace_s):
    """Limits of old agents; their PINGs come 3 times in the life of a connection."""
    return (('grpc.max_concurrent_streams', 10),
            ('grpc.max_connection_idle_ms', int(age_s * 500)),
            ('grpc.max_connection_age_ms', int(age_s * 1000)),
            ('grpc.max_connection_age_grace_ms', int(grace_s * 1000)),
            ('grpc.keepalive_time_ms', int(age_s * 1000 / 3)),
            ('grpc.keepalive_timeout_ms', 3000),
            ('grpc.http2.min_sent_ping_interval_without_data_ms', 100),
            ('grpc.http2.max_pings_without_data', 0),
            ('grpc.http2.min_ping_interval_without_data_ms', 300000))


def cmd_serve(name, master, age_s='30', grace_s='5'):
    ended = threading.Event()

    def shutdown(_request, _context):
        ended.set()
        return message('agent.ShutdownResponse')()

    def handler(kind, method, function):
        request = method_of('agent.Agent', method).input_type.full_name
        return kind(function, message(request).FromString, lambda m: m.SerializeToString())

    server = grpc.server(futures.ThreadPoolExecutor(32), options=agent_options(float(age_s), float(grace_s)))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler('agent.Agent', {
        'RunCommand': handler(grpc.unary_stream_rpc_method_handler, 'RunCommand', run_command),
        'Shutdown': handler(grpc.unary_unary_rpc_method_handler, 'Shutdown', shutdown),
        'GetResourceUsage': handler(grpc.unary_unary_rpc_method_handler, 'GetResourceUsage', resource_usage)})])
    address = '127.0.0.1:%d' % server.add_insecure_port('127.0.0.1:0')
    server.start()
    cmd_register(master, name, address)
    print('serving', address, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while not ended.wait(1):
        unary(master, 'agent.AgentRegistry', 'Heartbeat', agent_name=name)
    server.stop(1).wait()


def leave(program, *args):
    """Runs it; what it returns is the exit status. The interpreter's own end is left out: it stops threads of grpcio
    wherever they are, and destructors of grpcio then wait for the locks of those, on a busy machine once in 100 calls."""
    status = 1
    try:
        status = program(*args) or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main():
    try:
        return globals()['cmd_' + sys.argv[1]](*sys.argv[2:])
    except grpc.RpcError as error:
        print('status: %s: %s' % (error.code().name, error.details()), file=sys.stderr)
        return 3


if __name__ == '__main__':
    leave(main)
