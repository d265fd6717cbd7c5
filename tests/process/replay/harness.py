"""Tests are functions whose names are sentences; each prints one line."""

import os
import subprocess
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def script(name, *arguments, **environment):
    """(exit status, standard output, standard error) of one of the scripts, run beside the golden traces."""
    command = [os.path.join(REPO, "scripts", "trace", name), *arguments]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    return done.returncode, done.stdout, done.stderr


def same(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}\n  got    {got!r}\n  wanted {wanted!r}")


def run(tests, *arguments):
    """Runs them all; the number of those that failed."""
    failed = 0
    for test in tests:
        name = test.__name__.replace("_", " ")
        try:
            test(*arguments)
        except Exception as error:  # one failure must not hide the next
            failed += 1
            print(f"FAILED {name}")
            lines = traceback.format_exc() if not isinstance(error, AssertionError) else str(error)
            print("\n".join("  | " + line for line in lines.splitlines()), flush=True)
        else:
            print(f"ok {name}", flush=True)
    return failed


def chosen(module):
    """The tests of a module, in the order in which they stand there."""
    return [value for name, value in vars(sys.modules[module]).items() if callable(value) and getattr(value, "is_test", False)]


def test(function):
    function.is_test = True
    return function
