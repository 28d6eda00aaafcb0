#!/usr/bin/env python3
"""manuals.py BUILD - the manuals of sloth and its commands say what the tables of the program say, and nothing else.

Each command has a page; the list in sloth(1) is that of the program. The options of a command, with their arguments and
the words to choose from, are the same in --help, in completion, in the text of its page and in the synopsis there. Those of
all commands stand in sloth(1). Every page names pages that there are, sloth(1) all of them; and every line in an example,
also in the README, that calls one of the programs gives it options that it has.

In a page the options of a command stand below ".It Cm COMMAND" or ".Ss sloth COMMAND"; where the page is about one
command only, everywhere.
"""

import glob
import os
import re
import shlex
import subprocess
import sys

BUILD = sys.argv[1]
WHICH_MASTER = {"master", "socket", "context", "insecure"}
problems = []


def ask(program, *words):
    return subprocess.run([os.path.join(BUILD, program), *words], capture_output=True, text=True, check=True).stdout


def differ(what, here, there, where):
    """Both are dicts or sets; `where` names the two sides."""
    for side, other, name in (here, there, where[0]), (there, here, where[1]):
        for key in sorted(set(side) - set(other)):
            problems.append(f"{what}: {key or 'the program'} stands in {name} only")
    if isinstance(here, dict) and isinstance(there, dict):
        for key in sorted(set(here) & set(there)):
            if here[key] != there[key]:
                problems.append(f"{what}: {key} is {here[key]} in {where[0]}, {there[key]} in {where[1]}")


def options_of_help(text):
    """{"state-dir": ("", "DIR")}: letter and argument."""
    rows = re.findall(r"^ {2}(?:-(\w), | {4})--([a-z][a-z-]*)(\[=\S+\]| \S+)?(?: {2}.*)?$", text, re.M)
    return {name: (letter, arg.strip().upper()) for letter, name, arg in rows}


class Command:
    """A command as the program tells of it; `below` are those of a group."""

    def __init__(self, *words):
        self.words = words
        self.path = " ".join(words)
        self.help = ask("bin/sloth", *words, "--help")
        self.is_wrapper = "Every other word goes to the daemon" in self.help
        self.options = options_of_help(self.help)
        self.operands = re.sub(r"^Usage: sloth( [a-z]+)*( \[OPTION\.\.\.\])?", "", self.help.split("\n")[0])
        list_below = re.search(r"^Commands:\n((?: {2}.*\n)+)", self.help, re.M)
        names = re.findall(r"^ {2}([a-z]+) ", list_below.group(1), re.M) if list_below else []
        self.below = {name: Command(*words, name) for name in names}

    def all(self):
        yield self
        for command in self.below.values():
            yield from command.all()

    def complete(self, *words):
        said = ask("bin/sloth", "__complete", *self.words, *words).split("\n")
        return {line.split("\t")[0] for line in said if line and not line.startswith(":")}

    def has_arguments(self):
        return not self.is_wrapper and (not self.below or not self.words)

    def check_help(self):
        page = "-".join(["sloth", *self.words[:1]])
        if f"The manual: {page}(1)." not in self.help:
            problems.append(f"sloth {self.path}: its help does not name {page}(1)")
        if not self.is_wrapper:
            completed = {word[2:] for word in self.complete("--")}
            differ(f"sloth {self.path}", set(self.options), completed, ("help", "completion"))


# ---- pages ----


def plain(macros):
    """What mdoc makes of arguments: "Ar name Ns = Ns Ar n Ns Op : Ns Ar hard" is "name=n[:hard]"."""
    text, is_joined, is_flag, open_to_end = "", True, False, 0
    for word in macros.split():
        if word == "Ns":
            is_joined = True
        elif word in ("Ar", "Cm", "Li", "Xr", "Fl"):
            is_flag = word == "Fl"
        elif word == "Oc":
            text += "]"
        elif word in ("Op", "Oo"):
            text += ("" if is_joined else " ") + "["
            is_joined = True
            open_to_end += word == "Op"
        else:
            text += ("" if is_joined else " ") + ("-" if is_flag and word[0] not in "|," else "") + word
            is_joined = False
    return text + "]" * open_to_end


class Page:
    """A manual page: options by command, synopses by command, words."""

    def __init__(self, path, commands):
        self.name = os.path.basename(path)
        self.source = open(path).read()
        self.lines = self.source.split("\n")
        self.words = set(re.findall(r"[\w-]+", self.source))
        self.about = {command.path for command in commands}
        self.single = next(iter(self.about)) if len(self.about) == 1 else None
        self.title = re.search(r"^\.Nd (.*)", self.source, re.M).group(1)
        self.options = {path: {} for path in self.about}
        self.synopses = {}
        self.read_synopses()
        self.read_options()

    def section(self, name):
        return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", self.source, re.M | re.S).group(1).strip().split("\n")

    def read_synopses(self):
        for line in self.section("SYNOPSIS"):
            if line.startswith(".Nm"):
                path = line[len(".Nm sloth "):]
                self.synopses[path] = ""
            else:
                self.synopses[path] += plain(line[1:]) + " "

    def command_of(self, words):
        """The longest beginning of these words that is a command of the page."""
        fits = [path for path in self.about if (words + " ").startswith(path + " ")]
        return max(fits, key=len) if fits else None

    def read_options(self):
        here = self.single
        for line in self.lines:
            if line.startswith((".Sh", ".Ss")):
                here = self.command_of(line[len(".Ss sloth "):]) if line.startswith(".Ss sloth ") else self.single
            elif line.startswith(".It Cm "):
                here = self.command_of(line[len(".It Cm "):]) or here
            item = re.match(r"\.It (?:Fl (\w) , )?Fl -([a-z][a-z-]*)(.*)", line)
            if not item:
                continue
            if here is None:
                problems.append(f"{self.name}: --{item.group(2)} stands below no command")
                continue
            if item.group(2) in self.options[here]:
                problems.append(f"{self.name}: sloth {here}: --{item.group(2)} stands there twice")
            self.options[here][item.group(2)] = (item.group(1) or "", plain(item.group(3)).strip().upper())


OPTION_GROUP = re.compile(r"\[-(?:[^\[\]]|\[[^\[\]]*\])*\]")


def check_synopsis(page, command, own):
    """The options of a synopsis are those of the text, its operands those of the program."""
    text = page.synopses.get(command.path, "")
    letters = {letter: name for name, (letter, _) in command.options.items() if letter}
    shown = set()
    for group in OPTION_GROUP.findall(text):
        for dashes, word, arg in re.findall(r"(--?)(\w[\w-]*)((?: [^-\]][^\]]*)?)", group):
            names = [word] if dashes == "--" else [letters.get(letter, "-" + letter) for letter in word]
            shown.update(names)
            choices = {choice.strip() for choice in arg.split("|")} if "| " in arg and "-" not in arg else set()
            for choice in choices - command.complete("--" + names[0], ""):
                problems.append(f"{page.name}: sloth {command.path} --{names[0]} does not take {choice}")
    differ(f"{page.name}: sloth {command.path}", set(own), shown, ("the text", "the synopsis"))
    operands = re.sub(r"\s", "", OPTION_GROUP.sub("", text)).upper()
    if command.words and operands != re.sub(r"\s", "", command.operands).upper():
        problems.append(f"{page.name}: sloth {command.path} takes{command.operands}, the synopsis says {operands}")


def check_command(page, command, common, without_master):
    own = page.options[command.path]
    if not command.has_arguments():
        if own:
            problems.append(f"{page.name}: sloth {command.path} has no options of its own")
        return
    for name in (name for name in own if command.options.get(name, ("", ""))[1]):
        for choice in command.complete("--" + name, "") - page.words:
            problems.append(f"{page.name}: sloth {command.path} --{name} takes {choice}, which is not in the page")
    if not command.words:
        differ("sloth", command.options, own, ("help", page.name))
    else:
        shared = {name: row for name, row in common.items() if name not in own and name != "version"}
        if command.path in without_master:
            shared = {name: row for name, row in shared.items() if name not in WHICH_MASTER}
        differ(f"sloth {command.path}", command.options, {**shared, **own}, ("help", f"sloth.1 or {page.name}"))
    check_synopsis(page, command, own)


def check_pages(root):
    pages = {path: None for path in glob.glob("man/sloth.1") + glob.glob("man/sloth-*.1")}
    wanted = {"man/sloth.1": [root]}
    for name, command in root.below.items():
        wanted[f"man/sloth-{name}.1"] = list(command.all())
    differ("pages", set(pages), set(wanted), ("man/", "the table of commands"))
    for path in set(pages) & set(wanted):
        pages[path] = Page(path, wanted[path])
    main = pages["man/sloth.1"]
    listed = dict(re.findall(r"^\.It Xr sloth-([a-z]+) 1\n(.*)", main.source, re.M))
    differ("COMMANDS", listed, {name: pages[f"man/sloth-{name}.1"].title for name in root.below}, (main.name, "the pages"))
    exempt = re.search(r"^\.Cm (.*)\nand\n\.Cm (.*)\ndo not look for a master", main.source, re.M)
    without_master = {*exempt.group(1).split(" , "), exempt.group(2)}
    for path, commands in wanted.items():
        called = {command.path for command in commands if command.is_wrapper or command.has_arguments()}
        differ("synopses", called, pages[path].synopses, ("the table of commands", path))
        for command in commands:
            check_command(pages[path], command, main.options[""], without_master)


def check_daemons():
    """The options of the daemons with their arguments; help.sh compares names with keys and with what is completed."""
    for name in "slothd-master", "slothd-agent":
        shown = options_of_help(ask("sbin/" + name, "--help"))
        source = open(f"man/{name}.8").read()
        lines = re.findall(r"^\.It (?:Fl (\w) , )?Fl -([a-z][a-z-]*)(.*)", source, re.M)
        page = {option: (letter, plain(arg).strip().upper()) for letter, option, arg in lines}
        differ(name, shown, page, ("help", f"{name}.8"))
        letters = {letter: option for option, (letter, _) in shown.items() if letter}
        synopses = re.search(r"^\.Sh SYNOPSIS\n(.*?)^\.Sh ", source, re.M | re.S).group(1).split(f".Nm {name}\n")
        own = [synopsis for synopsis in synopses if not synopsis.startswith(".Cm ca")]
        words = [word for synopsis in own for word in re.findall(r"Fl (\S+)", synopsis)]
        synopsis = {word[1:] if word[0] == "-" else letters.get(word, word) for word in words}
        differ(name, set(shown), synopsis, ("help", "the synopsis"))


# ---- what pages say of each other, and examples ----


def check_references():
    there = {os.path.basename(path) for path in glob.glob("man/*.[1-8]")} | {"sloth-runner.1"}
    for path in glob.glob("man/*.[1-8]"):
        source = open(path).read()
        named = {f"{name}.{section}" for name, section in re.findall(r"Xr ((?:sloth|bootstrap)\S*) (\d)", source)}
        for name in named - there:
            problems.append(f"{path} refers to {name}, which does not exist")
        if path == "man/sloth.1":
            seen = source[source.index(".Sh SEE ALSO"):]
            listed = {f"{name}.{section}" for name, section in re.findall(r"Xr (\S+) (\d)", seen)}
            for name in there - listed - {"sloth.1", "sloth-runner.1"}:
                problems.append(f"{path}: SEE ALSO lacks {name}")


def check_json(root):
    """Whatever takes -o json has its place in sloth-json(5); test/e2e looks at what it prints."""
    source = open("man/sloth-json.5").read()
    titles = re.findall(r"^\.Ss sloth (.*)", source, re.M)
    described = {path for title in titles for path in title.split(" , ")}
    commands = [command for command in root.all() if command.has_arguments() and command.path not in ("", "help")]
    wanted = {command.path for command in commands if "json" in command.complete("--output", "")}
    differ("-o json", wanted, described, ("the table of commands", "sloth-json.5"))


def check_protocol():
    """Every method of the services in the .proto files stands in sloth-protocol(7)."""
    source = open("man/sloth-protocol.7").read()
    for path in "wire/proto/agent.proto", "wire/proto/sloth.proto":
        text = open(path).read()
        package = re.search(r"^package (\S+);", text, re.M).group(1)
        for service, body in re.findall(r"^service (\w+) \{\n(.*?)^\}", text, re.M | re.S):
            section = re.search(rf"^\.Ss {package}\.{service}\n(.*?)^\.S[hs] ", source, re.M | re.S)
            listed = set(re.findall(r"^\.It Li (\w+)", section.group(1), re.M)) if section else set()
            differ(f"{package}.{service}", set(re.findall(r"^  rpc (\w+)", body, re.M)), listed, (path, "sloth-protocol.7"))


def examples(path):
    """Lines of commands in the literal displays of a page, or in the fenced blocks of a text."""
    source = open(path).read()
    if path.endswith(".md"):
        blocks = re.findall(r"^```\w*\n(.*?)^```", source, re.M | re.S)
    else:
        blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", source, re.M | re.S)
    for block in blocks:
        block = block.replace("\\e\n", "").replace("\\\n", "").replace("\\&", "").replace("\\-", "-")
        yield from block.split("\n")


PROGRAMS = {"sloth", "sloth-runner", "slothd-master", "slothd-agent"}
BEFORE_COMMANDS = {"sudo", "exec", "do", "then", "else", "while", "until", "if", "!", "time", "$"}


def calls(line):
    """The words of each call of a program of ours in a line of shell."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.commenters = "" if re.search(r"\$#|[^ ]#", line) else "#"
        words = list(lexer)
    except ValueError:
        return
    found, is_first = None, True
    for word in words + [";"]:
        if set(word) <= set(";&|()<>"):
            if found:
                yield found
            found, is_first = None, True
        elif found:
            found.append(word)
        elif is_first:
            name = os.path.basename(word)
            found = [name] if name in PROGRAMS else None
            is_first = word in BEFORE_COMMANDS or "=" in word


def wrong_option(words, options):
    """What is wrong among the options at the beginning of these words, and where they end."""
    letters = {letter: arg for letter, arg in options.values() if letter}
    at = 0
    while at < len(words) and re.match(r"--?\w", words[at]):
        name, _, value = words[at].lstrip("-").partition("=")
        is_long = words[at].startswith("--")
        if is_long and name not in options:
            return words[at], at
        if not is_long and not set(name[:1]) <= set(letters):
            return words[at], at
        arg = options[name][1] if is_long else "" if len(name) > 1 else letters[name[0]]
        at += 2 if arg and not arg.startswith("[") and not value else 1
    return None, at


def check_call(words, root, daemons):
    """What is wrong with this call, or None."""
    if words[0] in daemons:
        return wrong_option(words[1:], daemons[words[0]])[0]
    command, rest = root, words[1:]
    while True:
        daemon = "slothd-master" if command.path == "master" else "slothd-agent"
        options = daemons[daemon] if command.is_wrapper else command.options
        wrong, at = wrong_option(rest, options)
        if wrong:
            return wrong
        rest = rest[at:]
        if not rest or (not command.below and command.path == "agent run") or rest[0][0] in "-[":
            return None
        if command.below and not re.match(r"[A-Z$]", rest[0]):
            if rest[0] not in command.below:
                return None if command.is_wrapper else rest[0]
            command = command.below[rest[0]]
        rest = rest[1:]


def check_examples(root):
    daemons = {name: options_of_help(ask("sbin/" + name, "--help")) for name in ("slothd-master", "slothd-agent")}
    n = 0
    for path in sorted(glob.glob("man/*.[1-8]")) + ["README.md"]:
        for line in examples(path):
            for words in calls(line):
                n += 1
                wrong = check_call(words, root, daemons)
                if wrong:
                    problems.append(f"{path}: {wrong} is wrong in: {' '.join(words)}")
    if n < 100:
        problems.append(f"only {n} examples were found")


def main():
    root = Command()
    for command in root.all():
        command.check_help()
    check_pages(root)
    check_daemons()
    check_references()
    check_json(root)
    check_protocol()
    check_examples(root)
    for text in problems:
        print(text)
    sys.exit(1 if problems else 0)


main()
