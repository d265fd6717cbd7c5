#!/usr/bin/env python3
"""Looks for wrong digests that a member has found in its tree, in all its lives.

    digests.py LOG FIRST_LINE:KIND...

LOG is what the member has said in all its lives; each FIRST_LINE:KIND is one of them, c or java, in order.

One kind of wrong digest is Java's own, and passed over, whoever finds it. Java changes a node before it notes the zxid of
the change. So a snapshot that it writes meanwhile may hold the change, or a part of it, that comes after the zxid that
stands behind its nodes, with that zxid's digest. Who replays a log over this snapshot, be it C or Java, at its start or
after TRUNC, finds the tree wrong when it has reached that zxid. The next transaction is that change, which mends the tree.
If no zxid was noted while the snapshot was written, the snapshot is complete at once, and the first transaction that is
compared is that change itself.

Whatever else a member finds counts: over a snapshot that C has written, at any other transaction, while it serves.
"""

import os
import re
import sys

SNAPSHOTTING = re.compile(r"Snapshotting: 0x[0-9a-f]+ to (\S+)")
READING = re.compile(r"Reading snapshot (\S+)")
DIGEST = re.compile(r"The digest in the snapshot has digest version of \d+, with zxid as 0x([0-9a-f]+)")
LOADED = re.compile(r"Snapshot loaded in ")
# Java says session, cxid, zxid, time and type of the transaction.
MISMATCH = re.compile(r"First digest mismatch on txn: (?:\d+,-?\d+,(\d+),|\S+ zxid=0x([0-9a-f]+),)")


class Member:
    """What is known of a member at a line of its log."""

    def __init__(self):
        self.writers = {}  # of each snapshot, the kind that wrote it last
        self.over = None  # the snapshot that is being loaded
        self.excused = ()  # the zxids at which its writer's way explains a wrong digest

    def read(self, line, kind):
        """False if the line tells of a wrong digest that counts."""
        if found := SNAPSHOTTING.search(line):
            self.writers[found[1]] = kind
        elif found := READING.search(line):
            self.over, self.excused = found[1], ()
        elif (found := DIGEST.search(line)) and self.over is not None and self.writers.get(self.over) == "java":
            zxid, name = int(found[1], 16), int(os.path.basename(self.over).split(".")[1], 16)
            self.excused = (zxid,) if zxid > name else (name + 1,)
        elif LOADED.search(line):
            self.over, self.excused = None, ()
        elif "First digest mismatch" in line:
            found = MISMATCH.search(line)
            return found is not None and (int(found[1]) if found[1] else int(found[2], 16)) in self.excused
        return True


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    lives = [(int(first), kind) for first, kind in (word.split(":") for word in sys.argv[2:])]
    member, kind, bad = Member(), None, 0
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            while lives and lives[0][0] <= number:
                kind = lives.pop(0)[1]
            if not member.read(line, kind):
                print(f"{sys.argv[1]}:{number}: {line.rstrip()}")
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
