"""json_manual.py PAGE MASTER-PAGE DOCUMENTS - documents of sloth against sloth-json(5), both ways.

DOCUMENTS is a directory of files named "COMMAND.NUMBER", with what that command has printed. Each member has to stand in
the page and be of its type; each member of the page, with each of its types but null, has to be in one of the documents.
"""
import collections
import glob
import json
import os
import re
import sys

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
IS_OF = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "time": lambda v: isinstance(v, str) and TIME.match(v) is not None,
    "any": lambda v: True,
}
problems = []
seen = set()  # (object or command, member, type)


class Schema:
    """The page: members of objects and of commands, as {name: (types, is_optional)}."""

    def __init__(self, path):
        self.objects, self.commands = {}, {}
        self.includes = collections.defaultdict(list)  # commands that print an object of that name
        here, names = None, []
        for line in open(path).read().split("\n"):
            if line.startswith((".Ss ", ".Sh ")):
                here, names = self.begin(line[4:].replace("\\&", ""))
            elif line.startswith(".Em ") and here is not None and names:
                self.includes[names[0]].append(line[4:].rstrip(" ,."))
            item = re.match(r"\.It Li (\w+) Pq ([^,]+)(, only .*)?", line)
            if item and here is not None:
                here[item.group(1)] = (item.group(2).split(" or "), bool(item.group(3)))

    def begin(self, title):
        members = {}
        if re.match(r"slothd?-?\w* ", title):
            names = [re.sub("^sloth ", "", name) for name in title.split(" , ")]
            for name in names:
                self.commands[name] = (names[0], members)
            return members, names
        if title in ("Types", "Stability", "Errors") or not re.match(r"(An? \w+|Facts)\Z", title):
            return None, []
        self.objects[title.split()[-1].lower()] = members
        return members, []

    def of_command(self, name):
        """Its members, each with where it is described."""
        first, members = self.commands[name]
        found = {key: (first, row) for key, row in members.items()}
        for included in self.includes[first]:
            found.update({key: (included, row) for key, row in self.objects[included].items()})
        return found


def fits(schema, value, kind, where):
    if kind.startswith("array of "):
        kind = kind[len("array of "):]
        return isinstance(value, list) and all(fits(schema, item, kind, f"{where}[]") for item in value)
    if kind in IS_OF:
        return IS_OF[kind](value)
    if not isinstance(value, dict):
        return False
    check(value, {key: (kind, row) for key, row in schema.objects[kind].items()}, where, schema)
    return True


def check(document, members, where, schema):
    if set(document) == {"error"} and isinstance(document["error"], str):
        return
    for key, value in document.items():
        if key not in members:
            if key != "error":
                problems.append(f"{where}.{key} is not in the page")
            continue
        home, (kinds, _) = members[key]
        fitting = [kind for kind in kinds if fits(schema, value, kind, f"{where}.{key}")]
        if not fitting:
            problems.append(f"{where}.{key} is {json.dumps(value)[:80]}, in the page {' or '.join(kinds)}")
        seen.update((home, key, kind) for kind in fitting if value != [])
    for key, (_, (_, is_optional)) in members.items():
        if key not in document and not is_optional:
            problems.append(f"{where} has no {key}")


def check_unseen(schema, checked):
    homes = {home: members for home, members in schema.commands.values() if members}
    homes.update(schema.objects)
    for home, members in sorted(homes.items()):
        for key, (kinds, _) in members.items():
            for kind in set(kinds) - {"null"}:
                if (home, key, kind) not in seen:
                    problems.append(f"no document has {home}.{key} as {kind}")
    for name in schema.commands:
        if name not in checked:
            problems.append(f"no document of {name}")


def record_members(path):
    """The members of a record of the audit log, which slothd-master(8) explains."""
    section = re.search(r"^\.Sh AUDIT LOG\n(.*?)^\.Sh ", open(path).read(), re.M | re.S).group(1)
    names = [name for line in re.findall(r"^\.It Li (.*)", section, re.M) for name in line.split(" , ")]
    return {name: ("audit", (["any"], True)) for name in names}


def main():
    schema = Schema(sys.argv[1])
    audit = record_members(sys.argv[2])
    checked = set()
    for path in sorted(glob.glob(sys.argv[3] + "/*")):
        name = os.path.basename(path).rsplit(".", 1)[0]
        checked.add(name)
        documents = open(path).read().rstrip("\n").split("\n")
        if name != "audit" and len(documents) != 1:
            problems.append(f"{name}: {len(documents)} lines")
        if name not in schema.commands:
            problems.append(f"{name} is not in the page")
            continue
        for text in documents:
            check(json.loads(text), audit if name == "audit" else schema.of_command(name), name, schema)
    for key in audit:
        if ("audit", key, "any") not in seen:
            problems.append(f"no record of the audit log has {key}")
    check_unseen(schema, checked)
    for text in sorted(set(problems)):
        print(text)
    sys.exit(1 if problems else 0)


main()
