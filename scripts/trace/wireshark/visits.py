"""What clients say to servers, from a capture: the events of a trace that our servers write themselves (FORMAT.md)."""

import struct

SEEN = "seen on the wire"
CLOSE_SESSION = -11
MOST_SHOWN = 40  # bytes of data
CREATES = ("create", "create2", "createContainer", "createTtl")
CHILDREN = ("getChildren", "getChildren2")
READS = ("exists", "getData", *CHILDREN)
MODES = ("", "ephemeral", "sequential", "ephemeral sequential")
EVENTS = {1: "created", 2: "deleted", 3: "changed", 4: "children"}


def number_of(fields, name):
    return int(fields[name].get("show"), 0)


def session_of(fields, name):
    return hex(int(fields[name].get("value"), 16))


class Reader:
    """Over the bytes of a body; what is not there is None."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def int(self):
        if self.at + 4 > len(self.data):
            return None
        self.at += 4
        return struct.unpack_from(">i", self.data, self.at - 4)[0]

    def bytes(self):
        length = self.int()
        if length is None or length < 0 or self.at + length > len(self.data):
            return None
        self.at += length
        return self.data[self.at - length : self.at]


def shown(data):
    if data is None:
        return None
    text = data[:MOST_SHOWN].decode(errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text) + ("..." if len(data) > MOST_SHOWN else "")


def of_request(op, data):
    """The optional fields of a request: its data, and what else it says."""
    reader = Reader(data)
    found = {}
    if op not in (*READS, *CREATES, "setData") or reader.bytes() is None:
        return found
    if op in READS:
        return {"how": "watch"} if data[reader.at : reader.at + 1] == b"\1" else found
    value = shown(reader.bytes())
    if value is not None:
        found["data"] = value
    if op in CREATES[:2]:
        for _ in range(max(0, reader.int() or 0)):
            if reader.int() is None or reader.bytes() is None or reader.bytes() is None:
                return found
        flags = reader.int()
        if flags is not None and 0 < flags < len(MODES):
            found["how"] = MODES[flags]
    return found


def of_reply(op, data):
    reader = Reader(data)
    if op in CHILDREN:
        children = [shown(reader.bytes()) for _ in range(min(MOST_SHOWN, max(0, reader.int() or 0)))]
        return {"data": shown(" ".join(filter(None, children)).encode())}
    value = shown(reader.bytes()) if op in (*CREATES, "getData") else None
    return {} if value is None else {"data": value}


class Visit:
    """One connection of a client, and what was said on it."""

    def __init__(self, connection):
        ip, port = connection.dialler_address
        self.server, self.client_address, self.addr = connection.listener, connection.dialler_address, f"{ip}:{port}"
        self.session, self.ms = "0x0", 0
        self.asked = []  # (xid, op) without an answer
        self.events = []
        self.is_over = False

    def note(self, t, ev, **fields):
        self.events.append({"v": 1, "t": t, "n": self.server, "th": "", "ev": ev, "session": self.session, "addr": self.addr, **fields})

    def end(self, packet):
        self.events.append({"end": packet.t})  # placed behind what was said, see close()

    def close(self):
        """The connection ends at its first FIN or RST. Returns the events."""
        ends = [event["end"] for event in self.events if "end" in event]
        self.events = [event for event in self.events if "end" not in event]
        if ends and self.session != "0x0":
            self.note(min(ends), "session", what="left", ms=self.ms, why=SEEN)
        return self.events

    def read(self, packet, fields):
        """Returns how many frames are malformed."""
        if "zkclient.word" in fields:
            return 0
        if "zkclient.number" not in fields:
            return 1
        if packet.source == self.client_address:
            self.read_request(packet.t, fields)
        else:
            self.read_reply(packet.begins, fields)
        return 0

    def read_request(self, t, fields):
        if "zkclient.timeout" in fields:
            self.session = session_of(fields, "zkclient.session")
            self.note(t, "request", xid=0, op="createSession", path="", data=f"{number_of(fields, 'zkclient.timeout')} ms")
            return
        xid = number_of(fields, "zkclient.xid")
        op = fields["zkclient.type"].get("showname").split(": ")[1].split(" (")[0]
        path = fields["zkclient.path"].get("show") if "zkclient.path" in fields else ""
        self.asked.append((xid, op))
        self.note(t, "request", xid=xid, op=op, path=path, **of_request(op, body_of(fields)))

    def read_reply(self, t, fields):
        if "zkclient.timeout" in fields:
            session = session_of(fields, "zkclient.session")
            self.ms = number_of(fields, "zkclient.timeout")
            self.session = session if session != "0x0" else self.session
            self.note(t, "session", what="refused" if session == "0x0" else "opened", ms=self.ms, why=SEEN)
            return
        if "zkclient.event" in fields:
            what = EVENTS.get(number_of(fields, "zkclient.event"), "removed")
            self.note(t, "watch", what=what, path=fields["zkclient.path"].get("show") if "zkclient.path" in fields else "")
            return
        xid, err = number_of(fields, "zkclient.xid"), number_of(fields, "zkclient.err")
        answered = next((asked for asked in self.asked if asked[0] == xid), None)
        if answered is None:  # it was asked before the film began
            return
        self.asked.remove(answered)
        zxid = hex(int(fields["zkclient.zxid"].get("value"), 16))
        data = of_reply(answered[1], body_of(fields)) if err == 0 else {}
        self.note(t, "reply", xid=xid, op=answered[1], zxid=zxid, err=err, **data)


def body_of(fields):
    return bytes.fromhex(fields["zkclient.body"].get("value")) if "zkclient.body" in fields else b""


def events_of(visits, closings):
    """All that clients did, and the ends of the sessions that nobody has asked for. closings: (time, leader, session, cxid)
    of each closeSession that a leader proposes; a session that expires is closed with the cxid 0."""
    events = [event for visit in visits for event in visit.close()]
    timeouts = {visit.session: visit.ms for visit in visits}
    told = set()
    for t, leader, session, cxid in closings:
        if cxid == 0 and session in timeouts and session not in told:
            told.add(session)
            why = f"{SEEN}: its leader proposes the end of the session, and no client has asked for it"
            events.append({"v": 1, "t": t, "n": leader, "th": "", "ev": "session", "session": session, "addr": "",
                           "what": "expired", "ms": timeouts[session], "why": why})
    return events
