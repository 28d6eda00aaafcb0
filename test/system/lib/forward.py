"""forward.py ADDRESS PORT ADDRESS PORT [NETWORK] - forwards connections, as a proxy device of a container does.

It listens in the network in which it was started; NETWORK, the file of a network namespace, is where it connects from."""
import ctypes
import os
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000


def enter(network):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(network) as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), network)


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


def main(address, port, to_address, to_port, network=None):
    listener = socket.create_server((address, int(port)))
    if network:
        enter(network)
    print("forwarding", flush=True)
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
