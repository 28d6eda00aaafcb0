"""json_get.py PATH < DOCUMENT: prints the value at a path like .agents[0].name; nothing when it is not there.

"A // B" prints the first that is there. true, false, numbers and strings as they are, the rest as JSON.
"""
import json
import re
import sys


def look_up(value, path):
    for name, index in re.findall(r'\.([A-Za-z_]\w*)|\[(\d+)\]', path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        if value is None:
            return None
    return value


def main():
    document = json.load(sys.stdin)
    for path in sys.argv[1].split('//'):
        value = look_up(document, path.strip())
        if value is not None:
            print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            return


main()
