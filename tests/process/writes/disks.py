#!/usr/bin/env python3
"""Compares what stopped members have on disk, as zkdump reads it.

    disks.py ZKDUMP MEMBER_DIRECTORY...

Every member must have the same last zxid, with the same digest of its tree behind it, and no log may be
damaged. Logs may be torn or partial: the members have been killed. A snapshot may be cut short for the same reason.
"""

import glob
import json
import os
import subprocess
import sys


def facts_of(zkdump, path):
    """The lines of zkdump as objects."""
    done = subprocess.run([zkdump, "--json", path], text=True, errors="replace", stdout=subprocess.PIPE, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def last_of(zkdump, directory):
    """(zxid, digest) of the newest entry of the logs and snapshots of a member, and what is wrong with its logs."""
    last, problems = (0, None), []
    for path in sorted(glob.glob(os.path.join(directory, "data", "version-2", "*.*"))):
        is_log = os.path.basename(path).startswith("log.")
        if not is_log and not os.path.basename(path).startswith("snapshot."):
            continue
        for fact in facts_of(zkdump, path):
            if "digest" in fact and "zxid" in fact:
                last = max(last, (int(fact["zxid"], 16), fact["digest"]))
            if is_log and fact.get("end") == "DAMAGED":
                problems.append(f"{path}: {fact['why']}")
    return last, problems


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    all_last, all_problems = set(), []
    for directory in sys.argv[2:]:
        last, problems = last_of(sys.argv[1], directory)
        print(f"member {os.path.basename(directory)}: last zxid 0x{last[0]:x}, digest {last[1]}")
        all_last.add(last)
        all_problems += problems
    if len(all_last) != 1:
        all_problems.append("the members do not have the same history")
    if any(digest is None for _, digest in all_last):
        all_problems.append("a member has no digest on disk")
    print("\n".join(all_problems))
    return 1 if all_problems else 0


if __name__ == "__main__":
    sys.exit(main())
