"""C sources as the gates see them: code without comments and texts, and the functions of a file."""

import re

from gate import read

_BLANKED = re.compile(r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?', re.DOTALL)


def code_only(text):
    """The text with its comments taken out and its strings emptied; every line keeps its number."""
    def blank(match):
        found = match.group()
        return "\n" * found.count("\n") if found[0] == "/" else found[0] * 2
    return _BLANKED.sub(blank, text)


def comment_share(path):
    """(lines that hold a comment, lines that are not blank)."""
    text = read(path)
    commented = set()
    for match in _BLANKED.finditer(text):
        if match.group()[0] == "/":
            first = text.count("\n", 0, match.start()) + 1
            commented.update(range(first, first + match.group().count("\n") + 1))
    lines = text.split("\n")
    full = [number for number, line in enumerate(lines, 1) if line.strip()]
    return len(commented.intersection(full)), len(full)


class Function:
    """A definition: its name, its first and last line (from 1), whether it is static, whether it is marked LONG."""

    def __init__(self, path, name, signature, first, brace):
        self.path, self.name, self.signature, self.first, self.brace = path, name, signature, first, brace
        self.is_static = bool(re.match(r"(ZK_[A-Z_]+ )*static\b", signature))
        self.last = first
        self.is_long = False

    @property
    def lines(self):
        return self.last - self.first + 1


def functions(path):
    """All definitions of a file, in order. One begins at its first line in column one, and ends with the brace in
    column one."""
    found, signature, first, current = [], "", 0, None
    for number, line in enumerate(read(path).split("\n"), 1):
        if current is None:
            if re.match(r"[A-Za-z_]", line):
                first, signature = number, line
            elif re.match(r"[ \t]", line) and not signature.endswith((";", "}")):
                signature += " " + line
            elif line == "{":
                name = re.search(r"([A-Za-z_0-9]+)\(", signature)
                current = Function(path, name.group(1) if name else "", signature, first, number)
        elif line.startswith("}"):
            current.last = number
            found.append(current)
            current, signature = None, ""
        elif number == current.brace + 1 and re.match(r" +/\* LONG: one Java method \*/$", line):
            current.is_long = True
    return found
