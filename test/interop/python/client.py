"""client.py: the cases of the public gRPC interop description on grpcio.

  client.py --server_host=HOST --server_port=N --test_case=NAME

NAME may be "all". Prints "NAME: ok" or "NAME: failed: why" for each case; exit status 1 when one failed. The
modules that python3-grpc-tools makes of test.proto have to be in PYTHONPATH.
"""
import argparse
import os
import queue

import grpc
import test_pb2
import test_pb2_grpc

SECONDS = 20
ECHO_INITIAL, INITIAL = 'x-grpc-test-echo-initial', 'test_initial_metadata_value'
ECHO_TRAILING, TRAILING = 'x-grpc-test-echo-trailing-bin', b'\xab\xab\xab'
METADATA = ((ECHO_INITIAL, INITIAL), (ECHO_TRAILING, TRAILING))
REQUEST_SIZES, RESPONSE_SIZES = (27182, 8, 1828, 45904), (31415, 9, 2653, 58979)
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n'


def expect(what, got, expected):
    if got != expected:
        raise AssertionError('%s is %r, expected %r' % (what, got, expected))


def expect_status(call, code, details=None):
    """The end of a call that has been begun, or the error that a unary call raised."""
    expect('status', call.code(), code)
    if details is not None:
        expect('message', call.details(), details)


def status_of(function):
    try:
        function()
    except grpc.RpcError as error:
        return error
    raise AssertionError('the call succeeded')


def payload_of(size):
    return test_pb2.Payload(body=bytes(size))


def large_request():
    return test_pb2.SimpleRequest(response_size=LARGE_RESPONSE, payload=payload_of(LARGE_REQUEST))


def output_request(request_size, *response_sizes, **fields):
    parameters = [test_pb2.ResponseParameters(size=size) for size in response_sizes]
    return test_pb2.StreamingOutputCallRequest(response_parameters=parameters, payload=payload_of(request_size), **fields)


def bodies(responses):
    return [len(response.payload.body) for response in responses]


class Requests:
    """What a streaming call sends, one by one as a case says; None is the half-close."""

    def __init__(self, *first):
        self.queue = queue.Queue()
        for request in first:
            self.queue.put(request)

    def __iter__(self):
        return iter(self.queue.get, None)


def empty_unary(stub):
    expect('response', stub.EmptyCall(test_pb2.Empty(), timeout=SECONDS), test_pb2.Empty())


def large_unary(stub):
    response = stub.UnaryCall(large_request(), timeout=SECONDS)
    expect('response', response.payload.body, bytes(LARGE_RESPONSE))


def client_streaming(stub):
    requests = (test_pb2.StreamingInputCallRequest(payload=payload_of(size)) for size in REQUEST_SIZES)
    expect('sum', stub.StreamingInputCall(requests, timeout=SECONDS).aggregated_payload_size, 74922)


def server_streaming(stub):
    responses = stub.StreamingOutputCall(output_request(0, *RESPONSE_SIZES), timeout=SECONDS)
    expect('responses', bodies(responses), list(RESPONSE_SIZES))


def ping_pong(stub):
    requests = Requests()
    responses = stub.FullDuplexCall(iter(requests), timeout=SECONDS)
    for request_size, response_size in zip(REQUEST_SIZES, RESPONSE_SIZES):
        requests.queue.put(output_request(request_size, response_size))
        expect('response', len(next(responses).payload.body), response_size)
    requests.queue.put(None)
    expect('further responses', bodies(responses), [])


def empty_stream(stub):
    expect('responses', bodies(stub.FullDuplexCall(iter(()), timeout=SECONDS)), [])


def cancel_after_begin(stub):
    requests = Requests()
    call = stub.StreamingInputCall.future(iter(requests), timeout=SECONDS)
    call.cancel()
    requests.queue.put(None)
    expect_status(call, grpc.StatusCode.CANCELLED)


def cancel_after_first_response(stub):
    requests = Requests(output_request(REQUEST_SIZES[0], RESPONSE_SIZES[0]))
    call = stub.FullDuplexCall(iter(requests), timeout=SECONDS)
    expect('response', len(next(call).payload.body), RESPONSE_SIZES[0])
    call.cancel()
    requests.queue.put(None)
    expect_status(call, grpc.StatusCode.CANCELLED)


def timeout_on_sleeping_server(stub):
    requests = Requests(output_request(REQUEST_SIZES[0]))
    call = stub.FullDuplexCall(iter(requests), timeout=0.001)
    expect_status(status_of(lambda: list(call)), grpc.StatusCode.DEADLINE_EXCEEDED)
    requests.queue.put(None)


def expect_metadata(call):
    expect('initial metadata', dict(call.initial_metadata()).get(ECHO_INITIAL), INITIAL)
    expect('trailing metadata', dict(call.trailing_metadata()).get(ECHO_TRAILING), TRAILING)


def custom_metadata(stub):
    response, call = stub.UnaryCall.with_call(large_request(), metadata=METADATA, timeout=SECONDS)
    expect('response', len(response.payload.body), LARGE_RESPONSE)
    expect_metadata(call)
    requests = iter((output_request(LARGE_REQUEST, LARGE_RESPONSE),))
    call = stub.FullDuplexCall(requests, metadata=METADATA, timeout=SECONDS)
    expect('responses', bodies(call), [LARGE_RESPONSE])
    expect_metadata(call)


def unary_status(stub, message):
    request = test_pb2.SimpleRequest(response_status=test_pb2.EchoStatus(code=2, message=message))
    expect_status(status_of(lambda: stub.UnaryCall(request, timeout=SECONDS)), grpc.StatusCode.UNKNOWN, message)


def status_code_and_message(stub):
    message = 'test status message'
    unary_status(stub, message)
    request = output_request(0, response_status=test_pb2.EchoStatus(code=2, message=message))
    call = stub.FullDuplexCall(iter((request,)), timeout=SECONDS)
    expect_status(status_of(lambda: list(call)), grpc.StatusCode.UNKNOWN, message)


def special_status_message(stub):
    unary_status(stub, SPECIAL)


def unimplemented_method(stub):
    call = status_of(lambda: stub.UnimplementedCall(test_pb2.Empty(), timeout=SECONDS))
    expect_status(call, grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(stub):
    """Called with the stub of the other service."""
    unimplemented_method(stub)


CASES = (empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, cancel_after_begin,
         cancel_after_first_response, timeout_on_sleeping_server, custom_metadata, status_code_and_message,
         special_status_message, unimplemented_method, unimplemented_service)


def connect(address, flags):
    options = [('grpc.enable_http_proxy', 0)]
    if flags.use_tls != 'true':
        return grpc.insecure_channel(address, options=options)
    if flags.server_host_override:
        options.append(('grpc.ssl_target_name_override', flags.server_host_override))
    with open(flags.ca_file, 'rb') as ca:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca.read()), options=options)


def run(case, address, flags):
    with connect(address, flags) as channel:
        make = test_pb2_grpc.TestServiceStub
        if case is unimplemented_service:
            make = test_pb2_grpc.UnimplementedServiceStub
        try:
            case(make(channel))
        except (AssertionError, StopIteration, grpc.RpcError) as error:
            print('%s: failed: %s' % (case.__name__, ' '.join(str(error).split()) or type(error).__name__),
                  flush=True)
            return False
    print('%s: ok' % case.__name__, flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--server_host', default='localhost')
    parser.add_argument('--server_port', type=int, required=True)
    parser.add_argument('--test_case', required=True, choices=['all'] + [case.__name__ for case in CASES])
    parser.add_argument('--use_tls', choices=['false', 'true'])
    parser.add_argument('--ca_file')
    parser.add_argument('--server_host_override')
    flags = parser.parse_args()
    address = '%s:%d' % (flags.server_host, flags.server_port)
    wanted = [case for case in CASES if flags.test_case in ('all', case.__name__)]
    status = 0 if all([run(case, address, flags) for case in wanted]) else 1
    os._exit(status)        # not the interpreter's end: destructors of grpcio may wait for ever for threads that it stops


main()
