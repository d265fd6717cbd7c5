"""The traces of one write, worked out by hand: 3 leads, 1 follows; 2 has no trace here."""

import json
import os

WRITES = """3 state s=LEADING
3 established leader=3 epoch=1
1 state s=FOLLOWING
1 established leader=3 epoch=1
3 txn step=proposed zxid=0x100000001 peer=0
3 txn step=logged zxid=0x100000001 peer=0
3 txn step=acked zxid=0x100000001 peer=3
1 txn step=logged zxid=0x100000001 peer=0
1 txn step=acked zxid=0x100000001 peer=0
3 txn step=acked zxid=0x100000001 peer=1
3 txn step=committed zxid=0x100000001 peer=0
3 txn step=applied zxid=0x100000001 peer=0
1 txn step=committed zxid=0x100000001 peer=0
1 txn step=applied zxid=0x100000001 peer=0
3 txn step=proposed zxid=0x100000002 peer=0
3 sync peer=2 mode=DIFF from_zxid=0x0 to_zxid=0x100000001
3 send to=2 conn=a-b seq=1 kind=DIFF"""


def save(directory, old="", new=""):
    """The two files, with this change in WRITES; their paths."""
    assert old in WRITES, old
    paths = {n: os.path.join(directory, f"{n}.jsonl") for n in (1, 3)}
    lines = {n: [{"t": 0, "ev": "boot", "wall": 5000, "version": "0"}] for n in paths}
    lines[3].append({"t": 1, "ev": "tally", "leader": 3, "have": [2, 3], "quorum": True})
    lines[1].append({"t": 1, "ev": "tally", "leader": 3, "have": [1, 3], "quorum": True})
    for t, line in enumerate((WRITES.replace(old, new) if old else WRITES).splitlines(), 2):
        n, ev, *fields = line.split()
        record = {"t": 1000 * t, "ev": ev, "why": "so", "m": {}}
        record.update((name, int(value) if value.isdigit() else value) for name, value in (field.split("=") for field in fields))
        lines[int(n)].append(record)
    for n, path in paths.items():
        with open(path, "w", encoding="utf-8") as stream:
            stream.writelines(json.dumps({"v": 1, "n": n, "th": "main", **record}) + "\n" for record in lines[n])
    return list(paths.values())
