"""manager.py FOLDER COMMAND... - a service manager for one program, as far as its sockets go.

What the program asks it to keep (FDSTORE=1 in a datagram to $NOTIFY_SOCKET) it keeps, and passes to the next process of that
program, which it starts when there is a file FOLDER/next. FOLDER/pid has the pid of the one that runs; what the others say
to it is in FOLDER/said. SIGTERM ends both.
"""
import array
import os
import select
import signal
import socket
import sys

FDS_MAX = 16


def receive(manager, kept, said):
    data, control, _, _ = manager.recvmsg(4096, socket.CMSG_SPACE(4 * FDS_MAX))
    fds = array.array("i")
    for level, kind, payload in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(payload)
    for fd in fds:
        os.set_inheritable(fd, False)
    lines = data.decode().split("\n")
    print(*lines, sep="\n", file=said, flush=True)
    name = next((line[7:] for line in lines if line.startswith("FDNAME=")), "stored")
    if "FDSTOREREMOVE=1" in lines:
        for fd, its_name in kept:
            if its_name == name:
                os.close(fd)
        kept[:] = [pair for pair in kept if pair[1] != name]
    if "FDSTORE=1" in lines:
        kept.extend((fd, name) for fd in fds)


def start(command, folder, kept):
    fds = [fd for fd, _ in kept]

    def pass_fds():
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
            os.close(fd)
        if fds:
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)),
                              LISTEN_FDNAMES=":".join(name for _, name in kept))

    os.environ["NOTIFY_SOCKET"] = folder + "/notify"
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        pass_fds()
        os.execvp(command[0], command)
    with open(folder + "/pid", "w", encoding="ascii") as file:
        file.write(str(pid))
    return pid


def main(folder, *command):
    os.makedirs(folder, exist_ok=True)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(folder + "/notify")
    kept, pid = [], 0

    def end(*_):
        if pid:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    with open(folder + "/said", "w", encoding="utf-8") as said:
        pid = start(command, folder, kept)
        while True:
            if select.select([manager], [], [], 0.02)[0]:
                receive(manager, kept, said)
            if pid and os.waitpid(pid, os.WNOHANG)[0]:
                pid = 0
            if not pid and os.path.exists(folder + "/next"):
                os.remove(folder + "/next")
                pid = start(command, folder, kept)


main(*sys.argv[1:])
