"""A client of a story that lives from step to step: one session, whose connection the story leads from server to server.

    session.py NAME SERVER...        each SERVER is id:port, or id:port:namespace

Reads one command a line and answers each with one line: "ok ...", or "no ..." if it did not come as told. Between commands it
sends pings, as every client does, and keeps the events that come. The protocol is spoken by hand, so that nothing happens
behind the story's back: no retries, no other server unless the story says so.

    connect ID MS read-write|read-only      a new session at this server
    adopt FILE ID       the session that FILE tells of, over a connection of our own
    save FILE           tells of our session there
    move ID             break the connection off, go on at this server, and set all watches again (setWatches)
    barred ID           this server does not take the session: it ends the connection without a word
    create PATH VALUE FLAGS NAME            NAME: the path that it must get
    set PATH VALUE      get PATH VALUE      list PATH NAME...      sync PATH
    mute set|sync ...   the same, and there must be no answer within a second
    refused PATH        a write is refused, for the server is read-only
    broken PATH         a write is answered by the end of the connection
    watch PATH          a watch on its data, or on its coming if it is not there
    event PATH KIND     the next event
    silence             there is no event
    cut                 the server ends the connection
    close               end the session
"""

import collections
import ctypes
import json
import os
import select
import socket
import struct
import sys
import time

PATIENCE_S, SILENCE_S = float(os.environ.get("STORY_PATIENCE_S", "20")), 1.0
CREATE, EXISTS, GET, SET, SYNC, PING, LIST, SET_WATCHES, CLOSE = 1, 3, 4, 5, 9, 11, 8, 101, -11
EVENT_XID, PING_XID, WATCHES_XID = -1, -2, -8
NO_NODE, NOT_READ_ONLY = -101, -119
ERRORS = {-101: "there is no such node", -110: "there is such a node already", -112: "the session has ended",
          -119: "this server is read-only"}
KINDS = {1: "created", 2: "deleted", 3: "changed", 4: "children"}
NEW_NETWORK = 0x40000000
NAMES = os.environ.get("STORY_NAMES")  # where each of our sessions is noted with the client's name


class No(Exception):
    """It did not come as told."""


class Gone(Exception):
    """The connection has ended."""


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">i", len(data)) + data


def vector(values):
    return struct.pack(">i", len(values)) + b"".join(map(text, values))


def dial(server):
    """A connection, made in the server's network namespace if it has one: a socket stays where it was made."""
    _, port, *namespace = server.split(":")
    if namespace:
        libc, home = ctypes.CDLL(None, use_errno=True), os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(namespace[0], os.O_RDONLY)
        if libc.setns(there, NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        sock = socket.socket()
        libc.setns(home, NEW_NETWORK)
        os.close(there)
        os.close(home)
    else:
        sock = socket.socket()
    sock.settimeout(PATIENCE_S)
    sock.connect(("127.0.0.1", int(port)))
    return sock


class Session:
    def __init__(self, name, servers):
        self.name = name
        self.servers = {server.split(":")[0]: server for server in servers}
        self.sock, self.received = None, b""
        self.id, self.password, self.timeout_ms, self.zxid, self.read_only = 0, bytes(16), 0, 0, False
        self.xid, self.replies = 0, {}
        self.events, self.watches = collections.deque(), {}  # path: "data" or "exist"

    # ---- frames ------------------------------------------------------------------------------------

    def take_frames(self, seconds):
        """Takes what comes within that time, at most one read."""
        if self.sock is None:
            raise Gone
        if not select.select([self.sock], [], [], seconds)[0]:
            return
        try:
            part = self.sock.recv(65536)
        except OSError:
            part = b""
        if not part:
            self.drop()
            raise Gone
        self.received += part
        while len(self.received) >= 4 and len(self.received) >= 4 + struct.unpack_from(">i", self.received)[0]:
            end = 4 + struct.unpack_from(">i", self.received)[0]
            frame, self.received = self.received[4:end], self.received[end:]
            self.take_frame(frame)

    def take_frame(self, frame):
        if self.id_is_due:
            self.replies["connect"] = frame
            self.id_is_due = False
            return
        xid, zxid, error = struct.unpack_from(">iqi", frame)
        if xid == EVENT_XID:
            kind, _, length = struct.unpack_from(">iii", frame, 16)
            path = frame[28:28 + length].decode()
            self.watches.pop(path, None)
            self.events.append((path, KINDS[kind]))
            return
        self.zxid = max(self.zxid, zxid)
        self.replies[xid] = error, frame[16:]

    def drop(self):
        if self.sock is not None:
            self.sock.close()
        self.sock, self.received, self.replies = None, b"", {}

    def send(self, data):
        if self.sock is None:
            raise Gone
        try:
            self.sock.sendall(text(data))
        except OSError as error:
            self.drop()
            raise Gone from error

    def wait_for(self, key, seconds):
        """The reply, or None."""
        end = time.monotonic() + seconds
        while key not in self.replies and time.monotonic() < end:
            self.take_frames(max(0, end - time.monotonic()))
        return self.replies.pop(key, None)

    def ask(self, code, body, xid=None):
        if xid is None:
            self.xid += 1
            xid = self.xid
        self.send(struct.pack(">ii", xid, code) + body)
        reply = self.wait_for(xid, PATIENCE_S)
        if reply is None:
            raise No("it is not answered")
        return reply

    def done(self, code, body):
        error, rest = self.ask(code, body)
        if error != 0:
            raise No(ERRORS.get(error, f"the answer is error {error}"))
        return rest

    # ---- the connection ----------------------------------------------------------------------------

    def attach(self, number):
        """The session at this server; false if the server ends the connection instead."""
        self.drop()
        try:
            self.sock = dial(self.servers[number])
            self.id_is_due = True
            ours = struct.pack(">iqiq", 0, self.zxid, self.timeout_ms, self.id)
            self.send(ours + text(self.password) + bytes([self.read_only]))
            reply = self.wait_for("connect", PATIENCE_S)
        except (Gone, OSError):
            self.drop()
            return False
        if reply is None or len(reply) < 20:
            self.drop()
            return False
        _, timeout_ms, session = struct.unpack_from(">iiq", reply)
        if session == 0:
            raise No("the session has ended")
        self.id, self.timeout_ms, self.password = session, timeout_ms, reply[20:36]
        self.tell_name()
        return True

    def tell_name(self):
        """No server knows what a client is called; who looks at their traces wants to."""
        if NAMES:
            ip, port = self.sock.getsockname()
            line = {"v": 1, "ev": "client", "name": self.name, "session": hex(self.id & (1 << 64) - 1), "addr": f"{ip}:{port}"}
            with open(NAMES, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def attach_soon(self, number):
        """A server that has just found a leader needs a moment until it serves."""
        end = time.monotonic() + PATIENCE_S
        while not self.attach(number):
            if time.monotonic() > end:
                raise No(f"server {number} does not take it")
            time.sleep(0.05)

    def connect(self, number, timeout_ms, how):
        self.id, self.password, self.timeout_ms, self.read_only = 0, bytes(16), int(timeout_ms), how == "read-only"
        self.attach_soon(number)
        return f"a session of {self.timeout_ms} ms"

    def adopt(self, path, number):
        with open(path, encoding="ascii") as file:
            session, password, timeout_ms = file.read().split()
        self.id, self.password, self.timeout_ms = int(session), bytes.fromhex(password), int(timeout_ms)
        self.attach_soon(number)
        return "the same session"

    def save(self, path):
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{self.id} {self.password.hex()} {self.timeout_ms}")
        return ""

    def move(self, number):
        self.attach_soon(number)
        if not self.watches:
            return "the same session"
        data, exist = ([p for p, w in sorted(self.watches.items()) if w == which] for which in ("data", "exist"))
        self.ask(SET_WATCHES, struct.pack(">q", self.zxid) + vector(data) + vector(exist) + vector([]), WATCHES_XID)
        return f"the same session; watches are set again on {', '.join(sorted(data + exist))}"

    def barred(self, number):
        if self.attach(number):
            raise No(f"server {number} takes it")
        return "the server ends the connection"

    def cut(self):
        end, pinged = time.monotonic() + PATIENCE_S, 0.0
        try:
            while time.monotonic() < end:
                if time.monotonic() - pinged > 0.2:  # a ping is answered at once, and each answer would be another ping
                    pinged = time.monotonic()
                    self.ping()
                self.take_frames(0.2)
        except Gone:
            return "the server has ended the connection"
        raise No("the connection is still there")

    def ping(self):
        if self.sock is not None and not self.id_is_due:
            self.send(struct.pack(">ii", PING_XID, PING))

    # ---- requests ----------------------------------------------------------------------------------

    def create(self, path, value, flags, name):
        acl = struct.pack(">ii", 1, 31) + text("world") + text("anyone")
        made = self.done(CREATE, text(path) + text(value) + acl + struct.pack(">i", int(flags)))[4:].decode()
        if made != name:
            raise No(f"it is called {made}")
        return made

    def set(self, path, value):
        self.done(SET, text(path) + text(value) + struct.pack(">i", -1))
        return "done"

    def sync(self, path):
        self.done(SYNC, text(path))
        return "done"

    def mute(self, what, path, value=""):
        self.xid += 1
        body = text(path) + (text(value) + struct.pack(">i", -1) if what == "set" else b"")
        self.send(struct.pack(">ii", self.xid, SET if what == "set" else SYNC) + body)
        if self.wait_for(self.xid, SILENCE_S) is not None:
            raise No("it is answered")
        return f"no answer within {SILENCE_S:.0f} s"

    def read(self, path):
        error, rest = self.ask(GET, text(path) + b"\0")
        if error not in (0, NO_NODE):
            raise No(ERRORS.get(error, f"the answer is error {error}"))
        return "nothing" if error != 0 else rest[4:4 + struct.unpack_from(">i", rest)[0]].decode()

    def get(self, path, value):
        """A follower may be a moment behind, so it asks again until the value is there; "old ..." is asked once."""
        end = time.monotonic() + PATIENCE_S
        while (found := self.read(path)) != value:
            if time.monotonic() > end:
                raise No(f"it reads {found}")
            time.sleep(0.05)
        return found

    def now(self, path, value):
        found = self.read(path)
        if found != value:
            raise No(f"it reads {found}")
        return found

    def list(self, path, *names):
        rest = self.done(LIST, text(path) + b"\0")
        count, = struct.unpack_from(">i", rest)
        found, at = [], 4
        for _ in range(count):
            length, = struct.unpack_from(">i", rest, at)
            found.append(rest[at + 4:at + 4 + length].decode())
            at += 4 + length
        if sorted(found) != sorted(names):
            raise No(f"there are {' '.join(sorted(found)) or 'none'}")
        return " ".join(sorted(found))

    def refused(self, path):
        error, _ = self.ask(SET, text(path) + text("refused") + struct.pack(">i", -1))
        if error != NOT_READ_ONLY:
            raise No(f"the answer is {error}")
        return ERRORS[error]

    def broken(self, path):
        try:
            error, _ = self.ask(SET, text(path) + text("broken") + struct.pack(">i", -1))
        except Gone:
            return "the server ends the connection"
        raise No(f"the answer is {error}")

    def watch(self, path):
        error, _ = self.ask(EXISTS, text(path) + b"\1")
        self.watches[path] = "exist" if error == NO_NODE else "data"
        return "until the node comes" if error == NO_NODE else "until the node changes or goes"

    def event(self, path, kind):
        end = time.monotonic() + PATIENCE_S
        pinged = time.monotonic()
        while not self.events:
            if time.monotonic() > end:
                raise No("no event comes")
            if time.monotonic() - pinged > self.timeout_ms / 3000:
                pinged = time.monotonic()
                self.ping()
            self.take_frames(0.05)
        found = self.events.popleft()
        if found != (path, kind):
            raise No(f"the event is: {found[0]} {found[1]}")
        return f"{path} {kind}"

    def silence(self):
        """Whatever was sent to us has come when a later request is answered."""
        if self.sock is not None:
            self.ask(EXISTS, text("/") + b"\0")
        if self.events:
            raise No(f"there is an event: {self.events[0][0]} {self.events[0][1]}")
        return "no event"

    def close(self):
        self.ask(CLOSE, b"")
        self.drop()
        return "the session is ended"


COMMANDS = ("connect", "adopt", "save", "move", "barred", "create", "set", "get", "now", "list", "sync", "mute", "refused",
            "broken", "watch", "event", "silence", "cut", "close")


def answer(session, words):
    try:
        assert words[0] in COMMANDS, words
        return "ok " + getattr(session, words[0])(*words[1:])
    except No as no:
        return f"no {no}"
    except Gone:
        return "no the connection has ended"


def main():
    session = Session(sys.argv[1], sys.argv[2:])
    session.id_is_due = False
    while True:
        seconds = session.timeout_ms / 3000 if session.sock is not None else None
        ready = select.select([sys.stdin] + ([session.sock] if session.sock is not None else []), [], [], seconds)[0]
        try:
            if session.sock is not None and session.sock in ready:
                session.take_frames(0)
            elif not ready:
                session.ping()
        except Gone:
            pass  # the story asks for it when it wants to know
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return  # the story is over; the session is left to its timeout
            print(answer(session, line.split()), flush=True)


main()
