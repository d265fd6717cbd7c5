"""The crosswalk between the code and Java's classes: xref.sh tells what is checked."""

import re
import sys

from crosswalk import EXCUSES, METHODS, Crosswalk, Java, excuse_for, listed_methods, read_excuses
from gate import Book, Gate

BOOK = "include/zk/CROSSWALK.md"


def check_methods(gate, crosswalk, methods, excuses):
    """Returns the methods that are neither tagged nor excused, and how many are mirrored."""
    missing, mirrored = [], 0
    for key in methods:
        excuse = excuse_for(excuses, key)
        if excuse:
            excuse.is_used = True
        if key in crosswalk.first:
            mirrored += 1
            if excuse and "*" not in excuse.name:
                tag = crosswalk.first[key]
                gate.finding(EXCUSES, excuse.line, f"{key} is mirrored: {tag.path}:{tag.line}")
        elif not excuse:
            missing.append(key)
            gate.finding(METHODS, 1, f"{key} is neither tagged in the code nor listed in not-mirrored.txt")
    for excuse in excuses:
        if not excuse.is_used:
            gate.finding(EXCUSES, excuse.line, f"{excuse.name} is no method of java-methods.txt")
    return missing, mirrored


def camel(name):
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def warn_untagged(java, crosswalk):
    """Public functions without a tag whose name, or the end of it, is a method of the header's class."""
    for source in crosswalk.files:
        if not source.path.startswith("include/"):
            continue
        names = [found[0] for _, item in source.essay if (found := java.resolve(item))]
        tagged = {tag.where for tag in source.tags}
        for number, line in enumerate(source.lines, 1):
            match = re.match(r"[a-z].*?([a-z_0-9]+)\(", line)
            if not match or re.match(r"static|typedef", line) or match.group(1) in tagged:
                continue
            rest = match.group(1)
            while "_" in rest:
                rest = rest.split("_", 1)[1]
                for name in names:
                    if camel(rest) + "()" in java.classes[name].members:
                        print(f"warning: {source.path}:{number}: {match.group(1)}() looks like "
                              f"{java.key(name, camel(rest) + '()')} and has no tag", file=sys.stderr)
                        rest = ""


def main():
    mode = (sys.argv[1:] or ["check"])[0]
    gate, java = Gate(), Java()
    crosswalk = Crosswalk(gate, java)
    methods = listed_methods(gate, java)
    missing, mirrored = check_methods(gate, crosswalk, methods, read_excuses(gate))
    book = Book(BOOK, "xref", "scripts/check/xref.sh")
    if mode == "--table":
        print("\n".join(crosswalk.table()))
    elif mode == "--missing":
        print("\n".join(missing), end="\n" if missing else "")
    elif mode == "--write":
        book.write(crosswalk.table())
    else:
        if mode == "--warn":
            warn_untagged(java, crosswalk)
        book.check(gate, crosswalk.table())
        gate.verdict(f"{crosswalk.items} tags, {mirrored} of {len(methods)} Java methods mirrored, {len(methods) - mirrored} with a reason why not")


main()
