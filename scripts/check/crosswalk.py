"""The tags "Java: ..." of the C files, each with its place, and what they say of Java.

A tag stands in a comment and names what its comment stands at: the function, struct or macro directly below it, the one
on its line, or the one whose body it is in. The grammar:

  Java: ITEM[, ITEM]...[text]         ", " may also be " and " or ", and "
  ITEM   [new ][CLASS.]method(...)    the arguments are for the reader
         [CLASS.]field
         [new ]CLASS[<...>][(...)]    with parentheses: its constructor
  CLASS  a name with as much of package and outer classes before it as the writer likes

A name without CLASS belongs to the classes that the file's first comment names. What follows the items is text, in which
the next item of a list would have parentheses or begin with a capital."""

import re

from csource import functions
from gate import read, sources
from java import classes

LISTS = "scripts/check/xref"
METHODS, EXCUSES, JDK = f"{LISTS}/java-methods.txt", f"{LISTS}/not-mirrored.txt", f"{LISTS}/jdk-classes.txt"

_ITEM = re.compile(r"(new )?([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)(<[^>]*>)?")
_CALL_NEXT = re.compile(r"(new )?[A-Za-z_][A-Za-z0-9_.]*(<[^>]*>)?\(")
_CLASS_NEXT = re.compile(r"(new )?([a-z][a-z0-9]*\.)*[A-Z][A-Za-z0-9_]*([.,;:) ]|$)")
_PIECE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


class Tag:
    """item as it is written, the line it is on, and the C name it stands at ("" for the first comment)."""

    def __init__(self, path, line, item, where, where_line):
        self.path, self.line, self.item, self.where, self.where_line = path, line, item, where, where_line


def balanced(text):
    """The length of the parentheses that text begins with."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return i + 1
    return len(text)


def items_of(text):
    """The items that follow "Java:"; the whole of it, if there is none, so that somebody finds it."""
    text, found, after_comma = text.lstrip(" \t"), [], None
    while True:
        match = _ITEM.match(text)
        if not match:
            return found or [text[:40]]
        if after_comma is not None and not (_CALL_NEXT.match(text) or after_comma and _CLASS_NEXT.match(text)):
            return found
        rest = text[match.end():]
        is_call = rest.startswith("(")
        found.append(match.group(2) + ("()" if is_call or match.group(1) else ""))
        rest = rest[balanced(rest):] if is_call else rest
        joiner = re.match(r", and |, | and ", rest)
        if not joiner:
            return found
        after_comma, text = rest[0] == ",", rest[joiner.end():]


def tags_in(comment, first):
    """(line, item) of a comment that begins on line first."""
    lines = comment.split("\n")
    text, starts = "", []
    for i, line in enumerate(lines):
        starts.append((len(text), first + i))
        text += " " + (re.sub(r"^[ \t]*\*", "", line) if i else line)
    text = re.sub(r"\*/$", "  ", text)
    found = []
    for part in re.finditer(r"Java:", text):
        line = max(number for start, number in starts if start <= part.start())
        end = text.find("Java:", part.end())
        said = re.sub(r"[ \t]+", " ", text[part.end():end if end >= 0 else len(text)])
        found += [(line, item) for item in items_of(said)]
    return found


def name_of(code):
    """What a line of code at the left margin declares or defines, or ""."""
    match = re.match(r"(struct|enum|union) [a-z_0-9]+(?= *\{)", code) or re.match(r"#define ([A-Za-z_0-9]+)", code)
    if match:
        return match.group(1) if code.startswith("#") else match.group()
    if not re.match(r"[a-zA-Z_]", code):
        return ""
    match = re.search(r"([a-z_0-9]+)\(", code) or re.search(r"([A-Za-z_0-9]+)(?:\[[A-Za-z_0-9]*\])* = ", code)
    return match.group(1) if match else "enum" if re.match(r"enum \{", code) else ""


class Source:
    """One file: its tags; and its group comments: (line, how many tags, names below)."""

    def __init__(self, path):
        self.path, self.essay, self.tags, self.groups, self.lost = path, [], [], [], []
        text = read(path)
        self.code = _PIECE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()) if match.group()[0] == "/" else match.group(), text)
        self.lines = self.code.split("\n")
        self.scopes = self.find_scopes()
        essay = True
        for match in _PIECE.finditer(text):
            if match.group()[0] != "/":
                continue
            line = text.count("\n", 0, match.start()) + 1
            self.take(match.group()[2:], line, line + match.group().count("\n"), essay)
            essay = False

    def find_scopes(self):
        """For each line inside braces: what they belong to, and its line."""
        found, scope, head = {}, None, ("", 0)
        for number, line in enumerate(self.lines, 1):
            if scope is None and re.match(r"[A-Za-z_#]", line):
                name = name_of(line)
                head = (name, number) if name else head
                if re.match(r"(struct|enum|union) .*\{$|enum \{$|[a-z].* = \{$", line.rstrip()):
                    scope = head
                    continue
            if line == "{":
                scope = head
            elif line.startswith("}"):
                scope = None
            elif scope is not None:
                found[number] = scope
        return found

    def declared_below(self, line):
        """The names that are declared from this line on until the next blank line or comment: (name, line)."""
        found, depth = [], 0
        for number in range(line, len(self.lines) + 1):
            code = self.lines[number - 1]
            if not code.strip():
                break
            if depth == 0 and re.match(r"[A-Za-z_#]", code) and name_of(code):
                found.append((name_of(code), number))
            if code.rstrip().endswith(("{",)):
                break
            depth += code.count("(") - code.count(")")
        return found

    def take(self, comment, first, last, is_essay):
        found = tags_in(comment, first)
        if not found:
            return
        if is_essay:
            self.essay = [(line, item) for line, item in found]
            return
        beside = self.lines[first - 1].strip() or self.lines[last - 1].strip()
        if first in self.scopes:
            where = self.scopes[first]
        elif beside:
            number = first if self.lines[first - 1].strip() else last
            where = (name_of(self.lines[number - 1]), number)
        else:
            below = self.declared_below(last + 1)
            if not below:
                self.lost.append(first)
                return
            where = below[0]
            if len(below) > 1 and len(found) > 1:
                self.groups.append((first, len(found), [name for name, _ in below]))
        self.tags += [Tag(self.path, line, item, *where) for line, item in found]


class Java:
    """The classes by every end of their names, and what an item stands for."""

    def __init__(self):
        others = [line for line in read(JDK).splitlines() if line and not line.startswith("#")]
        self.classes = classes(others)
        self.candidates = {}
        for name in self.classes:
            parts = name.replace("$", ".").split(".")
            for i in range(len(parts)):
                self.candidates.setdefault(".".join(parts[i:]), []).append(name)

    def owner(self, name, member):
        """The class among which is the member: this one, or what it extends."""
        while name in self.classes:
            if member in self.classes[name].members:
                return name
            name = self.classes[name].super_name
        return None

    def resolve(self, item, scope=()):
        """(class, member, class by which it was called) or None. member is "name()", "name", "<init>()" or ""."""
        if item.endswith("()"):
            for name in self.candidates.get(item[:-2], ()):
                if "<init>()" in self.classes[name].members or item.endswith("Exception()"):
                    return name, "<init>()", name
        if item in self.candidates:
            name = self.candidates[item][0]
            return name, "", name
        prefix, _, member = item.rpartition(".")
        for name in self.candidates.get(prefix, ()) if prefix else scope:
            if self.owner(name, member):
                return self.owner(name, member), member, name
        return None

    def key(self, name, member):
        short = self.classes[name].short
        return short + "()" if member == "<init>()" else f"{short}.{member}"


class Function:
    """A C function, struct or macro at its place: the definition, where there is one."""

    def __init__(self, name, path, line, is_function):
        self.name, self.path, self.line, self.is_function = name, path, line, is_function

    def __repr__(self):
        return f"{self.name}{'()' if self.is_function else ''}"

    @property
    def place(self):
        return self.path, self.line


class Crosswalk:
    """mirrors: for each Java method, by its key, the C places that carry its tag, in the order of the sources, each with
    the tag that is there first. items: how many tags there are."""

    def __init__(self, gate, java):
        self.gate, self.java, self.items, self.mirrors, self.first = gate, java, 0, {}, {}
        self.files = [Source(path) for path in sources("include", "src")]
        self.public, self.own = {}, {}
        for path in sources("src"):
            for function in functions(path):
                (self.own if function.is_static else self.public)[(path, function.name) if function.is_static else function.name] = \
                    Function(function.name, path, function.first, True)
        for source in self.files:
            self.take(source)

    def definition(self, tag):
        """Where the function is defined that this tag stands at."""
        if re.fullmatch(r"[a-z_0-9]+", tag.where):
            known = self.own.get((tag.path, tag.where)) or self.public.get(tag.where)
            if known:
                return known
        return Function(tag.where, tag.path, tag.where_line, bool(re.fullmatch(r"[a-z_0-9]+", tag.where)))

    def take(self, source):
        for line, count, names in source.groups:
            self.gate.finding(source.path, line, f"{count} tags stand above {len(names)} names ({', '.join(names)}): give each its own comment")
        for line in source.lost:
            self.gate.finding(source.path, line, "this tag has no function directly below it")
        scope, line_scope, last_line = [], [], 0
        essay = []
        for line, item, tag in [(line, item, None) for line, item in source.essay] + [(tag.line, tag.item, tag) for tag in source.tags]:
            base = scope if tag else essay
            if tag and not scope:
                scope = base = essay
            line_scope = line_scope if line == last_line else []
            last_line = line
            found = self.java.resolve(item, line_scope + base)
            if not found:
                self.gate.finding(source.path, line, f"Java has no {item}" + ("" if base else " (and the first comment names no class)"))
                continue
            self.items += 1
            owner, member, called = found
            line_scope = [owner if member in ("", "<init>()") or "." in item else called, *line_scope]
            if tag is None:
                essay = essay + line_scope[:1]
            elif member.endswith("()"):
                self.add(self.java.key(owner, member), tag)

    def add(self, key, tag):
        self.first.setdefault(key, tag)
        if tag.where and not tag.where.startswith(("struct", "enum", "union")):
            function = self.definition(tag)
            places = self.mirrors.setdefault(key, {})
            places.setdefault(function.place, function)

    def table(self):
        rows = set()
        for key, places in self.mirrors.items():
            for function in places.values():
                path = re.sub(r"^(src|include/zk)/", "", function.path)
                rows.add(f"| `{key}` | `{function}` | `{path}` |")
        return ["| Java | C | file |", "|---|---|---|", *sorted(rows)]


class Excuse:
    """A line of not-mirrored.txt: what it fits (* is any text without a dot), and why."""

    def __init__(self, line, name, reason):
        self.line, self.name, self.reason, self.is_used = line, name, reason, False
        self.pattern = re.compile(re.escape(name).replace(r"\*", "[^.]*"))


def read_excuses(gate):
    found = []
    for number, line in enumerate(read(EXCUSES).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, _, reason = line.partition("\t")
            if not reason:
                gate.finding(EXCUSES, number, f"{name} needs a tab and a reason")
            found.append(Excuse(number, name, reason))
    return found


def excuse_for(excuses, key):
    """The first that fits."""
    return next((excuse for excuse in excuses if excuse.pattern.fullmatch(key)), None)


def listed_methods(gate, java):
    """The keys of java-methods.txt, in order."""
    found = []
    for number, line in enumerate(read(METHODS).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        known = java.resolve(line)
        if not known:
            gate.finding(METHODS, number, f"Java has no {line}")
            continue
        found.append(java.key(*known[:2]))
    return found
