"""What one client after the other saw of one server: the tape of a scenario, which is compared with the tape of Java.

A tape holds every frame of an answer or an event, masked (wire.py), and what was said besides. Two tapes are the same when
their clients could not tell the servers apart.
"""
import socket
import time

import wire
from differential import Closed, Connection

SECONDS = 240.0
BARRIER = '/barrier'


class Client:
    """One connection. Every frame that it reads is on the tape, behind the client's name."""

    def __init__(self, tape, name, server, send=True, **options):
        self.tape, self.name, self.server = tape, name, server
        self.xid, self.session, self.password, self.timeout = 0, 0, bytes(16), 0
        self.zxid = 0  # of the last reply
        self.connection = Connection(tape.side.ports[server], tape.side.nudge_of(server), SECONDS)
        if send:
            self.open(**options)

    def open(self, **options):
        """Sends the first frame and reads its answer."""
        options.setdefault('timeout', 600000)
        self.send_bytes(wire.connect_request(**options))
        self.opened()

    def opened(self):
        """Reads the answer to the first frame. session is 0 if there is none."""
        try:
            data = self.connection.frame()
        except Closed:
            self.say('closed without an answer')
            return
        if len(data) < 36:
            self.say('a frame of %d bytes instead of a session' % len(data))
            return
        r = wire.Reader(data)
        version, self.timeout, self.session, self.password = r.integer(), r.integer(), r.long(), r.buffer()
        sessions = self.tape.masker.sessions
        number = sessions.setdefault(self.session, len(sessions) + 1) if self.session else 0
        self.say('version %d, timeout %d, session %d, then %s' % (version, self.timeout, number, data[r.at:].hex() or 'nothing'))

    def say(self, text):
        self.tape.say('%s: %s' % (self.name, text))

    def send_bytes(self, data):
        self.connection.send(data)

    def send(self, *ops):
        """ops: (opcode, body) or (opcode, body, xid). They leave in one piece."""
        out = []
        for op in ops:
            self.xid += 1
            out.append(wire.request(op[2] if len(op) > 2 else self.xid, op[0], op[1]))
        self.send_bytes(b''.join(out))

    def read(self, *codes):
        """Reads a reply for each opcode, with the events before it. Returns the replies as (error, Reader of the body)."""
        out = []
        for code in codes:
            while True:
                data = self.connection.frame()
                xid, self.zxid, err = wire.HEADER.unpack_from(data)
                self.tape.frame(self.name, code if xid != -1 else None, data)
                if xid != -1:
                    break
            out.append((err, wire.Reader(data, 16)))
        return out

    def ask(self, code, body=b'', xid=None):
        """One request. Returns (error, Reader of the body)."""
        self.send((code, body) if xid is None else (code, body, xid))
        return self.read(code)[0]

    def must(self, code, body=b''):
        """A request that only prepares: it must succeed."""
        err, r = self.ask(code, body)
        assert err == 0, '%s: %s is answered %d' % (self.name, wire.describe_request(code, body), err)
        return r

    def sees(self, path):
        """Waits until its server has a node that another one has acknowledged. A sync does not do at a leader of Java, where it
        may overtake what has been committed (NOTES.md D-241). How often this asks is not on the tape."""
        mark, xid = self.tape.hush(), self.xid

        def is_there():
            self.must(9, wire.string('/'))
            return self.ask(3, wire.string(path) + wire.boolean(False))[0] == 0
        assert until(is_there), '%s: %s does not come' % (self.name, path)
        self.xid = xid
        self.tape.silent(mark)

    def catches_up(self, other):
        """Waits until its server has applied what the last reply of another client tells of. How often this asks is not on the
        tape."""
        mark, xid = self.tape.hush(), self.xid

        def has_it():
            self.ask(3, wire.string('/') + wire.boolean(False))
            return self.zxid >= other.zxid
        assert until(has_it), '%s: its server stays behind' % self.name
        self.xid = xid
        self.tape.silent(mark)

    def event(self):
        """Reads one event. Returns (type, path)."""
        data = self.connection.frame()
        assert data[:4] == b'\xff\xff\xff\xff', '%s: an event was expected, not %s' % (self.name, data.hex())
        self.tape.frame(self.name, None, data)
        r = wire.Reader(data, 16)
        kind, _, path = r.integer(), r.integer(), r.string()
        return kind, path

    def events(self):
        """What has come unasked: a ping is answered behind it. Returns [(type, path)]."""
        self.send((11, b'', -2))
        out = []
        while True:
            data = self.connection.frame()
            self.tape.frame(self.name, 11, data)
            if data[:4] != b'\xff\xff\xff\xff':
                return out
            r = wire.Reader(data, 16)
            kind, _, path = r.integer(), r.integer(), r.string()
            out.append((kind, path))

    def ends(self):
        """Reads to the end, which must come."""
        try:
            while True:
                self.tape.frame(self.name, None, self.connection.frame())
        except Closed:
            self.say('closed')
        except socket.timeout:
            raise AssertionError('%s: the connection stays open' % self.name) from None
        self.connection.close()

    def leave(self):
        """The client breaks off; its session lives on."""
        self.connection.half_close()
        self.connection.close()

    def close(self):
        """closeSession, and the end of the connection behind its answer."""
        self.ask(-11)
        self.ends()


class Side:
    """One ensemble of a scenario."""

    def __init__(self, ensemble, name):
        self.ensemble, self.name = ensemble, name
        self.ports = ensemble.ports()
        self.nudgers, self.nudges = {}, 0
        self.control = {}

    def nudge_of(self, server):
        """3.8.0's CommitProcessor may miss a commit until another request comes (ZOOKEEPER-4537): that is this ping."""
        if self.ensemble.alone or self.ensemble.kinds[server] != 'java':
            return None

        def nudge():
            self.nudges += 1
            tape = Tape(self, 'nudge', server)
            client = self.nudgers.get(server)
            try:
                client.tape = tape
                client.ask(11, b'', -2)
            except (AttributeError, Closed):
                self.open_nudger(server)  # the server has ended since
            except OSError:
                pass  # it is busy; the request that waits says so if that is for ever
        return nudge

    def open_nudger(self, server):
        client = Client(Tape(self, 'nudge', server), 'nudge', server, timeout=3600000)
        client.connection.nudge = None
        self.nudgers[server] = client

    def open_nudgers(self):
        """Before anything is compared: a session takes a zxid."""
        for server, kind in enumerate(self.ensemble.kinds):
            if not self.ensemble.alone and kind == 'java':
                self.open_nudger(server)

    def place(self, where):
        """The number of the server that 'alone', 'leader' or 'follower' means now."""
        for number, server in enumerate(self.ensemble.servers):
            mode = server.mode()
            if mode == where or (where == 'alone' and mode == 'standalone'):
                return number
        raise RuntimeError('%s: there is no %s' % (self.name, where))


class Tape:
    """The tape of one scenario at one server of one side."""

    def __init__(self, side, name, server):
        self.side, self.name, self.at = side, name, server
        self.root = '/' + name
        self.masker = wire.Masker()
        self.lines = []
        self.clients = []

    def begin(self):
        """zxids count from here. The scenario has a node of its own."""
        control = Client(self, 'control', self.at)
        control.ask(1, wire.create(BARRIER))
        control.must(9, wire.string('/'))
        control.must(1, wire.create(self.root, b'r'))
        self.restart(control)
        control.close()
        self.lines = []
        self.masker.sessions = {}

    def restart(self, client):
        """zxids count from a write of now."""
        client.send((5, wire.string(BARRIER) + wire.buffer(b'') + wire.integer(-1)))
        data = client.connection.frame()
        self.masker.base = wire.HEADER.unpack_from(data)[1]

    def client(self, name='client', server=None, **options):
        client = Client(self, name, self.at if server is None else server, **options)
        self.clients.append(client)
        return client

    def leader(self):
        """The number of the server that leads, or is alone."""
        return next(n for n, server in enumerate(self.side.ensemble.servers) if server.mode() in ('leader', 'standalone'))

    def other(self):
        """Another server than that of the scenario."""
        return (self.at + 1) % len(self.side.ports)

    def path(self, *names):
        return '/'.join([self.root] + list(names))

    def frame(self, name, code, data):
        masked = data if data[:4] == b'\xff\xff\xff\xff' and len(data) < 16 else self.masker.mask(code, data)
        self.lines.append((name, code, masked))

    def say(self, text):
        self.lines.append(text)

    def hush(self):
        """Returns a mark: what comes until silent(mark) depends on time and is not compared."""
        return len(self.lines)

    def silent(self, mark):
        del self.lines[mark:]

    def end(self):
        for client in self.clients:
            client.connection.close()


def tell(line):
    if isinstance(line, str):
        return line
    name, code, data = line
    return '%s: %s%s' % (name, '' if code is None else '%s: ' % wire.NAMES.get(code, code), wire.describe_reply(code, data))


def first_difference(a, b):
    """Returns None, or (how many lines are the same, both next lines as text)."""
    for index in range(max(len(a), len(b))):
        one = a[index] if index < len(a) else None
        two = b[index] if index < len(b) else None
        if one != two:
            return index, ['nothing more' if line is None else tell(line) for line in (one, two)]
    return None


def until(fact, seconds=240.0):
    """Waits for a fact. The limit is far from what is measured: a busy machine must not fail a test."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
