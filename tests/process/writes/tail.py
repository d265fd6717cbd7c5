#!/usr/bin/env python3
"""Changes the end of the newest log of a stopped member, as a crash would have left it.

    tail.py tear ZKDUMP DIRECTORY     the last entry is only half there
    tail.py lead ZKDUMP DIRECTORY     one more entry, which nobody else has: of a leader that died before it was heard

DIRECTORY is the one with the log files. Prints what it has done.
"""

import glob
import json
import os
import struct
import subprocess
import sys
import time
import zlib

SET_DATA = 5


def newest_log(directory):
    return max(glob.glob(os.path.join(directory, "log.*")), key=lambda path: int(path.rsplit(".", 1)[1], 16))


def entries(zkdump, path):
    """The entries of a log, and where the last one ends."""
    done = subprocess.run([zkdump, "--json", path], text=True, stdout=subprocess.PIPE, check=True)
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    return [fact for fact in facts if "zxid" in fact], facts[-1]["position"]


def tear(path, last):
    """What follows the middle of the entry is zeros, as far as the file reached."""
    size = os.path.getsize(path)
    middle = last["position"] + 12 + last["bytes"] // 2
    os.truncate(path, middle)
    os.truncate(path, size)
    print(f"{path}: entry {last['zxid']} is cut at byte {middle}")


def lead(path, last, end):
    """A change of the root's data, in the epoch of the last entry."""
    zxid = int(last["zxid"], 16) + 1
    root = b"/"
    data = b"nobody was told"
    payload = struct.pack(">qiqqi", 0x5eed, 1, zxid, int(time.time() * 1000), SET_DATA)
    payload += struct.pack(">i", len(root)) + root + struct.pack(">i", len(data)) + data + struct.pack(">i", 1)
    with open(path, "r+b") as file:
        file.seek(end)
        file.write(struct.pack(">qi", zlib.adler32(payload), len(payload)) + payload + b"B")
    print(f"{path}: entry 0x{zxid:x} stands at byte {end}")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("tear", "lead"):
        sys.exit(__doc__)
    path = newest_log(sys.argv[3])
    found, end = entries(sys.argv[2], path)
    if sys.argv[1] == "tear":
        tear(path, found[-1])
    else:
        lead(path, found[-1], end)


if __name__ == "__main__":
    main()
