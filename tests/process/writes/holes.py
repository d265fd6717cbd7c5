#!/usr/bin/env python3
"""Looks for a hole that a member of Java has left in its own log, under leaders of Java.

    holes.py ZKDUMP ENSEMBLE_DIRECTORY      of members that have been killed and started again

A follower of Java that loses its leader drops what it has not written yet, goes on with a tree that has it, and so leaves a
hole in its log (ZOOKEEPER-4712). At its next start it finds its tree wrong at the first transaction behind the hole, and
says so. From then on its tree lacks what its leaders have acknowledged, and when it leads, the others get that tree.

Such a hole is Java's own if only members of Java have led in the epochs of what is missing: then nobody of C has told the
member what to write. And no member of C may have found its own tree wrong at a start before: that would have to be told.
Ends with 0 if there is one, and says what was found.
"""

import functools
import glob
import json
import os
import re
import subprocess
import sys

AT_START = re.compile(r"\[main:.*First digest mismatch on txn: (?:\d+,-?\d+,(\d+),|\S+ zxid=0x([0-9a-f]+),)")
LEADS = re.compile(r"starting up and setting last processed zxid: 0x([0-9a-f]+)")


class Member:
    """What a member has said in all its lives, and what its logs hold."""

    def __init__(self, zkdump, directory, kind):
        self.zkdump, self.directory, self.kind = zkdump, directory, kind
        self.wrong_at = []  # zxids at which a start has found the tree wrong
        self.led = set()  # epochs
        with open(os.path.join(directory, "log"), encoding="utf-8", errors="replace") as file:
            for line in file:
                if found := AT_START.search(line):
                    self.wrong_at.append(int(found[1]) if found[1] else int(found[2], 16))
                elif found := LEADS.search(line):
                    self.led.add(int(found[1], 16) >> 32)

    @functools.cached_property
    def zxids(self):
        """Those of all entries of its logs."""
        found = set()
        for path in glob.glob(os.path.join(self.directory, "data", "version-2", "log.*")):
            with subprocess.Popen([self.zkdump, "--json", path], text=True, errors="replace",
                                  stdout=subprocess.PIPE) as dump:
                found.update(int(fact["zxid"], 16) for fact in map(json.loads, dump.stdout) if "zxid" in fact)
        return found

    def missing_before(self, zxid, others):
        """What others have between this entry and the one that stands before it here, unless a snapshot has it."""
        before = max((entry for entry in self.zxids if entry < zxid), default=zxid)
        missing = {entry for other in others for entry in other.zxids if before < entry < zxid}
        names = glob.glob(os.path.join(self.directory, "data", "version-2", "snapshot.*[0-9a-f]"))
        snapshots = [int(name.rsplit(".", 1)[1], 16) for name in names if not name.endswith(".tmp")]
        return missing if missing and not any(max(missing) <= snapshot < zxid for snapshot in snapshots) else set()


def main():
    zkdump, directory = sys.argv[1:]
    with open(os.path.join(directory, "cluster.json"), encoding="utf-8") as file:
        members = {peer["id"]: Member(zkdump, os.path.join(directory, str(peer["id"])), peer["kind"])
                   for peer in json.load(file)["peers"]}
    of_c = [member for member in members.values() if member.kind == "c"]
    led = set().union(*(member.led for member in members.values()))
    led_by_c = set().union(*(member.led for member in of_c))
    wrong_in_c = min((zxid for member in of_c for zxid in member.wrong_at), default=None)
    if wrong_in_c is not None:
        print(f"a member of C has found its tree wrong at a start, first at 0x{wrong_in_c:x}")
    for number, member in members.items():
        others = [other for other in members.values() if other is not member]
        for zxid in sorted(set(member.wrong_at)) if member.kind == "java" else []:
            missing = member.missing_before(zxid, others)
            if not missing:
                print(f"member {number}, of Java, has found its tree wrong at 0x{zxid:x}, and lacks nothing before that")
                continue
            epochs = {entry >> 32 for entry in missing}
            print(f"member {number}, of Java, lacks {len(missing)} transactions from 0x{min(missing):x} to 0x{max(missing):x}; "
                  f"members of C have led in {len(epochs & led_by_c)} of their {len(epochs)} epochs, nobody in {len(epochs - led)}")
            if epochs <= led - led_by_c and (wrong_in_c is None or min(missing) < wrong_in_c):
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
