"""The list of conformance scenarios against the tests that claim them: conformance.sh tells what is checked.

A test claims scenarios in a comment right above it that begins with their ids, or in its name. A play of the simulator
claims those that a line of its head begins with; its title, the first line, is the test. A scenario of the simulator claims
those that the comment above its driver begins with. Where a claim runs: S simulator, U unit test, C our processes or our
peers in one process, J with real Java, which is a script that starts Java peers, but for tests whose comment ends with
"among C peers". A function of a client's test (tests/process/clients) claims by its name, cli_07_..., or in the comment above
it, and runs in C and J."""

import os
import re
import sys

from gate import Book, Gate, read

DRIVERS = "tests/sim/scenarios.c"
SCENARIOS, BOOK = "scripts/check/conformance/scenarios.txt", "scripts/check/conformance/TABLE.md"
LAYERS = "votes|connections|election|zab sync|broadcast|persistence|config|client|security"
MODES = "S,C,J|S,C|S,J|C,J|S|C|J"
_IDS = re.compile(r"[A-Z][A-Z]+-[0-9][0-9](?![0-9])(?:, [A-Z][A-Z]+-[0-9][0-9](?![0-9]))*")
_TEST = re.compile(r"static void ([a-z_0-9]+)\(void \*\*[a-z_]+\)|(?:static )?void (drive_[a-z_]+)\(struct cluster \*cluster\)")


class Claim:
    def __init__(self, scenario, mode, path, line, test):
        self.scenario, self.mode, self.path, self.line, self.test = scenario, mode, path, line, test


def ids_of(text):
    """The ids that a comment begins with: "CNX-04, CNX-05: why" has two."""
    match = _IDS.match(text)
    return match.group().split(", ") if match else []


class Claims:
    """All claims of the tests, and what is wrong with where they stand."""

    def __init__(self, gate):
        self.gate, self.all = gate, []
        for path in self.files():
            lines = read(path).split("\n")
            if path.startswith("tests/sim/plays/"):
                self.of_play(path, lines)
            elif path.endswith("conversations.txt"):
                self.of_conversations(path, lines)
            elif path.endswith(".sh"):
                self.of_script(path, lines)
            elif path.endswith(".py"):
                self.of_clients(path, lines)
            else:
                self.of_program(path, lines)

    @staticmethod
    def files():
        found = []
        for directory in ("tests/unit", "tests/sim", "tests/process/interop", "tests/process/writes", "tests/process/clients"):
            for where, _, names in os.walk(directory):
                for name in names:
                    path = os.path.join(where, name)
                    if re.match(r"test_.*\.c$|.*\.sh$|conversations\.txt$", name) or re.match(
                            r"tests/sim/(.*\.c|plays/.*\.txt)$|tests/process/clients/.*\.py$", path):
                        found.append(path)
        return sorted(found)

    def add(self, ids, mode, path, line, test):
        self.all += [Claim(scenario, mode, path, line, test) for scenario in ids]

    def nothing_below(self, ids, path, line):
        if ids:
            self.gate.finding(path, line, f"{ids[0]} stands above no test")

    def of_play(self, path, lines):
        for number, line in enumerate(lines, 1):
            if line.startswith("# "):
                self.add(ids_of(line[2:]), "S", path, number, lines[0][2:])

    def of_script(self, path, lines):
        java = any("java" in line and not re.match(r"[ \t]*#", line) for line in lines)
        ids, where, mode = [], 0, "C"
        for number, line in enumerate(lines, 1):
            text = line.lstrip(" ")
            if text.startswith("# ") and ids_of(text[2:]):
                ids, where = ids_of(text[2:]), number
                mode = "J" if java and not text.endswith("among C peers") else "C"
            elif text.startswith('expect "'):
                self.add(ids, mode, path, number, re.search(r'"([^"]*)"', text).group(1))
                ids = []
            elif not text.startswith("#"):
                self.nothing_below(ids, path, where)
                ids = []

    def of_conversations(self, path, lines):
        """The conversation below the comment is held with a peer of Java and with one of C."""
        ids = []
        for number, line in enumerate(lines, 1):
            if line.startswith("# ") and ids_of(line[2:]):
                ids = ids_of(line[2:])
            elif ids and not line.startswith("#"):
                self.add(ids, "J", path, number, re.match("[a-z0-9-]*", line).group())
                ids = []

    def of_clients(self, path, lines):
        """A function of a client's test is played at servers of C and of Java; in its name or above it stand its scenarios."""
        ids, where, among_c = [], 0, False
        for number, line in enumerate(lines, 1):
            if line.startswith("# ") and ids_of(line[2:]):
                ids, where, among_c = ids_of(line[2:]), number, line.endswith("among C peers")
            elif line.startswith("def "):
                name = re.match(r"def ([a-z_0-9]+)", line).group(1)
                in_name = re.match(r"cli_([0-9][0-9])_", name)
                ids += [f"CLI-{in_name.group(1)}"] if in_name and f"CLI-{in_name.group(1)}" not in ids else []
                for mode in "C" if among_c else "CJ":
                    self.add(ids, mode, path, number, name)
                ids, among_c = [], False
            elif not line.startswith(("#", "@")):
                self.nothing_below(ids, path, where)
                ids = []

    def of_program(self, path, lines):
        mode = "S" if path.startswith("tests/sim/") else "C" if '#include "ensemble.h"' in lines else "U"
        main = next((number for number, line in enumerate(lines) if line.startswith("int main(")), len(lines))
        drivers = set(re.findall(r"drive_[a-z_]+", read(DRIVERS))) if mode == "S" else set()
        runs = drivers | set(re.findall(r"[a-z_][a-z_0-9]*", "\n".join(lines[main:])))
        ids, where, in_comment = [], 0, False
        for number, line in enumerate(lines, 1):
            if line.startswith("/*"):
                ids, where, in_comment = ids_of(line[2:].lstrip(" ")), number, "*/" not in line
                continue
            if in_comment:
                in_comment = "*/" not in line
                continue
            test = _TEST.match(line)
            if not test:
                self.nothing_below(ids, path, where)
                ids = []
                continue
            name = test.group(1) or test.group(2)
            in_name = re.match(r"([a-z]+)_([0-9][0-9])_", name)
            if in_name:
                scenario = f"{in_name.group(1).upper()}-{in_name.group(2)}"
                ids += [] if scenario in ids else [scenario]
            if ids and name not in runs:
                self.gate.finding(path, number, f"{DRIVERS if mode == 'S' else 'main()'} does not run {name}")
            self.add(ids, mode, path, number, name)
            ids = []


class Scenario:
    def __init__(self, line, fields):
        self.line = line
        self.id, self.title, self.layer, self.modes, self.status = fields
        self.is_later = self.status.startswith("later")


def read_scenarios(gate):
    """By id, in order."""
    found = {}
    for number, line in enumerate(read(SCENARIOS).splitlines(), 1):
        if line.startswith("#"):
            continue
        fields = line.split(" | ")
        if len(fields) != 5:
            gate.finding(SCENARIOS, number, "not: ID | what happens | layer | modes | status")
            continue
        scenario = Scenario(number, fields)
        if scenario.id in found:
            gate.finding(SCENARIOS, number, f"{scenario.id} is there twice")
        for pattern, value, what in (("[A-Z]+-[0-9][0-9]", scenario.id, "is no id"), (LAYERS, scenario.layer, "is no layer"),
                                     (MODES, scenario.modes, "are no modes"),
                                     ("proved(; not in [SCJ](,[SCJ])*: .+)?|(part|later): .+", scenario.status, "is no status")):
            if not re.fullmatch(pattern, value):
                gate.finding(SCENARIOS, number, f"{value} {what}")
        found[scenario.id] = scenario
    return found


def check_claims(gate, scenarios, claims):
    claimed = set()
    for claim in claims:
        claimed.add(claim.scenario)
        if claim.scenario not in scenarios:
            gate.finding(claim.path, claim.line, f"{claim.test} claims {claim.scenario}, which is not in {SCENARIOS}")
        elif scenarios[claim.scenario].is_later:
            gate.finding(claim.path, claim.line, f"{claim.test} claims {claim.scenario}, which is for later")
    for scenario in scenarios.values():
        if not scenario.is_later and scenario.id not in claimed:
            gate.finding(SCENARIOS, scenario.line, f"no test claims {scenario.id}")


# A unit test plays what a simulation would; where Java's peers run, ours run beside them.
COVERED_BY = {"S": "SU", "C": "CJ", "J": "J"}


def check_modes(gate, scenarios, claims):
    """A scenario that is proved has been played in each of its modes, or says why it never can be."""
    for scenario in scenarios.values():
        if not scenario.status.startswith("proved"):
            continue
        ran = {claim.mode for claim in claims if claim.scenario == scenario.id}
        without = re.match("proved; not in ([SCJ,]+)", scenario.status)
        for mode in scenario.modes.split(","):
            played = bool(ran & set(COVERED_BY[mode]))
            if without is not None and mode in without.group(1):
                if played:
                    gate.finding(SCENARIOS, scenario.line, f"{scenario.id} is played in {mode} after all")
            elif not played:
                gate.finding(SCENARIOS, scenario.line, f"{scenario.id} is not played in {mode}, and does not say why")


def counts(scenarios):
    kinds = [re.split("[:;]", scenario.status)[0] for scenario in scenarios.values()]
    return f"{kinds.count('proved')} proved, {kinds.count('part')} in part, {kinds.count('later')} for later"


def row(scenario, claims):
    tests, ran = {}, set()
    for claim in claims:
        if claim.scenario == scenario.id and not scenario.is_later:
            ran.add(claim.mode)
            quoted = claim.path.endswith((".sh", ".txt"))
            tests.setdefault(os.path.basename(claim.path), []).append(f'"{claim.test}"' if quoted else claim.test)
    modes = " ".join(mode for mode in "SUCJ" if mode in ran)
    text = "; ".join(f"{name}: {', '.join(names)}" for name, names in tests.items())
    if scenario.is_later:
        modes = text = "-"
    return f"| {scenario.id} | {scenario.title} | {scenario.status} | {modes} | {text} |"


def table(scenarios, claims):
    return ["| scenario | what happens | status | ran in | tests |", "|---|---|---|---|---|",
            *(row(scenario, claims) for scenario in scenarios.values()), "",
            f"{counts(scenarios)}. S simulator, U unit test, C our own peers, J with real Java peers."]


def main():
    gate = Gate()
    scenarios = read_scenarios(gate)
    claims = Claims(gate).all
    lines = table(scenarios, claims)
    book = Book(BOOK, "conformance", "scripts/check/conformance.sh")
    if sys.argv[1:] == ["--table"]:
        print("\n".join(lines))
    elif sys.argv[1:] == ["--write"]:
        book.write(lines)
    else:
        check_claims(gate, scenarios, claims)
        check_modes(gate, scenarios, claims)
        book.check(gate, lines)
        gate.verdict(f"{len(scenarios)} scenarios: {counts(scenarios)}, {len(claims)} claims")


main()
