"""stopped_readers.py N BYTES PATTERN COMMAND...: N times the command, whose output nobody reads until a line comes on stdin.

Then each is read until it has given BYTES bytes, and its output is closed; with 0 it is read to its end. Each byte has to
be what repetitions of PATTERN and a line break make. Prints "begun", and in the end one line: how many were right, and how
often each exit status came: "right 200; status 141: 200".
"""
import collections
import subprocess
import sys
import threading

CHUNK = 65536


def read(process, limit, unit, wrong):
    pattern = unit * (CHUNK // len(unit) + 2)
    n = 0
    while limit == 0 or n < limit:
        data = process.stdout.read(CHUNK)
        if not data:
            break
        at = n % len(unit)
        if data != pattern[at:at + len(data)]:
            wrong.append(f'other bytes after {n}')
            break
        n += len(data)
    if n < limit:
        wrong.append(f'{n} bytes only')
    process.stdout.close()
    process.wait()


def main():
    count, limit, unit = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode() + b'\n'
    runs = [subprocess.Popen(sys.argv[4:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) for _ in range(count)]
    print('begun', flush=True)
    sys.stdin.readline()
    wrong = []
    threads = [threading.Thread(target=read, args=(run, limit, unit, wrong)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = collections.Counter(run.returncode for run in runs)
    print(f'right {count - len(wrong)};', ', '.join(f'status {code}: {n}' for code, n in sorted(statuses.items())))
    for line in wrong[:5]:
        print(line)


main()
