"""What the archive of all floors needs from outside, and that it holds no state of its own: audit.sh tells."""

import re
import subprocess
import sys

from gate import Gate, read

RENAMED, PURE = "tests/sim/syms.txt", "tests/sim/pure.txt"
# What compilers and sanitizers add to the objects, and what only the linker sees.
OF_THE_COMPILER = re.compile(r"__(asan|ubsan|tsan|sanitizer|gcov)_|_GLOBAL_OFFSET_TABLE_$")


def words_of(path):
    """The words of each line, without comments: (line, words)."""
    lines = enumerate((re.sub(r"#.*", "", line).split() for line in read(path).splitlines()), 1)
    return [(number, words) for number, words in lines if words]


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def undefined_outside(archive):
    """The archive as a whole is what the simulator gets, so its members need no names."""
    fields = [line.split() for line in output_of("nm", archive).splitlines()]
    needed = {words[1] for words in fields if len(words) == 2 and words[0] == "U"}
    defined = {words[2] for words in fields if len(words) == 3}
    return sorted(symbol for symbol in needed - defined if not OF_THE_COMPILER.match(symbol))


def check_writable_data(gate, archive):
    """Objects of a writable section. .data.rel.ro is read-only once it has been relocated."""
    member = ""
    for line in output_of("objdump", "-t", archive).splitlines():
        match = re.match(r"(.*?):? +file format", line)
        if match:
            member = re.sub(r"\.o$", "", match.group(1))
        words = line.split()
        for word in words[1:-1] if re.match(r"[0-9a-f]+ ", line) else ():
            if re.match(r"\.t?bss|\.t?data|\*COM\*", word) and "rel.ro" not in word and words[-1] != word and \
                    not re.search(r"asan|ubsan|tsan|gcov", line):
                gate.finding(f"src/{member}", 1, f"writable static data: {words[-1]}")


def main():
    gate, archive = Gate(), sys.argv[1]
    renamed, pure = words_of(RENAMED), {words[0] for _, words in words_of(PURE)}
    new_names = set()
    for number, words in renamed:
        if words[0] in pure:
            gate.finding(RENAMED, number, f"{words[0]} stands in {PURE}, too")
        if len(words) != 2 or words[1] in new_names:
            gate.finding(RENAMED, number, f"{words[0]} has no new name, or not only its own")
        new_names.update(words[1:])
    listed = pure | {words[0] for _, words in renamed}
    outside = undefined_outside(archive)
    for symbol in outside:
        if symbol not in listed:
            gate.finding(RENAMED, 1, f"{symbol} is neither in this list nor in {PURE}")
    check_writable_data(gate, archive)
    gate.verdict(f"{len(outside)} outside symbols, no writable data")


main()
