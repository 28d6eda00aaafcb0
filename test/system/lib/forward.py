"""forward.py ADDRESS PORT ADDRESS PORT - forwards connections, as a proxy device of a container does."""
import socket
import sys
import threading


def pump(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def quietly(source, target):
    try:
        pump(source, target)
    except OSError:
        source.close()
        target.close()


def main(address, port, to_address, to_port):
    listener = socket.create_server((address, int(port)))
    while True:
        near = listener.accept()[0]
        try:
            far = socket.create_connection((to_address, int(to_port)))
        except OSError:
            near.close()
            continue
        for pair in ((near, far), (far, near)):
            threading.Thread(target=quietly, args=pair, daemon=True).start()


main(*sys.argv[1:])
