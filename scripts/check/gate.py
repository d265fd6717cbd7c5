"""What the gates that are written in Python share: the files of the repository, findings, the verdict, tables in Markdown.

A gate prints its findings, one a line as "file:line: text", and ends with a line that says what it has looked at."""

import os
import signal
import sys

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REPO = os.environ.get("ZK_GATE_TREE") or HOME  # another tree, for the tests of the gates
BUILD_DIR = os.environ.get("ZKPEER_BUILD_DIR", os.path.join(REPO, "build", "dev"))
FLOORS = ("base", "runtime", "io", "jute", "ensemble", "watch", "tree", "persistence", "server", "command", "cnxn", "quorum",
          "election", "zab", "peer")

# Ctrl-C ends a gate without a stack of Python's, and with the exit code of the other scripts.
signal.signal(signal.SIGINT, lambda *_: os._exit(130))
os.chdir(REPO)


def sources(*directories):
    """The C sources and headers below these directories, relative to the repository, in order."""
    found = []
    for directory in directories:
        for where, _, names in os.walk(directory):
            found += [os.path.join(where, name) for name in names if name.endswith((".c", ".h"))]
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def die(words):
    print(f"{os.environ.get('ZK_SCRIPT', os.path.basename(sys.argv[0]))}: {words}", file=sys.stderr)
    sys.exit(1)


class Gate:
    """Collects findings; each is told once."""

    def __init__(self):
        self.findings = []

    def finding(self, path, line, text):
        words = f"{path}:{line}: {text}"
        if words not in self.findings:
            self.findings.append(words)

    def verdict(self, looked_at):
        """Ends the gate."""
        for words in self.findings:
            print(words)
        if self.findings:
            print(f"{len(self.findings)} finding{'s' if len(self.findings) > 1 else ''}")
            sys.exit(1)
        print(looked_at)


class Book:
    """A Markdown file that holds a generated table between two marks."""

    def __init__(self, path, mark, writer):
        self.path, self.writer = path, writer
        self.begin, self.end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
        self.lines = read(path).split("\n")
        if self.lines.count(self.begin) != 1 or self.lines.count(self.end) != 1:
            die(f"{path} needs one line {self.begin} and one line {self.end}")
        self.first = self.lines.index(self.begin) + 1
        self.last = self.lines.index(self.end)

    def check(self, gate, table):
        if self.lines[self.first:self.last] != table:
            gate.finding(self.path, self.first, f"this table is not what the sources say now; write it with: {self.writer} --write")

    def write(self, table):
        """In place: the file keeps its mode, and may be a link."""
        with open(self.path, "w", encoding="utf-8") as stream:
            stream.write("\n".join(self.lines[:self.first] + table + self.lines[self.last:]))
