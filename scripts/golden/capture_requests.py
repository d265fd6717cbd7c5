#!/usr/bin/env python3
"""Captures what a Java leader makes of requests: tests/golden/requests.txt, which test_prep_golden.c plays again.

Two Java peers run; two fake followers join the leader, open sessions and send REQUESTs of every kind, good and bad, made
by chance from a fixed seed. Every PROPOSAL that comes back is written beside the request it was made of. What would ruin
a Java ensemble is not sent (NOTES.md D-150 to D-157), and what two Java servers would answer differently neither.

Lines of the file:
  S body                               the snapshot that the fake followers were sent: the tree before the first request
  Q follower session cxid type auth body      a request; auth and body as jute bytes, '-' for null
  P proposal                           what the leader made of it: header, record, digest
"""
import os
import random
import re
import socket
import struct
import sys
import tempfile

import capture

capture.CLIENT_PORT, capture.QUORUM_PORT, capture.ELECTION_PORT = 24580, 24680, 24780
SEED, REQUESTS = 9, 500
REQUEST, PROPOSAL, ACK, COMMIT, PING, NEWLEADER, FOLLOWERINFO, UPTODATE, LEADERINFO, ACKEPOCH, SNAP = \
    1, 2, 3, 4, 5, 10, 11, 12, 17, 18, 15
CREATE, DELETE, SET_DATA, SET_ACL, CHECK, MULTI, CREATE2, RECONFIG, CONTAINER, DELETE_CONTAINER, TTL = \
    1, 2, 5, 7, 13, 14, 15, 16, 19, 20, 21
CREATE_SESSION, CLOSE_SESSION = -10, -11
TIMEOUT_MS = 3600000


# ---- jute ---------------------------------------------------------------------------------------

def number(value):
    return struct.pack('>i', value)


def long(value):
    return struct.pack('>q', value)


def text(value):
    if value is None:
        return number(-1)
    raw = value if isinstance(value, bytes) else value.encode()
    return number(len(raw)) + raw


def vector(items, item):
    return number(-1) if items is None else number(len(items)) + b''.join(map(item, items))


def id_record(pair):
    return text(pair[0]) + text(pair[1])


def acl_record(entry):
    return number(entry[0]) + id_record(entry[1:])


# ---- a fake follower ----------------------------------------------------------------------------

class Follower:
    """Synchronised with the leader by a SNAP; what comes afterwards is acknowledged at once."""

    def __init__(self, sid, port):
        self.sid, self.proposals, self.committed = sid, [], 0
        self.socket = socket.create_connection(('127.0.0.1', port), capture.SECONDS)
        self.send(FOLLOWERINFO, 0, long(sid) + number(0x10000) + long(0))
        self.read(LEADERINFO)
        # A last zxid of an epoch that never was is answered with the whole tree.
        self.send(ACKEPOCH, 0, number(0))
        self.read(SNAP)
        self.body = self.read_body()
        self.send(ACK, self.read(NEWLEADER)[1])
        self.read(UPTODATE)

    def send(self, kind, zxid, data=None, auth=None):
        self.socket.sendall(number(kind) + long(zxid) + text(data) + vector(auth, id_record))

    def receive(self):
        kind, zxid, length = struct.unpack('>iqi', capture.receive(self.socket, 16))
        data = capture.receive(self.socket, length) if length > 0 else b''
        assert capture.receive(self.socket, 4) == number(-1)
        if kind == PING:
            self.send(PING, zxid, b'')
        elif kind == PROPOSAL:
            self.proposals.append(data)
            self.send(ACK, zxid)
        elif kind == COMMIT:
            self.committed += 1
        return kind, zxid, data

    def read(self, wanted):
        while True:
            packet = self.receive()
            if packet[0] == wanted:
                return packet

    def read_body(self):
        """The snapshot has no length: bytes are read one by one until it makes sense."""
        raw = b''
        while not raw.endswith(b'BenWasHere'):
            raw += capture.receive(self.socket, 1)
        return raw[:-14]

    def wait(self, proposals):
        while len(self.proposals) < proposals or self.committed < proposals:
            self.receive()

    def request(self, session, cxid, kind, auth, body):
        self.send(REQUEST, -1, long(session) + number(cxid) + number(kind) + body, auth)


# ---- requests by chance -------------------------------------------------------------------------

IP = ('ip', '127.0.0.1')
BOB = ('digest', 'bob:' + 'x' * 28)
EVE = ('digest', 'eve:' + 'y' * 28)
AUTHS = [[IP], [IP], [IP], [BOB, IP], [EVE, IP], [BOB, EVE, IP], [('super', ''), IP], [('ip', '10.1.2.3')],
         [('ip', '0:0:0:0:0:0:0:1')], [], None, [('sasl', 'x'), IP]]
OPEN = [(31, 'world', 'anyone')]
CLOSED = [[(1, 'world', 'anyone')], [(31, 'auth', '')], [(31, 'auth', None), (1, 'world', 'anyone')], [(31, *BOB)],
          [(31, *EVE), (5, 'world', 'anyone')], [(31, *BOB), (31, *BOB)], [(31, 'ip', '127.0.0.1')],
          [(31, 'ip', '127.0.0.0/8'), (1, 'ip', '10.0.0.0/0')], [(31, 'ip', '10.1.0.0/16')], [(31, 'ip', '+1.2.3.4')],
          [(31, 'digest', ':b')], [(31, 'digest', 'a:b::')], [(0, 'world', 'anyone')], [(-1, 'world', 'anyone')]]
INVALID = [[], None, [(31, 'ip', '::1')], [(31, 'ip', '1.2.3')], [(31, 'ip', '1.2.3.256')], [(31, 'ip', '1.2.3.4/33')],
           [(31, 'ip', '1.2.3.4/')], [(31, 'digest', 'a:')], [(31, 'digest', 'a:b:c')], [(31, 'world', 'me')],
           [(31, 'world', None)], [(31, 'super', '')], [(31, 'sasl', 'x')], [(31, None, 'x')], [(31, 'digest', None)]]
BAD_PATHS = ['', 'a', '/a/', '//', '/a//b', '/.', '/..', '/a/./b', '/a/../b', '/.x', '/...', '/a/..b', '/\x01', '/\x7f',
             '/\x80', '/\u00a0', '/\ud7ff', '/\ue000', '/\uf8ff', '/\uf900', '/\uffef', '/\ufff0', '/\U0001f600', b'/\xff',
             b'/a\x00b', '/x y', None, '/zookeeper', '/zookeeper/config', '/zookeeper/quota', '/zookeeper/x']
VERSIONS = [-1] * 5 + [0, 0, 1, 2, 3, -2, 7]


class Chance(random.Random):
    def path(self, bad=0.05, null=True):
        while self.random() < bad:
            path = self.choice(BAD_PATHS)
            if path is not None or null:
                return path
        return ''.join('/' + self.choice('abc') for _ in range(self.choice((1, 1, 2, 2, 2, 3))))

    def data(self):
        return self.choice([None, b'', b'x', b'hello', bytes(40)])

    def acl(self, sane=False):
        # In a multi an exception that is none of ZooKeeper's leaves traces in Java (D-157).
        while True:
            acl = self.choice(self.choice([[OPEN]] * 7 + [CLOSED] * 2 + [INVALID]))
            if not sane or not any(entry[2] is None and entry[1] != 'auth' for entry in acl or []):
                return acl

    def create(self, kind, sane=False):
        flags = self.choice([0] * 6 + [1, 1, 2, 2, 3, 7, -1])
        if kind == CONTAINER:
            flags = 4
        elif kind == TTL:
            flags = self.choice([5, 5, 6, 5, 6, 0, 9])
        body = text(self.path(null=not sane)) + text(self.data()) + vector(self.acl(sane), acl_record) + number(flags)
        if kind == TTL:  # a negative one with other flags is what ruins Java (D-151)
            body += long(self.choice([1000, 1, 0, 1 << 40, (1 << 40) - 1] if flags not in (5, 6) else
                                     [1000, 1, 0, -1, 1 << 40, (1 << 40) - 1]))
        return body

    def operation(self, kind, sane=False):
        if kind in (CREATE, CREATE2, CONTAINER, TTL):
            return self.create(kind, sane)
        if kind == DELETE or kind == CHECK:
            return text(self.path(null=not sane)) + number(self.choice(VERSIONS))
        if kind == SET_DATA:
            return text(self.path(null=not sane)) + text(self.data()) + number(self.choice(VERSIONS))
        if kind == SET_ACL:
            return text(self.path()) + vector(self.acl(), acl_record) + number(self.choice(VERSIONS))
        raise ValueError(kind)

    def multi(self):
        body = b''
        for _ in range(self.choice([0, 1, 1, 2, 2, 3, 4, 5])):
            kind = self.choice([CREATE, CREATE, CREATE2, CONTAINER, TTL, DELETE, SET_DATA, CHECK])
            body += number(kind) + b'\0' + number(-1) + self.operation(kind, sane=True)
        if body and self.random() < 0.1:  # reads alone leave a digest beside the error in Java (D-157)
            body += number(self.choice([4, 8, 3, 7])) + b'\0' + number(-1) + text('/a') + b'\0'
        return body + (number(-1) + b'\1' + number(-1) if self.random() < 0.95 else b'')

    def reconfig(self):
        return text(None) + text('2') + text(None) + long(-1)


def stands_alone(kind, body):
    """Java keeps two records of the root (D-154), and does not see a new ACL or the end of a session's nodes before they are
    applied (D-160, D-161): nothing else may be in flight beside such a change."""
    return kind in (SET_ACL, CLOSE_SESSION) or kind == SET_DATA and body.startswith(text('/'))


# ---- the capture --------------------------------------------------------------------------------

class Capture:
    def __init__(self, followers):
        self.followers, self.chance, self.lines, self.cxid = followers, Chance(SEED), [], 0
        self.pending, self.sessions = {}, {}
        self.lines.append('S ' + followers[0].body.hex())
        self.seen = 0

    def send(self, at, session, kind, auth, body):
        self.cxid += 1
        self.pending[session & (1 << 64) - 1, self.cxid] = 'Q %d %x %d %d %s %s' % (
            at, session & (1 << 64) - 1, self.cxid, kind, '-' if auth is None else vector(auth, id_record).hex(),
            body.hex() or '.')
        self.followers[at].request(session, self.cxid, kind, auth, body)

    def drain(self):
        """Until everything that was sent has come back as a PROPOSAL, and as a COMMIT."""
        want = self.seen + len(self.pending)
        for follower in self.followers:
            follower.wait(want)
        for proposal in self.followers[0].proposals[self.seen:]:
            client, cxid = struct.unpack('>Qi', proposal[:12])
            self.lines += [self.pending.pop((client, cxid)), 'P ' + proposal.hex()]
        self.seen = want
        assert not self.pending

    def open_session(self, at):
        session = (self.followers[at].sid << 56) | self.chance.getrandbits(40) << 16
        self.sessions[session] = (at, self.chance.choice(AUTHS))
        self.send(at, session, CREATE_SESSION, None, number(TIMEOUT_MS))

    def one(self):
        chance = self.chance
        session = chance.choice(list(self.sessions))
        at, auth = self.sessions[session]
        if chance.random() < 0.05:
            auth = chance.choice(AUTHS)
        if chance.random() < 0.02:
            session = chance.choice([0, 7, -1, 3 << 56])
        if chance.random() < 0.03:
            at = 1 - at
        kind = chance.choice([CREATE] * 6 + [CREATE2, CREATE2, CONTAINER, TTL, TTL, DELETE, DELETE, DELETE, DELETE, SET_DATA, SET_DATA, SET_DATA,
                                             SET_ACL, SET_ACL, MULTI, MULTI, MULTI, MULTI])
        draw = chance.random()
        if draw < 0.015:
            return self.send(at, session, RECONFIG, auth, chance.reconfig())
        if draw < 0.025:
            return self.send(at, session, DELETE_CONTAINER, auth, b'/a')
        if draw < 0.03:
            return self.send(at, session, CREATE_SESSION, None, b'\0\0')
        if draw < 0.06:
            self.open_session(at)
            return None
        if draw < 0.09 and len(self.sessions) > 2:
            kind = CLOSE_SESSION
            if chance.random() < 0.8:  # else it is used once it is closed
                self.sessions.pop(session, None)
        if kind == MULTI and auth is None:
            auth = [IP]
        body = chance.multi() if kind == MULTI else b'' if kind == CLOSE_SESSION else chance.operation(kind)
        if chance.random() < 0.03 and body and kind != MULTI:
            body = body[:chance.randrange(len(body))]
        elif chance.random() < 0.03:
            body += b'more'
        if stands_alone(kind, body):
            self.drain()
            self.send(at, session, kind, auth, body)
            self.drain()
        else:
            self.send(at, session, kind, auth, body)
        return None

    def run(self):
        for at in (0, 0, 1):
            self.open_session(at)
        self.drain()
        for path in ('/a', '/b', '/c', '/a/a'):
            self.send(0, next(iter(self.sessions)), CREATE, [IP], text(path) + text('') + vector(OPEN, acl_record) + number(0))
        self.drain()
        while self.cxid < REQUESTS:
            for _ in range(self.chance.choice([1, 1, 2, 5, 9, 20])):
                self.one()
            self.drain()


def leading_peer(peers):
    while True:
        for peer in peers:
            with open(peer.log) as log:
                if re.search('LEADING - LEADER ELECTION TOOK', log.read()):
                    return peer


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(capture.GOLDEN, 'requests.txt')
    with tempfile.TemporaryDirectory() as work:
        try:
            options = ('-Dzookeeper.extendedTypesEnabled=true',)
            peers = [capture.JavaPeer(work, sid, capture.server_lines(), *options) for sid in (1, 2)]
            leader = leading_peer(peers)
            for peer in peers:
                peer.wait_log('Have quorum of supporters|UPTODATE|Peer state changed: (leading|following) - broadcast')
            port = capture.QUORUM_PORT + leader.sid
            followers = [Follower(sid, port) for sid in (3, 9)]
            run = Capture(followers)
            run.run()
        finally:
            for peer in list(capture.running):
                peer.stop()
    with open(path, 'w') as f:
        f.write('# What a Java 3.8.0 leader made of requests; scripts/golden/capture_requests.py says how it was captured.\n')
        f.write('\n'.join(run.lines) + '\n')
    codes = {}
    for line in run.lines:
        if line.startswith('P '):
            raw = bytes.fromhex(line[2:])
            kind = struct.unpack('>i', raw[28:32])[0]
            code = struct.unpack('>i', raw[32:36])[0] if kind == -1 else 0
            codes[kind, code] = codes.get((kind, code), 0) + 1
    print('%d requests; by type and error: %s' % (run.seen, ', '.join('%d/%d: %d' % (*k, v) for k, v in sorted(codes.items()))))


if __name__ == '__main__':
    main()
