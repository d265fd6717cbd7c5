"""The log dictionary: dictionary.sh tells what is checked; the form of log_dictionary.txt stands at its head."""

import re
import sys

from gate import Book, Gate, read, sources
from java import JARS, words_of

TABLE, DICTIONARY = "include/zk/runtime/log_table.h", "include/zk/runtime/log_dictionary.txt"
BOOK = "include/zk/runtime/LOG.md"
WIDTH, SHORTEST = 128, 6
_CONVERSION = re.compile(r"%(z?[dux]|s)")


class Line:
    """A line of the log: level, the number of its definition, its format (PRId64 is there as %d, PRIx32 as %x), and whose
    words they are: "Java", "loosely" Java's, or "ours"."""

    def __init__(self, name, level, whose, line, text):
        self.name, self.level, self.whose, self.line, self.format = name, level, whose, line, text


def joined(text):
    """The format that a definition's text stands for: strings and PRI macros, one behind the other."""
    out = ""
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"|PRI([a-z])[0-9]+', text):
        out += match.group(2) or match.group(1).replace('\\"', '"')
    return out


def log_table():
    """All lines, by name. Whose words they are says the comment right above: "J" Java's; "J, ..." loosely Java's; else
    ours."""
    found, comment, lines = {}, "", read(TABLE).split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("/*"):
            comment = line
        elif not line:
            comment = ""
        elif line.startswith("#define ZK_LOG_"):
            text, following = line, number
            while text.endswith("\\"):
                text = re.sub(r" *\\$", "", text) + " " + lines[following]
                following += 1
            name, text = re.match(r"#define +ZK_LOG_([A-Z0-9_]+) +(.*)", text).groups()
            level, text = text.split(",", 1)
            whose = "loosely" if comment.startswith("/* J,") else "Java" if comment.startswith("/* J") else "ours"
            found[name] = Line(name, re.sub(r"^ *ZK_", "", level), whose, number, joined(text))
            comment = ""
    return found


def pieces_of(whose, text):
    """What a line has between its values. The cause at its end is ours: Java prints a stack trace."""
    text = re.sub(r":?( (remote|sid)=%[ds])* reason=.*|: %s$", "", text)
    if whose == "loosely":
        text = re.sub(r" *[/=:'] *", "%s", text)
    return [piece for piece in re.split(r"%(?:z?[dux]|s)|\{[^}]*\}", text) if len(piece) >= SHORTEST]


def wrapped(text):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > WIDTH - 2:
            lines.append("  " + line)
            line = ""
        line += (" " if line else "") + word
    return [*lines, "  " + line]


class Dictionary:
    """Reads the dictionary; markdown is what the book prints of it, java what Java is said to say: (line, whose, piece)."""

    def __init__(self, gate, table):
        self.gate, self.table = gate, table
        self.markdown, self.java, self.known = [], [], set()
        self.number, self.headings = 0, 0
        self.begin_entry()
        lines = read(DICTIONARY).removesuffix("\n").split("\n")
        for self.number, line in enumerate(lines, 1):
            self.take(line)
        self.end_entry()
        for line in table.values():
            if line.name not in self.known:
                gate.finding(TABLE, line.line, f"ZK_LOG_{line.name} is not explained in log_dictionary.txt")

    def finding(self, text):
        self.gate.finding(DICTIONARY, self.number, text)

    def begin_entry(self):
        self.lines, self.worry, self.meaning, self.todo = [], "", "", ""

    def take(self, line):
        explained = re.match(r"  (fine|look|act): (.*)", line)
        foreign = re.match(r"Java (DEBUG|INFO|WARN|ERROR): (.*)", line)
        own = re.match(r"([A-Z][A-Z0-9_]*):(?: (.*)|$)", line)
        if line.startswith("#"):
            return
        if not line.strip(" "):
            self.end_entry()
        elif line.startswith("= "):
            self.end_entry()
            self.markdown += [""] * bool(self.headings) + [f"## {line[2:]}", ""]
            self.headings += 1
        elif foreign:
            self.java += [(f"{DICTIONARY}:{self.number}", "Java", piece) for piece in pieces_of("Java", foreign.group(2))]
            self.add_line(re.sub(r"[{}]", "", foreign.group(2)), f"{foreign.group(1)}, of Java alone")
        elif own:
            self.take_own(own.group(1), own.group(2) or "")
        elif explained:
            if self.worry:
                self.finding("a second meaning")
            self.worry, self.meaning = explained.groups()
        elif line.startswith("  do: "):
            self.todo = line[6:]
        elif re.match(r"  [^ ]", line):
            if self.todo:
                self.todo += " " + line[2:]
            else:
                self.meaning += " " + line[2:]
        else:
            self.finding("I do not understand this line")

    def take_own(self, name, values):
        if name not in self.table:
            self.finding(f"{name} is no line of the log table")
            return
        self.known.add(name)
        line = self.table[name]
        self.add_line(self.filled(line, values.split(" | ") if values else []), line.level + (", ours" if line.whose == "ours" else ""))

    def filled(self, line, values):
        """The format with one value for each of its conversions."""
        conversions = _CONVERSION.findall(line.format)
        for conversion, value in zip(conversions, values):
            pattern = {"x": "[0-9a-f]+", "d": "-?[0-9]+", "u": "-?[0-9]+", "zu": "-?[0-9]+"}.get(conversion, ".*")
            if not re.fullmatch(pattern, value):
                self.finding(f"{line.name}: %{conversion} stands for no {value}")
        if len(conversions) != len(values):
            self.finding(f"{line.name}: {len(conversions)} values are needed, {len(values)} are there")
        rest = iter(values)
        return _CONVERSION.sub(lambda _: next(rest, ""), line.format)

    def add_line(self, text, about):
        if self.worry:
            self.end_entry()
        self.lines.append(f"`{text.rstrip(' ')}` {about}")

    def end_entry(self):
        if not self.lines:
            return
        if not self.worry:
            self.finding("the entry above does not say fine, look or act")
        if self.worry not in ("", "fine") and not self.todo:
            self.finding(f"the entry above says {self.worry}, and not what to do")
        if self.worry == "fine" and self.todo:
            self.finding("the entry above has something to do, so it is no fine one")
        self.markdown += [("  " if i else "* ") + line + "\\" for i, line in enumerate(self.lines)]
        words = {"fine": "Fine. ", "look": "**Look.** "}.get(self.worry, "**Act.** ")
        self.markdown += wrapped(words + self.meaning + (f" *Do:* {self.todo}" if self.todo else ""))
        self.begin_entry()


def check_dead(gate, table):
    """Lines that no code writes."""
    used = set(re.findall(r"\bZK_LOG_([A-Z0-9_]+)\b", "\n".join(read(path) for path in sources("src"))))
    for line in table.values():
        if line.name not in used:
            gate.finding(TABLE, line.line, f"ZK_LOG_{line.name} is written nowhere in src")


def check_words(gate, table, dictionary):
    """Words that are said to be Java's and are not. Of a line that is loosely Java's one piece must be."""
    said = list(dictionary.java)
    for line in table.values():
        if line.whose != "ours":
            said += [(f"{TABLE}:{line.line}", line.whose, piece) for piece in pieces_of(line.whose, line.format)]
    classes, found = words_of(JARS[0]), {}
    for place, whose, piece in said:
        is_java = piece.encode() in classes
        found[place] = found.get(place, False) or is_java
        if not is_java and whose == "Java":
            gate.finding(*place.rsplit(":", 1), f"Java 3.8.0 does not say: {piece}")
    for place, whose, _ in said:
        if not found[place] and whose == "loosely":
            gate.finding(*place.rsplit(":", 1), "Java 3.8.0 says nothing of this")


def main():
    gate, table = Gate(), log_table()
    dictionary = Dictionary(gate, table)
    book = Book(BOOK, "dictionary", "scripts/check/dictionary.sh")
    if sys.argv[1:] == ["--print"]:
        print("\n".join(dictionary.markdown))
    elif sys.argv[1:] == ["--write"]:
        book.write(dictionary.markdown)
    else:
        check_dead(gate, table)
        check_words(gate, table, dictionary)
        book.check(gate, dictionary.markdown)
        ours = sum(line.whose == "ours" for line in table.values())
        gate.verdict(f"{len(table)} log lines, all explained; {ours} ours, the others in Java's words")


main()
