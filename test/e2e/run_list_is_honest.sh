#!/usr/bin/env bash
# Of a run whose agent could not be reached it is known that it never began: it is not listed as one that goes on, and who
# waits for it is told. A long history is told in parts that can be read.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run -n web1 true
stop_daemon "$master_pid"

# The first becomes one that never began, 30000 come to it.
"$python" - "$T/master/registry.db" <<'PYTHON'
import os
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1])
columns = [c[1] for c in db.execute('PRAGMA table_info(runs)')]
row = dict(zip(columns, db.execute('SELECT * FROM runs LIMIT 1').fetchone()))


def put(**changes):
    changed = {**row, 'id': os.urandom(16), **changes}
    db.execute('INSERT INTO runs (%s) VALUES (%s)' % (','.join(columns), ','.join('?' * len(columns))),
               [changed[c] for c in columns])


put(id=bytes.fromhex(16 * 'ab'), state='unreachable', reason='refused', is_void=1, is_open=0,
    since_ms=row['ended_ms'])
for i in range(30000):
    put(started_ms=row['started_ms'] - i, command='true ' + 100 * 'x')
db.commit()
PYTHON
start_master
run sloth run list
assert_status 1
assert_stderr_has 'no run is under way'
run sloth run list --state unreachable
assert_status 0
run timeout 10 sloth run wait abababababab
assert_status 125
assert_stderr_has refused
run sloth history -n 1000000
assert_status 0
[ "$(wc -l <"$T/stdout")" -gt 5000 ] || fail "only $(wc -l <"$T/stdout") runs are told"
assert_stderr_has 'older ones were left out'
