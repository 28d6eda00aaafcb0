"""conform.py ADDRESS: what RFC 9113 asks of a server, each on a connection of its own, one after the other.

A handful of cases that tell most; the whole is in test/wire. Prints the names of those that differ, then
"N as expected". A reaction is what comes before the PING behind the case is answered, or the connection closes.
"""
import struct
import sys

from raw import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST, SETTINGS, Reader, connect, frame

PRIORITY, PUSH, WINDOW, CONTINUATION = 2, 5, 8, 9
GET = b'\x82\x86\x84\x01\x04test'
POST = b'\x83\x86\x84\x01\x04test'
BOTH = END_HEADERS | END_STREAM
WINDOW_0 = frame(SETTINGS, 0, 0, b'\0\4\0\0\0\0')
WINDOW_1 = frame(SETTINGS, 0, 0, b'\0\4\0\0\0\1')


def request(stream=1, flags=BOTH, block=GET):
    return frame(HEADERS, flags, stream, block)


ANSWERED = 'headers data(16)'
CASES = {
    '4.1 unknown frame': ([frame(0x16, 0, 0, b'12345678')], ''),
    '4.2 large HEADERS': ([request(block=GET + b'\0\1x\x7f\x81\x88\1' + b'x' * 17536)], 'goaway(6) closed'),
    '4.3 bad compression': ([request(block=b'\x40')], 'goaway(9) closed'),
    '5.1 DATA on an idle stream': ([frame(DATA, END_STREAM, 1, b'test')], 'goaway(1) closed'),
    '5.1 DATA behind the end': ([request(), frame(DATA, END_STREAM, 1, b'test')], '* goaway(5) closed'),
    '5.1 DATA behind RST_STREAM': (
        [request(flags=END_HEADERS), frame(RST, 0, 1, b'\0\0\0\x08'), frame(DATA, END_STREAM, 1, b'test')], 'goaway(5) closed'),
    '5.1.1 even stream': ([request(2)], 'goaway(1) closed'),
    '5.1.1 smaller stream': ([request(5), request(3)], '* goaway(1) closed'),
    '5.3.1 depends on itself': ([frame(PRIORITY, 0, 1, b'\0\0\0\1\xff')], 'goaway(1) closed'),
    '6.5 SETTINGS of a wrong length': ([frame(SETTINGS, 0, 0, b'123')], 'goaway(6) closed'),
    '6.7 PING on a stream': ([frame(PING, 0, 3, b'12345678')], 'goaway(1) closed'),
    '6.8 GOAWAY': ([frame(GOAWAY, 0, 0, bytes(8))], 'goaway(0) closed'),
    '6.9 window 0': ([WINDOW_0, request()], 'headers'),
    '6.9.1 window 1': ([WINDOW_1, request()], 'headers data(1)'),
    '6.9.1 overflow on a stream': (
        [request(flags=END_HEADERS), frame(WINDOW, 0, 1, b'\x7f\xff\xff\xff') * 2], 'reset(3)'),
    '6.10 CONTINUATION': ([request(flags=END_STREAM, block=GET[:5]), frame(CONTINUATION, END_HEADERS, 1, GET[5:])], ANSWERED),
    '8.1 second HEADERS': (
        [request(flags=END_HEADERS, block=POST), request(flags=END_HEADERS, block=b'\0\1x\1y')], 'reset(1)'),
    '8.1.1 content-length': (
        [request(flags=END_HEADERS, block=POST + b'\x0f\x0d\x011'), frame(DATA, END_STREAM, 1, b'test')], 'reset(1)'),
    '8.2.1 upper case': ([request(block=GET + b'\0\1X\1y')], 'reset(1)'),
    '8.4 PUSH_PROMISE': ([request(flags=END_HEADERS), frame(PUSH, END_HEADERS, 1, b'\0\0\0\2' + GET)], 'goaway(1) closed'),
}


def handshake(sock):
    reader = Reader(sock)
    sock.sendall(PREFACE)
    sock.sendall(frame(SETTINGS, 0, 0, b'\0\4\0\0\xff\xff'))
    kind, flags, _, _ = reader.frame()
    assert (kind, flags) == (SETTINGS, 0), 'the first frame is not SETTINGS'
    sock.sendall(frame(SETTINGS, ACK, 0))
    while (kind, flags) != (SETTINGS, ACK):
        kind, flags, _, _ = reader.frame()
    return reader


def word(kind, payload):
    if kind == HEADERS:
        return 'headers'
    if kind == DATA:
        return 'data(%d)' % len(payload)
    if kind == RST:
        return 'reset(%d)' % struct.unpack('>I', payload)[0]
    return 'goaway(%d)' % struct.unpack('>I', payload[4:8])[0]


# Two PINGs: the answer to the first may overtake what was queued with it.
def reaction(sock, reader):
    words = []
    try:
        for _ in range(2):
            sock.sendall(frame(PING, 0, 0, b'fence...'))
            kind = None
            while kind != PING:
                kind, _, _, payload = reader.frame()
                if kind in (HEADERS, DATA, RST, GOAWAY):
                    words.append(word(kind, payload))
    except (BrokenPipeError, EOFError):
        words.append('closed')
    except ConnectionResetError:
        words.append('cut')
    return ' '.join(words)


def is_expected(got, expected):
    return got.endswith(expected[2:]) if expected.startswith('* ') else got == expected


def main(address):
    good = 0
    for name, (frames, expected) in CASES.items():
        sock = connect(address)
        reader = handshake(sock)
        sock.sendall(b''.join(frames))          # or the answer to the first may come before the next is there
        got = reaction(sock, reader)
        sock.close()
        if is_expected(got, expected):
            good += 1
        else:
            print('%s: "%s" instead of "%s"' % (name, got, expected))
    print('%d of %d as expected' % (good, len(CASES)))
    return good != len(CASES)


sys.exit(main(sys.argv[1]))
