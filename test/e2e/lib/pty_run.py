"""pty_run.py [--size ROWSxCOLUMNS] STEP... -- COMMAND...: runs a command on a terminal of its own.

Steps, one after the other:
  expect:REGEX   wait until the terminal has shown it (after what the step before matched)
  send:TEXT      type it; \\r \\n \\x03 and the like are understood
  touch:FILE     make a file, for others to see
  close          hang up

Prints everything that the terminal showed. Exit status: that of the command; 128+N after signal N; 99 when an
expected text did not come in 20 s or the command did not end.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

LIMIT_S = 20


class Terminal:
    def __init__(self, command, rows, columns):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        self.shown = b''
        self.seen = 0

    def read(self, seconds):
        """Takes in what is there; False at the end of the terminal."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b''
        self.shown += data
        return bool(data)

    def expect(self, pattern):
        deadline = time.monotonic() + LIMIT_S
        is_open = True
        while True:
            found = re.search(pattern.encode(), self.shown[self.seen:], re.DOTALL)
            if found:
                self.seen += found.end()
                return
            if not is_open or time.monotonic() > deadline:
                raise TimeoutError('the terminal never showed ' + pattern)
            is_open = self.read(0.1)

    def send(self, text):
        os.write(self.fd, text.encode().decode('unicode_escape').encode('latin-1'))

    def finish(self):
        deadline = time.monotonic() + LIMIT_S
        while self.fd >= 0 and self.read(0.1):
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError('the command did not end')
        return self.status()

    def status(self):
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def main():
    words = sys.argv[1:]
    rows, columns = 24, 80
    if words[0] == '--size':
        rows, columns = map(int, words[1].split('x'))
        words = words[2:]
    split = words.index('--')
    terminal = Terminal(words[split + 1:], rows, columns)
    code = 99
    try:
        for step in words[:split]:
            kind, _, value = step.partition(':')
            if kind == 'close':
                os.close(terminal.fd)
                terminal.fd = -1
            elif kind == 'touch':
                open(value, 'w').close()
            else:
                {'expect': terminal.expect, 'send': terminal.send}[kind](value)
        code = terminal.finish()
    except TimeoutError as error:
        print(f'pty_run: {error}', file=sys.stderr)
        try:
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.status()
        except (ProcessLookupError, ChildProcessError):
            pass
    sys.stdout.buffer.write(terminal.shown)
    sys.stdout.flush()
    sys.exit(code if code >= 0 else 128 - code)


main()
