#!/usr/bin/env bash
# -o box: the result in a closed box, every line of the same width, counted in columns.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run sloth agent run -o box web1 'echo plain; echo 日本語; echo "e\u0301"; echo oops >&2'
assert_status 0
assert_stdout_has SUCCESS
assert_stdout_has 'exit 0 after'
assert_stdout_has web1
assert_stdout_has plain
assert_stdout_has 日本語
assert_stdout_has oops
"$python" - "$T/stdout" <<-'PY' || fail "the sides of the box are not straight"
import sys, unicodedata
def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)
lines = [line for line in open(sys.argv[1], encoding='utf-8').read().split('\n') if line]
widths = {width(line) for line in lines}
sys.exit(len(widths) != 1 or lines[0][0] != '┌' or lines[-1][-1] != '┘')
PY

run sloth agent run -o box web1 'exit 9'
assert_status 9
assert_stdout_has 'exit 9 after'
assert_stdout_lacks SUCCESS
