"""Counts single tests in the output of ctest -V: each test of a cmocka program, and each other program as one. A program
that dies counts the tests that it has not come to as failed; a test that skips itself counts as failed, too; a program
that fails as a whole counts at least one.

Prints "passed failed", then number and name of each program that failed."""

import re
import sys


def main(path):
    planned, good, results, passed, failed = {}, {}, [], 0, 0
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            said = re.match(r"([0-9]+): (.*)", line)
            if said:
                number, text = said.groups()
                running = re.match(r"\[==========\] Running ([0-9]+) test", text)
                if running:
                    planned[number] = planned.get(number, 0) + int(running.group(1))
                elif text.startswith("[       OK ]"):
                    good[number] = good.get(number, 0) + 1
            ended = re.search(r" Test +#([0-9]+): ([^ ]+)", line)
            if ended:
                results.append((*ended.groups(), bool(re.search(r" Passed +[0-9.]+ sec", line))))
    bad_programs = []
    for number, name, is_good in results:
        if number in planned:
            well = good.get(number, 0)
            bad = planned[number] - well or (0 if is_good else 1)
        else:
            well, bad = int(is_good), int(not is_good)
        passed, failed = passed + well, failed + bad
        if bad or not is_good:
            bad_programs.append(f"{number} {name}")
    print("\n".join([f"{passed} {failed}", *bad_programs]))


main(sys.argv[1])
