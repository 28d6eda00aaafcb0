"""server.py: grpc.testing.TestService on grpcio.

  server.py --port=N

Listens on 127.0.0.1, says where ("listening on 127.0.0.1:43211"), runs to SIGTERM. The modules that
python3-grpc-tools makes of test.proto have to be in PYTHONPATH.
"""
import argparse
import os
import signal
import time
from concurrent import futures

import grpc
import test_pb2
import test_pb2_grpc

ECHO_INITIAL, ECHO_TRAILING = 'x-grpc-test-echo-initial', 'x-grpc-test-echo-trailing-bin'
CODES = {code.value[0]: code for code in grpc.StatusCode}


def echo_metadata(context):
    sent = dict(context.invocation_metadata())
    if ECHO_INITIAL in sent:
        context.send_initial_metadata(((ECHO_INITIAL, sent[ECHO_INITIAL]),))
    if ECHO_TRAILING in sent:
        context.set_trailing_metadata(((ECHO_TRAILING, sent[ECHO_TRAILING]),))


def end_as_asked(request, context):
    """Raises when the request asks for a status."""
    if request.response_status.code:
        context.abort(CODES[request.response_status.code], request.response_status.message)


def payload_of(size):
    return test_pb2.Payload(body=bytes(size))


def answers(request):
    for parameters in request.response_parameters:
        time.sleep(parameters.interval_us / 1e6)
        yield test_pb2.StreamingOutputCallResponse(payload=payload_of(parameters.size))


class TestService(test_pb2_grpc.TestServiceServicer):
    """UnimplementedCall is what the generated class says of it: UNIMPLEMENTED."""

    def EmptyCall(self, request, context):
        echo_metadata(context)
        return test_pb2.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        end_as_asked(request, context)
        return test_pb2.SimpleResponse(payload=payload_of(request.response_size))

    def StreamingOutputCall(self, request, context):
        echo_metadata(context)
        end_as_asked(request, context)
        yield from answers(request)

    def StreamingInputCall(self, requests, context):
        echo_metadata(context)
        return test_pb2.StreamingInputCallResponse(
            aggregated_payload_size=sum(len(request.payload.body) for request in requests))

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            end_as_asked(request, context)
            yield from answers(request)

    def HalfDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in list(requests):
            end_as_asked(request, context)
            yield from answers(request)


def listen(server, address, flags):
    if flags.use_tls != 'true':
        return server.add_insecure_port(address)
    with open(flags.tls_key_file, 'rb') as key, open(flags.tls_cert_file, 'rb') as cert:
        return server.add_secure_port(address, grpc.ssl_server_credentials([(key.read(), cert.read())]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--use_tls', choices=['false', 'true'])
    parser.add_argument('--tls_cert_file')
    parser.add_argument('--tls_key_file')
    flags = parser.parse_args()
    server = grpc.server(futures.ThreadPoolExecutor(8))
    test_pb2_grpc.add_TestServiceServicer_to_server(TestService(), server)
    port = listen(server, '127.0.0.1:%d' % flags.port, flags)
    server.start()
    print('listening on 127.0.0.1:%d' % port, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: server.stop(0))
    server.wait_for_termination()
    os._exit(0)             # see client.py


main()
