"""raw.py: peers that do not keep to the rules. Each prints what it met as one line.

  raw.py garbage ADDRESS          bytes of every sort on many connections; ends when each has been closed
  raw.py idle ADDRESS N [FILES]   N connections that are up and have nothing to say, kept until SIGTERM; prints "idle N".
                                  With TLS as whoever FILES.key and FILES.crt are, each from an address of its own
  raw.py never-read ADDRESS PATH  one call after the other, never reading; ends when the server has had enough
  raw.py post ADDRESS PATH HEX [--type T] [--no-end] [--method M]
                                  one request with this body (without a length prefix of our own), prints
                                  ":status grpc-status grpc-message" or "reset CODE" or "closed"
  raw.py refuse SOCKET HOW        a server on a unix socket, until SIGTERM; prints a line for each request. HOW: "stream"
                                  (the first request is refused), "goaway" (with its connection), "always" (all are),
                                  "reset" (the first is reset after it may have been looked at); others get an
                                  empty message

ADDRESS is HOST:PORT or unix:/PATH. HTTP/2 is spoken by hand: literal headers only, no table.
"""
import os
import select
import signal
import socket
import ssl
import struct
import sys
import time

DATA, HEADERS, RST, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'


def connect(address, timeout=20):
    if address.startswith('unix:'):
        sock = socket.socket(socket.AF_UNIX)
        target = address[5:]
    else:
        sock = socket.socket(socket.AF_INET)
        host, _, port = address.rpartition(':')
        target = (host, int(port))
    sock.settimeout(timeout)
    sock.connect(target)
    return sock


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + bytes((kind, flags)) + struct.pack('>I', stream) + payload


def field(name, value):
    return b'\x00' + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()


def request_headers(path, kind='application/grpc', method='POST'):
    return b''.join((field(':method', method), field(':scheme', 'http'), field(':path', path),
                     field(':authority', 'test'), field('content-type', kind), field('te', 'trailers')))


class Reader:
    """Frames as they come."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b''

    def take(self, n):
        while len(self.buffer) < n:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        head, self.buffer = self.buffer[:n], self.buffer[n:]
        return head

    def frame(self):
        head = self.take(9)
        length = struct.unpack('>I', b'\0' + head[:3])[0]
        return head[3], head[4], struct.unpack('>I', head[5:])[0] & 0x7fffffff, self.take(length)


def answer(sock, stream):
    sock.sendall(frame(HEADERS, END_HEADERS, stream, field(':status', '200') + field('content-type', 'application/grpc'))
                 + frame(DATA, 0, stream, bytes(5))
                 + frame(HEADERS, END_HEADERS | END_STREAM, stream, field('grpc-status', '0')))


def refuse(sock, stream, how):
    if how == 'goaway':
        sock.sendall(frame(GOAWAY, 0, 0, bytes(8)))
        sock.shutdown(socket.SHUT_WR)
    else:
        sock.sendall(frame(RST, 0, stream, struct.pack('>I', 2 if how == 'reset' else 7)))


def serve_refusing(sock, how, n):
    reader = Reader(sock)
    reader.take(len(PREFACE))
    sock.sendall(frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
    while True:
        kind, _, stream, _ = reader.frame()
        if kind != HEADERS:
            continue
        n += 1
        print('request', n, flush=True)
        if n == 1 or how == 'always':
            refuse(sock, stream, how)
            if how == 'goaway':
                return n
        else:
            answer(sock, stream)


def cmd_refuse(path, how):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + '.new')
    listener.listen()
    os.rename(path + '.new', path)      # whoever sees it can connect
    n = 0
    while True:
        sock = listener.accept()[0]
        sock.settimeout(20)
        try:
            n = serve_refusing(sock, how, n)
            sock.recv(65536)
        except (EOFError, OSError):
            pass
        sock.close()


def is_closed(sock, seconds):
    """Whether the peer closes within that time; what it says meanwhile is read and dropped."""
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            return False
        try:
            if not sock.recv(65536):
                return True
        except OSError:
            return True


def garbage_samples():
    noise = os.urandom(4096)
    settings = frame(SETTINGS, 0, 0)
    hello = PREFACE + settings
    return {
        'random bytes': noise,
        'http/1.1': b'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
        'a tls client hello': bytes.fromhex('16030100a5010000a10303') + noise[:160],
        'an ssh banner': b'SSH-2.0-OpenSSH_9.2p1\r\n',
        'a preface with a wrong end': PREFACE[:-2] + b'XX' + noise,
        'a wrong reverse preface': b'SLOTH-RH2 9\r\n' + noise,
        'a preface, then noise': hello + noise,
        'a frame of 16 MiB': hello + b'\xff\xff\xff' + bytes((DATA, 0)) + struct.pack('>I', 1) + noise,
        'broken header compression': hello + frame(HEADERS, END_HEADERS, 1, b'\xff' * 200),
        'headers on an even stream': hello + frame(HEADERS, END_HEADERS, 2, request_headers('/x')),
        'data on an idle stream': hello + frame(DATA, 0, 5, b'x'),
        'settings of a wrong length': PREFACE + frame(SETTINGS, 0, 0, b'12345'),
        'a ping of a wrong length': hello + frame(PING, 0, 0, b'123'),
        'a push promise': hello + frame(5, END_HEADERS, 1, b'\0\0\0\2'),
        'a continuation without headers': hello + frame(9, END_HEADERS, 1, b''),
        'a window of zero': hello + frame(8, 0, 0, b'\0\0\0\0'),
    }


def cmd_garbage(address):
    kept = []
    for name, data in garbage_samples().items():
        sock = connect(address)
        try:
            sock.sendall(data)
        except OSError:
            pass
        if not is_closed(sock, 15):
            kept.append(name)
        sock.close()
    print('all closed' if not kept else 'still open after: ' + ', '.join(kept))


def connect_tls(context, address, i):
    host, _, port = address.rpartition(':')
    sock = socket.create_connection((host, int(port)), 20, (f'127.3.{i // 250}.{i % 250 + 1}', 0))
    return context.wrap_socket(sock)


def tls_context(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(files + '.crt', files + '.key')
    context.set_alpn_protocols(['h2'])
    return context


def cmd_idle(address, n, files=None):
    context = tls_context(files) if files else None
    socks = []
    for i in range(int(n)):
        sock = connect_tls(context, address, i) if files else connect(address)
        sock.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
        Reader(sock).frame()
        socks.append(sock)
    print('idle', len(socks), flush=True)
    signal.pause()


def cmd_never_read(address, path):
    sock = connect(address)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.sendall(PREFACE + frame(SETTINGS, 0, 0))
    sent, stream = 0, 1
    deadline = time.monotonic() + 8
    sock.settimeout(0.2)
    body = b'\0\0\0\0\0'
    try:
        while time.monotonic() < deadline:
            block = b''
            for _ in range(50):
                block += frame(HEADERS, END_HEADERS, stream, request_headers(path)) + frame(DATA, END_STREAM, stream, body)
                stream += 2
            try:
                sock.sendall(block)
                sent += 50
            except socket.timeout:
                break
    except OSError:
        pass
    print('requests sent:', sent)


def cmd_post(address, path, body, *options):
    kind, method, end = 'application/grpc', 'POST', True
    words = list(options)
    while words:
        word = words.pop(0)
        if word == '--type':
            kind = words.pop(0)
        elif word == '--method':
            method = words.pop(0)
        elif word == '--no-end':
            end = False
    sock = connect(address)
    sock.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, request_headers(path, kind, method)) +
                 frame(DATA, END_STREAM if end else 0, 1, bytes.fromhex(body)))
    reader = Reader(sock)
    blocks = []
    try:
        while True:
            kind, flags, stream, payload = reader.frame()
            if kind == SETTINGS and not flags & ACK:
                sock.sendall(frame(SETTINGS, ACK, 0))
            elif kind == HEADERS and stream == 1:
                blocks.append(payload)
                if flags & END_STREAM:
                    break
            elif kind == DATA and stream == 1 and flags & END_STREAM:
                break
            elif kind == RST and stream == 1:
                print('reset', struct.unpack('>I', payload)[0])
                return
            elif kind == GOAWAY and struct.unpack('>I', payload[4:8])[0]:
                print('goaway', struct.unpack('>I', payload[4:8])[0], payload[8:].decode('latin-1'))
                return
    except (EOFError, OSError):
        print('closed')
        return
    print(decode(blocks))


def decode(blocks):
    table = Hpack()
    seen = {}
    for block in blocks:
        seen.update(table.decode(block))
    return ' '.join(seen.get(name, '-') for name in (':status', 'grpc-status', 'grpc-message'))


STATIC_TABLE = [
    ('', ''), (':authority', ''), (':method', 'GET'), (':method', 'POST'), (':path', '/'), (':path', '/index.html'),
    (':scheme', 'http'), (':scheme', 'https'), (':status', '200'), (':status', '204'), (':status', '206'),
    (':status', '304'), (':status', '400'), (':status', '404'), (':status', '500')] + [
    (name, '') for name in (
        'accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin age allow '
        'authorization cache-control content-disposition content-encoding content-language content-length '
        'content-location content-range content-type cookie date etag expect expires from host if-match '
        'if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards '
        'proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie '
        'strict-transport-security transfer-encoding user-agent vary via www-authenticate').split()]


class Hpack:
    """A decoder for header blocks (RFC 7541)."""

    def __init__(self):
        self.dynamic = []

    def entry(self, index):
        return STATIC_TABLE[index] if index < len(STATIC_TABLE) else self.dynamic[index - len(STATIC_TABLE)]

    def decode(self, block):
        self.block, self.at = block, 0
        fields = {}
        while self.at < len(block):
            first = block[self.at]
            if first & 0x80:
                name, value = self.entry(self.integer(7))
            elif first & 0xe0 == 0x20:
                self.integer(5)
                continue
            else:
                is_kept = first & 0x40
                index = self.integer(6 if is_kept else 4)
                name = self.entry(index)[0] if index else self.string()
                value = self.string()
                if is_kept:
                    self.dynamic.insert(0, (name, value))
            fields[name] = value
        return fields

    def integer(self, bits):
        limit = (1 << bits) - 1
        value = self.block[self.at] & limit
        self.at += 1
        if value < limit:
            return value
        for shift in range(0, 35, 7):
            byte = self.block[self.at]
            self.at += 1
            value += (byte & 0x7f) << shift
            if not byte & 0x80:
                break
        return value

    def string(self):
        is_huffman = self.block[self.at] & 0x80
        n = self.integer(7)
        data = self.block[self.at:self.at + n]
        self.at += n
        return huffman(data) if is_huffman else data.decode('latin-1')


def huffman(data):
    bits = ''.join(format(byte, '08b') for byte in data)
    text, code = '', ''
    for bit in bits:
        code += bit
        if code in HUFFMAN:
            text += HUFFMAN[code]
            code = ''
    return text


# RFC 7541, appendix B, for printable characters.
HUFFMAN = {format(code, '0%db' % n): char for char, code, n in (
    ('0', 0x0, 5), ('1', 0x1, 5), ('2', 0x2, 5), ('a', 0x3, 5), ('c', 0x4, 5), ('e', 0x5, 5), ('i', 0x6, 5),
    ('o', 0x7, 5), ('s', 0x8, 5), ('t', 0x9, 5), (' ', 0x14, 6), ('%', 0x15, 6), ('-', 0x16, 6), ('.', 0x17, 6),
    ('/', 0x18, 6), ('3', 0x19, 6), ('4', 0x1a, 6), ('5', 0x1b, 6), ('6', 0x1c, 6), ('7', 0x1d, 6), ('8', 0x1e, 6),
    ('9', 0x1f, 6), ('=', 0x20, 6), ('A', 0x21, 6), ('_', 0x22, 6), ('b', 0x23, 6), ('d', 0x24, 6), ('f', 0x25, 6),
    ('g', 0x26, 6), ('h', 0x27, 6), ('l', 0x28, 6), ('m', 0x29, 6), ('n', 0x2a, 6), ('p', 0x2b, 6), ('r', 0x2c, 6),
    ('u', 0x2d, 6), (':', 0x5c, 7), ('B', 0x5d, 7), ('C', 0x5e, 7), ('D', 0x5f, 7), ('E', 0x60, 7), ('F', 0x61, 7),
    ('G', 0x62, 7), ('H', 0x63, 7), ('I', 0x64, 7), ('J', 0x65, 7), ('K', 0x66, 7), ('L', 0x67, 7), ('M', 0x68, 7),
    ('N', 0x69, 7), ('O', 0x6a, 7), ('P', 0x6b, 7), ('Q', 0x6c, 7), ('R', 0x6d, 7), ('S', 0x6e, 7), ('T', 0x6f, 7),
    ('U', 0x70, 7), ('V', 0x71, 7), ('W', 0x72, 7), ('Y', 0x73, 7), ('j', 0x74, 7), ('k', 0x75, 7), ('q', 0x76, 7),
    ('v', 0x77, 7), ('w', 0x78, 7), ('x', 0x79, 7), ('y', 0x7a, 7), ('z', 0x7b, 7), ('&', 0xf8, 8), ('*', 0xf9, 8),
    (',', 0xfa, 8), (';', 0xfb, 8), ('X', 0xfc, 8), ('Z', 0xfd, 8), ('!', 0x3f8, 10), ('"', 0x3f9, 10),
    ('(', 0x3fa, 10), (')', 0x3fb, 10), ('?', 0x3fc, 10), ("'", 0x7fa, 11), ('+', 0x7fb, 11), ('|', 0x7fc, 11),
    ('#', 0xffa, 12), ('>', 0xffb, 12), ('$', 0x1ff9, 13), ('@', 0x1ffa, 13), ('[', 0x1ffb, 13), (']', 0x1ffc, 13))}


def main():
    globals()['cmd_' + sys.argv[1].replace('-', '_')](*sys.argv[2:])


if __name__ == '__main__':
    main()
