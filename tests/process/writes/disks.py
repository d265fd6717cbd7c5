#!/usr/bin/env python3
"""Compares what members have on disk, as zkdump reads it.

    disks.py ZKDUMP MEMBER_DIRECTORY...                   of stopped members
    disks.py --wait SECONDS ZKDUMP MEMBER_DIRECTORY...    waits until running members have the same last entry

Every member must have the same last zxid, with the same digest of its tree behind it, and no log may be
damaged. Logs may be torn or partial: the members have been killed. A snapshot may be cut short for the same reason.
"""

import glob
import json
import os
import subprocess
import sys
import time

# Between two looks at the logs of running members.
LOOK_SECONDS = 0.2


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


def newest_entry(zkdump, directory):
    """(zxid, digest) of the last entry of the newest log of a member."""
    logs = glob.glob(os.path.join(directory, "data", "version-2", "log.*"))
    newest = max(logs, key=lambda path: int(path.rsplit(".", 1)[1], 16), default=None)
    found = [(fact["zxid"], fact.get("digest")) for fact in facts_of(zkdump, newest) if "zxid" in fact] if newest else []
    return found[-1] if found else None


def wait_until_equal(seconds, zkdump, directories):
    """A log is read while it is written, so it may end anywhere; then it is read again."""
    end = time.monotonic() + seconds
    while True:
        entries = [newest_entry(zkdump, directory) for directory in directories]
        if None not in entries and len(set(entries)) == 1:
            return 0
        if time.monotonic() > end:
            print(f"after {seconds} s the last entries on disk are {entries}")
            return 1
        time.sleep(LOOK_SECONDS)


def main():
    if len(sys.argv) >= 5 and sys.argv[1] == "--wait":
        return wait_until_equal(int(sys.argv[2]), sys.argv[3], sys.argv[4:])
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
