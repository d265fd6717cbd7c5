"""Runs the functions of a module that are called test_..., and prints a line for each."""

import inspect
import traceback


def run(what, names):
    """names: the module's globals. 1 if one failed."""
    failed = 0
    for name, test in list(names.items()):
        if not name.startswith("test_") or not inspect.isfunction(test):
            continue
        sentence = f"{what}: {name[5:].replace('_', ' ')}"
        try:
            test()
            print(f"ok {sentence}", flush=True)
        except Exception:  # a test that breaks has failed, and the next one runs
            failed += 1
            print(f"FAILED {sentence}")
            print("\n".join("  | " + line[:300] for line in traceback.format_exc().splitlines()[-8:]), flush=True)
    return 1 if failed else 0
