"""The leader's death as clients see it: from the kill to the next write that is acknowledged, and where that time goes.

Two sessions write without a pause, one at a follower and one at the leader. Each speaks the protocol itself and dials the
other servers every few milliseconds once its connection is gone; ZooKeeper's own clients wait longer before they do."""

import contextlib
import signal
import socket
import statistics
import struct
import threading
import time

from clients import Servers
from ensemble import Failure, wall_ms
from measure import phases

KILLS = 5
WRITES_BEFORE = 3000  # of each session: Java compiles what is hot
DIAL_EVERY_S = 0.005
TIMEOUT_MS, LIMIT_S = 30000, 240
CREATE, SET, NODE_EXISTS = 1, 5, -110
NAMES = {"noticed": "until both others have noticed", "decided": "until a new leader is elected",
         "serves": "until it serves", "follower": "until a client of a follower has a write acknowledged",
         "leader": "until a client of the dead leader has"}


class Gone(Exception):
    """The connection has ended, or the server does not take sessions now."""


def text(value):
    return struct.pack(">i", len(value)) + value


class Writer(threading.Thread):
    """One session that sets its node again and again; it starts at the server of `first`, and may go to all of `ports`."""

    def __init__(self, ports, first, name):
        super().__init__(daemon=True)
        self.ports, self.at, self.path = ports, ports.index(first), f"/failover-{name}".encode()
        self.session, self.password, self.zxid = 0, bytes(16), 0
        self.sock, self.xid, self.error = None, 0, None
        self.acknowledged, self.last_ms = 0, 0.0
        self.first_of_epoch = {}  # epoch: when its first write was acknowledged, by the wall clock, in ms
        self.ending = False

    def run(self):
        try:
            while not self.ending:
                self.once()
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def once(self):
        try:
            if self.sock is None:
                self.connect()
            _, epoch, error = self.request(SET, text(self.path) + text(b"x" * 100) + struct.pack(">i", -1))
            if error != 0:
                raise Failure(f"a write was refused with {error}")
            self.acknowledged += 1
            self.last_ms = wall_ms()
            self.first_of_epoch.setdefault(epoch, self.last_ms)
        except (Gone, OSError):
            if self.sock is not None:
                self.sock.close()
            self.sock = None
            self.at = (self.at + 1) % len(self.ports)
            time.sleep(DIAL_EVERY_S)

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.ports[self.at]), timeout=LIMIT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_new = self.session == 0
        self.send(struct.pack(">iqiq", 0, self.zxid, TIMEOUT_MS, self.session) + text(self.password) + b"\0")
        reply = self.frame()
        self.session, = struct.unpack_from(">q", reply, 8)
        self.password = reply[20:36]
        if self.session == 0:
            raise Failure("a session was lost at the leader's death")
        if is_new:
            acl = struct.pack(">ii", 1, 31) + text(b"world") + text(b"anyone")
            self.request(CREATE, text(self.path) + text(b"") + acl + struct.pack(">i", 0))

    def send(self, body):
        self.sock.sendall(text(body))

    def take(self, count):
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise Gone
            data += part
        return data

    def frame(self):
        return self.take(struct.unpack(">i", self.take(4))[0])

    def request(self, code, body):
        """(xid, epoch, error) of the reply."""
        self.xid += 1
        self.send(struct.pack(">ii", self.xid, code) + body)
        xid, self.zxid, error = struct.unpack_from(">iqi", self.frame())
        return xid, self.zxid >> 32, error


def until(fact, what):
    end = time.monotonic() + LIMIT_S
    while not fact():
        if time.monotonic() > end:
            raise Failure(f"{what} took more than {LIMIT_S} s")
        time.sleep(0.01)


def one_kill(servers, leader, number):
    """The leader dies under load, and comes back. Milliseconds by NAMES, and who leads then."""
    others = [peer for peer in servers.ids if peer != leader]
    ports = [servers.port(peer) for peer in servers.ids]
    writers = {"follower": Writer(ports, servers.port(others[0]), f"{number}-a"),
               "leader": Writer(ports, servers.port(leader), f"{number}-b")}
    try:
        for writer in writers.values():
            writer.start()
        until(lambda: all(w.acknowledged >= WRITES_BEFORE or w.error for w in writers.values()), "writing before the kill")
        epoch = max(epoch for w in writers.values() for epoch in w.first_of_epoch)
        began = servers.signal(leader, signal.SIGKILL)
        until(lambda: all(max(w.first_of_epoch) > epoch or w.error for w in writers.values()), "the next write")
    finally:
        for writer in writers.values():
            writer.ending = True
    errors = [writer.error for writer in writers.values() if writer.error is not None]
    if errors:
        raise Failure(f"a client of {servers.kind} servers: {errors[0]!r}; {servers.logs_are()}")
    successor = servers.wait(others, began, "electing again", LIMIT_S)
    found = phases(servers, others, successor, began)
    figures = {what: found[what] for what in ("noticed", "decided", "serves")}
    for name, writer in writers.items():
        figures[name] = writer.first_of_epoch[min(e for e in writer.first_of_epoch if e > epoch)] - began
    servers.start([leader])
    return figures, servers.wait(servers.ids, 0, "taking the dead one back", LIMIT_S)


def measure_failover(kinds, kills, keep, progress):
    """A list of figures for each kind. The kinds take turns, each with its ensemble, so that both meet the same minutes."""
    figures = {kind: [] for kind in kinds}
    with contextlib.ExitStack() as stack:
        ensembles = {kind: stack.enter_context(Servers(kind, 3, keep)) for kind in kinds}
        leaders = {kind: servers.wait(servers.ids, servers.start(servers.ids), "starting", LIMIT_S)
                   for kind, servers in ensembles.items()}
        for number in range(kills):
            for kind, servers in ensembles.items():
                progress(f"the leader's death, {kind}, {number + 1} of {kills}")
                found, leaders[kind] = one_kill(servers, leaders[kind], number)
                figures[kind].append(found)
    return figures


def lines_of(figures):
    def middle(kind, what):
        return statistics.median(run[what] for run in figures[kind]) if kind in figures else None

    def cell(value):
        return f"{value:10.0f}" if value is not None else f"{'':10}"
    kills = len(next(iter(figures.values())))
    lines = [f"the leader of 3 servers is killed while two clients write; ms since the kill, medians of {kills}",
             f"{'':56}{'C':>10}{'Java':>10}    Java/C   goal"]
    for what, name in NAMES.items():
        c, java = middle("c", what), middle("java", what)
        ratio = f"{java / c:10.1f}" if c and java else f"{'':10}"
        lines.append(f"  {name:<54}{cell(c)}{cell(java)}{ratio}{'   2' if what in ('follower', 'leader') else ''}".rstrip())
    both = {kind: statistics.median(min(run["follower"], run["leader"]) for run in runs) for kind, runs in figures.items()}
    lines.append("  kill to next acknowledged write, ms: " + ", ".join(f"{kind} {ms:.0f}" for kind, ms in both.items()))
    return lines
