"""Java's classes and their C functions side by side, in Java's order: side_by_side.sh tells how it is read."""

import sys

from crosswalk import LISTS, Crosswalk, Java, excuse_for, listed_methods, read_excuses
from gate import Gate, die, read

PEOPLE_READ = ("FastLeaderElection", "QuorumCnxManager", "Leader", "LearnerHandler", "Learner")
EXCEPTIONS = f"{LISTS}/exceptions.txt"


class Row:
    """A Java method: the C functions that carry its tag; what is the matter ("", "split", "out of order", "missing") and
    the reason for that, if one is written down."""

    def __init__(self, key, functions):
        self.key, self.functions, self.matter, self.reason = key, functions, "", ""


def read_exceptions(gate):
    """By method: (line, reason)."""
    found = {}
    for number, line in enumerate(read(EXCEPTIONS).splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            key, _, reason = line.partition("\t")
            if not reason or key in found:
                gate.finding(EXCEPTIONS, number, f"{key} needs a tab and a reason, and one line")
            found[key] = number, reason
    return found


def family(java, short):
    """The class and those inside it, in the order of their names; the class itself comes first."""
    return sorted((one for one in java.classes.values() if one.short == short or one.short.startswith(short + ".")),
                  key=lambda one: one.short)


def longest_rise(values):
    """Indices of a longest part of values that rises."""
    best = []
    for i, value in enumerate(values):
        before = max((b for b in best if values[b[-1]] < value), key=len, default=[])
        best.append([*before, i])
    return set(max(best, key=len, default=[]))


def mark_order(rows):
    """In each C file the functions shall stand as their methods do in Java; the fewest that do not are marked."""
    by_file = {}
    for row in rows:
        if len(row.functions) == 1:
            by_file.setdefault(row.functions[0].path, []).append(row)
    for same in by_file.values():
        # Two methods may be one function.
        places = list(dict.fromkeys(row.functions[0].line for row in same))
        in_order = {places[i] for i in longest_rise(places)}
        for row in same:
            if row.functions[0].line not in in_order:
                in_order.add(row.functions[0].line)
                row.matter = "out of order"


def rows_of(java, crosswalk, excuses, listed, one):
    """Makes the rows of the methods that java-methods.txt names, so not of those that the compiler makes."""
    rows = []
    for member in one.methods:
        key = java.key(one.name, member)
        if key not in listed:
            continue
        row = Row(key, sorted(crosswalk.mirrors.get(key, {}).values(), key=lambda function: function.place))
        if len(row.functions) > 1:
            row.matter = "split"
        elif not row.functions:
            excuse = excuse_for(excuses, key)
            row.matter, row.reason = "missing", excuse.reason if excuse else ""
        rows.append(row)
    mark_order(rows)
    return rows


def tell(one, rows, exceptions):
    print(f"\n{one.short}")
    for row in rows:
        method = row.key[len(one.short) + 1:] if row.key != one.short + "()" else one.short.rpartition(".")[2] + "()"
        reason = row.reason or exceptions.get(row.key, (0, ""))[1]
        if row.matter == "missing":
            print(f"  {method:<36} -  {reason or 'MISSING'}")
        for i, function in enumerate(row.functions):
            text = f"  {'' if i else method:<36} {str(function):<40} {function.path}:{function.line}"
            if row.matter and not i:
                text += f"   {row.matter.upper()}{': ' + reason if reason else ''}"
            print(text)


def check(gate, java, crosswalk, excuses, listed, exceptions):
    """What has been looked at."""
    mirrored, used = 0, set()
    for short in PEOPLE_READ:
        for one in family(java, short):
            for row in rows_of(java, crosswalk, excuses, listed, one):
                mirrored += bool(row.functions)
                if row.matter not in ("split", "out of order"):
                    continue
                if row.key in exceptions:
                    used.add(row.key)
                    continue
                places = ", ".join(f"{function} {function.path}:{function.line}" for function in row.functions)
                what = "is split over" if row.matter == "split" else "is out of Java's order:"
                gate.finding(row.functions[0].path, row.functions[0].line, f"{row.key} {what} {places}")
    for key, (line, _) in exceptions.items():
        if key not in used:
            gate.finding(EXCEPTIONS, line, f"{key} is no exception any more")
    return f"{mirrored} methods of {len(PEOPLE_READ)} classes have one C function each, in Java's order, but for {len(used)} with a reason"


def main():
    names = sys.argv[1:]
    gate, java = Gate(), Java()
    crosswalk, excuses, exceptions = Crosswalk(gate, java), read_excuses(gate), read_exceptions(gate)
    listed = set(listed_methods(gate, java))
    if names == ["--check"]:
        gate.verdict(check(gate, java, crosswalk, excuses, listed, exceptions))
        return
    for short in names or PEOPLE_READ:
        found = family(java, short)
        if not found:
            die(f"Java has no class {short}")
        for one in found:
            rows = rows_of(java, crosswalk, excuses, listed, one)
            if rows:
                tell(one, rows, exceptions)


main()
