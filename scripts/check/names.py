"""Names in the product: each static one is there once, and what a public header declares has a caller in the product.
Parameters are used, or have no part in a function's list. What the product reads of its settings is what the table of
settings serves."""

import os
import re

from csource import code_only, functions
from gate import Gate, read, sources

# Public functions that have no caller in the product yet, one a line: its name, a tab, who will call it. One that gets
# a caller leaves this file.
CALLER_TO_COME = "scripts/check/caller-to-come.txt"

# The table of the settings. Where it only warns of one, the user reads that the line has no effect.
SETTINGS = "src/ensemble/quorum_peer_config_settings.c"

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_PROTOTYPE = re.compile(r"^(?!typedef|static|#|struct [a-z_]+ \{|enum)[A-Za-z_][^;{}=]*?\b([a-z_][a-z_0-9]*)\([^;{]*\)[^;{(]*;", re.M)
_ROW = re.compile(r'\{"([A-Za-z_0-9.]+)",\s*(KEY_[A-Z]+)')
_TEXT = re.compile(r'"([A-Za-z_0-9.]+)"')
_SETTING = re.compile(r'"(zookeeper\.[A-Za-z_0-9.]+)"')
_THEATRE = re.compile(r" +\(void\)([a-z_][a-z_0-9]*);")


def check_static_names(gate, definitions):
    """Where two files have a static function of one name, a reader who searches finds the wrong one."""
    seen = {}
    for function in definitions:
        if function.is_static and function.path.endswith(".c"):
            seen.setdefault(function.name, []).append(function)
    for name, found in seen.items():
        for function in found[1:]:
            gate.finding(function.path, function.first, f"the static name {name}() is taken: {found[0].path}:{found[0].first}")


def declared(path, code):
    """(name, line) of the functions that a public header declares."""
    return [(match.group(1), code.count("\n", 0, match.start(1)) + 1) for match in _PROTOTYPE.finditer(code)]


def callers_to_come():
    if not os.path.exists(CALLER_TO_COME):
        return []
    return [line.split("\t")[0] for line in read(CALLER_TO_COME).split("\n") if line and not line.startswith("#")]


def check_callers(gate, definitions, codes, to_come):
    """How many functions are public."""
    home = {function.name: function.path for function in definitions if not function.is_static}
    used, count = {}, 0
    for path, code in codes.items():
        words = _WORD.findall(_PROTOTYPE.sub("", code) if path.endswith(".h") else code)
        for word in set(words):
            # In its own file the definition itself names it once.
            if words.count(word) > (home.get(word) == path):
                used.setdefault(word, set()).add(path)
    for path, code in codes.items():
        if not path.startswith("include/"):
            continue
        for name, line in declared(path, code):
            count += 1
            users = used.get(name, set())
            if name in to_come:
                if users - {home.get(name)}:
                    gate.finding(path, line, f"{name}() has a caller now: take it off {CALLER_TO_COME}")
            elif not users:
                gate.finding(path, line, f"nothing in src uses {name}(): tests alone are no reason for it")
            elif users == {home.get(name)}:
                gate.finding(path, line, f"only its own file uses {name}(): declare it in an internal header, or make it static")
    for name in to_come:
        if name not in home:
            gate.finding(CALLER_TO_COME, 1, f"there is no public function {name}(): take it off")
    return count


def check_theatre(gate, definitions, codes):
    """(void)x; of a parameter that is handed over for nothing. A function that others call by its address, from a table
    or as a callback, has the parameters of its type."""
    everything = "\n".join(codes.values())
    for function in definitions:
        lines = codes[function.path].split("\n")
        for number in range(function.brace + 1, function.last):
            match = _THEATRE.match(lines[number - 1])
            if match and re.search(rf"\b{match.group(1)}\b", function.signature) and \
                    not re.search(rf"\b{function.name}\b(?! *\()", everything):
                gate.finding(function.path, number, f"{match.group().strip()} is theatre: leave the parameter out, or use it")


def rows_of_settings():
    """(name, whether it is served, line) in the order in which they are looked up."""
    text = read(SETTINGS)
    bare = text.find(" BARE_SETTINGS[]")
    return [("zookeeper." * (match.start() < bare) + match.group(1), match.group(2) == "KEY_SERVED",
             text.count("\n", 0, match.start()) + 1) for match in _ROW.finditer(text)]


def is_part(name, whole):
    """Whether the name is that one, or of the family that it names: one that ends with a dot or an underscore."""
    return name == whole or (whole[-1] in "._" and name.startswith(whole))


def check_settings(gate, paths):
    """How many settings are served: those, and no others, are read outside the table."""
    rows = rows_of_settings() if SETTINGS in paths else []
    seen = set()
    for path in paths:
        text = read(path) if rows and path != SETTINGS else ""
        seen.update(word for word in _TEXT.findall(text) if word != "zookeeper.")
        for match in _SETTING.finditer(text):
            name = match.group(1)
            row = next((row for row in rows if is_part(name, row[0]) or is_part(row[0], name)), None)
            if row is None or not row[1]:
                gate.finding(path, text.count("\n", 0, match.start()) + 1, f"{name} is read, but the table of settings does not serve it")
    served = [row for row in rows if row[1]]
    for name, _, line in served:
        if not any(is_part(name, word) or is_part(word, name) for word in seen):
            gate.finding(SETTINGS, line, f"nothing reads {name}, which is served")
    return len(served)


def main():
    gate = Gate()
    codes = {path: code_only(read(path)) for path in sources("include", "src")}
    definitions = [function for path in codes for function in functions(path)]
    check_static_names(gate, definitions)
    to_come = callers_to_come()
    public = check_callers(gate, definitions, codes, to_come)
    check_theatre(gate, definitions, codes)
    settings = check_settings(gate, list(codes))
    statics = sum(function.is_static for function in definitions)
    gate.verdict(f"{statics} static names are there once, {public - len(to_come)} public functions have a caller, "
                 f"{len(to_come)} wait for theirs, {settings} settings are served and read")


main()
