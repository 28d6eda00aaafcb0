"""answer.py HOW: something on a port of 127.0.0.1 that is no agent. Prints the port, and goes on to SIGTERM.

  close      accepts and closes: a forward whose other end does not answer
  http       answers every connection with an HTTP/1.1 error
  silence    accepts, and says nothing
  drop       takes no connection: its backlog is full, and what comes is dropped as a firewall does it
"""
import socket
import sys

how = sys.argv[1]
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(0 if how == 'drop' else 64)
waiting = []
if how == 'drop':
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
        waiting.append(one)
print(listener.getsockname()[1], flush=True)
while how == 'drop':
    import signal
    signal.pause()
while True:
    one, _ = listener.accept()
    if how == 'silence':
        waiting.append(one)
        continue
    if how == 'http':
        one.recv(4096)
        one.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
    one.close()
