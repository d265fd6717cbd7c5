"""The traces of three clients and a lock, worked out by hand: 3 leads, 1 follows. Ann, at 1, has the first number and dies; Ben,
at 3, is told, and moves to 1. Cleo is told nothing."""

import json
import os

ANN, BEN, CLEO = "0x1000a", "0x3000b", "0x3000c"
NAMES = {ANN: ("Ann", "10.0.0.1:1"), BEN: ("Ben", "10.0.0.2:2"), CLEO: ("Cleo", "10.0.0.3:3")}
OTHER_ADDRESS = "10.0.0.2:22"  # of Ben, when he moves

VISIT = """3 state s=LEADING
3 established leader=3 epoch=1
1 state s=FOLLOWING
1 established leader=3 epoch=1
1 request session=0x0 addr=10.0.0.1:1 xid=0 op=createSession path= data=4000ms
1 session session=0x1000a addr=10.0.0.1:1 what=opened ms=4000
1 request session=0x1000a addr=10.0.0.1:1 xid=1 op=create path=/l/n- data=ann how=ephemeral_sequential
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
1 reply session=0x1000a addr=10.0.0.1:1 xid=1 op=create zxid=0x100000001 err=0 data=/l/n-0000000000
3 request session=0x0 addr=10.0.0.2:2 xid=0 op=createSession path= data=9000ms
3 session session=0x3000b addr=10.0.0.2:2 what=opened ms=9000
3 request session=0x3000b addr=10.0.0.2:2 xid=1 op=exists path=/l/n-0000000000 how=watch
3 reply session=0x3000b addr=10.0.0.2:2 xid=1 op=exists zxid=0x100000001 err=0
3 request session=0x0 addr=10.0.0.3:3 xid=0 op=createSession path= data=9000ms
3 session session=0x3000c addr=10.0.0.3:3 what=opened ms=9000
3 request session=0x3000c addr=10.0.0.3:3 xid=1 op=getData path=/m how=watch
3 reply session=0x3000c addr=10.0.0.3:3 xid=1 op=getData zxid=0x100000001 err=-101
1 session session=0x1000a addr=10.0.0.1:1 what=left ms=4000
3 session session=0x1000a addr= what=expired ms=4000
3 txn step=proposed zxid=0x100000002 peer=0
3 txn step=logged zxid=0x100000002 peer=0
3 txn step=acked zxid=0x100000002 peer=3
1 txn step=logged zxid=0x100000002 peer=0
1 txn step=acked zxid=0x100000002 peer=0
3 txn step=acked zxid=0x100000002 peer=1
3 txn step=committed zxid=0x100000002 peer=0
3 watch session=0x3000b addr=10.0.0.2:2 what=deleted path=/l/n-0000000000
3 txn step=applied zxid=0x100000002 peer=0
3 session session=0x3000b addr=10.0.0.2:2 what=left ms=9000
1 request session=0x3000b addr=10.0.0.2:22 xid=0 op=createSession path= data=9000ms
1 session session=0x3000b addr=10.0.0.2:22 what=opened ms=9000
1 request session=0x3000b addr=10.0.0.2:22 xid=-2 op=ping path=
1 reply session=0x3000b addr=10.0.0.2:22 xid=-2 op=ping zxid=0x100000001 err=0
1 request session=0x3000b addr=10.0.0.2:22 xid=2 op=getChildren path=/l
1 reply session=0x3000b addr=10.0.0.2:22 xid=2 op=getChildren zxid=0x100000002 err=0 data=n-0000000000
1 request session=0x3000b addr=10.0.0.2:22 xid=3 op=setData path=/l data=x"""
TEXTS = ("session", "addr", "path", "data", "how", "zxid")


def value_of(name, text):
    if name in TEXTS or not text.lstrip("-").isdigit():
        return text.replace("_", " ")
    return int(text)


def save(directory, old="", new="", named=True):
    """A directory as of a cluster, with this change in VISIT."""
    assert old in VISIT, old
    lines = {n: [{"t": 0, "ev": "boot", "wall": 5000, "version": "0"}] for n in (1, 3)}
    lines[3].append({"t": 1, "ev": "tally", "leader": 3, "have": [2, 3], "quorum": True})
    lines[1].append({"t": 1, "ev": "tally", "leader": 3, "have": [1, 3], "quorum": True})
    for t, line in enumerate((VISIT.replace(old, new) if old else VISIT).splitlines(), 2):
        n, ev, *fields = line.split()
        record = {"t": 4000 * t, "ev": ev, "why": "so"}
        record.update((name, value_of(name, value)) for name, value in (field.split("=", 1) for field in fields))
        lines[int(n)].append(record)
    for n in lines:
        os.makedirs(os.path.join(directory, str(n)))
        with open(os.path.join(directory, str(n), "trace"), "w", encoding="utf-8") as stream:
            stream.writelines(json.dumps({"v": 1, "n": n, "th": "main", **record}) + "\n" for record in lines[n])
    if named:
        ends = [*((name, session, addr) for session, (name, addr) in NAMES.items()), ("Ben", BEN, OTHER_ADDRESS)]
        with open(os.path.join(directory, "clients.jsonl"), "w", encoding="utf-8") as stream:
            for name, session, addr in ends:
                stream.write(json.dumps({"v": 1, "ev": "client", "name": name, "session": session, "addr": addr}) + "\n")
    return directory
