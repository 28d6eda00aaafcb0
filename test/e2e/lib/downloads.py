#!/usr/bin/env python3
# downloads.py PORT PATH N PER_ADDRESS - N downloads at once over HTTP/1.x in TLS, PER_ADDRESS from each of 127.0.2.1,
# 127.0.2.2 and so on. Each reads the head of its answer and then nothing. Prints "holding N" when all have begun, and
# "N left" when standard input has ended: those that were not closed.
import resource
import select
import socket
import ssl
import sys

port, path, n, per_address = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def begin(i):
    s = socket.socket()
    s.settimeout(30)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.bind(('127.0.2.%d' % (i // per_address + 1), 0))
    s.connect(('127.0.0.1', port))
    s = context.wrap_socket(s)
    s.sendall(b'GET %s HTTP/1.0\r\n\r\n' % path.encode())
    head = b''
    while b'\r\n\r\n' not in head:
        data = s.recv(1024)
        if not data:
            raise SystemExit('download %d: closed after %r' % (i + 1, head))
        head += data
    if not head.startswith(b'HTTP/1.1 200 '):
        raise SystemExit('download %d: %r' % (i + 1, head))
    return s


def is_alive(s):
    """The last bytes that came are still unread; an end or a reset shows as such."""
    poll = select.poll()
    poll.register(s, select.POLLRDHUP)
    return not poll.poll(0)


downloads = [begin(i) for i in range(n)]
print('holding', len(downloads), flush=True)
sys.stdin.read()
print(sum(is_alive(s) for s in downloads), 'left')
