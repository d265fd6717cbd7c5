#!/usr/bin/env python3
"""Captures what a Java server answers to reads: tests/golden/reads.txt, which test_reads_golden.c plays again.

A Java server of its own is given a tree of all kinds of nodes, and is started anew, twice: so that it has its tree from the
very snapshot that is kept, and its sets have their order from it. Then connections with different ids ask it for everything
that can be read, good and bad, made by chance from a fixed seed.

Lines of the file:
  S body                          the snapshot
  A connection session id...      a connection: its session, and its ids in the order in which they came, scheme=hex each
  R connection type body reply    a request's body, and the whole reply behind its length; '.' for an empty body
"""
import base64
import glob
import hashlib
import os
import random
import socket
import struct
import sys
import tempfile
import time

import capture
from capture_requests import OPEN, acl_record, long, number, text, vector

capture.CLIENT_PORT = 24880
SEED, REQUESTS, AUTH_SETS = 14, 500, 50
EXISTS, GET_DATA, GET_ACL, GET_CHILDREN, SYNC, PING, GET_CHILDREN2, MULTI_READ = 3, 4, 6, 8, 9, 11, 12, 22
EPHEMERALS, ALL_CHILDREN, WHO_AM_I, AUTH = 103, 104, 107, 100
CREATE, DELETE, SET_DATA, CONTAINER, TTL = 1, 2, 5, 19, 21
SUPER = 'root:secret'


def digest(id_password):
    return id_password.split(':')[0] + ':' + base64.b64encode(hashlib.sha1(id_password.encode()).digest()).decode()


class Connection:
    def __init__(self, session=0, passwd=bytes(16)):
        end = time.monotonic() + capture.SECONDS
        while True:  # a server that does not serve yet closes, or never answers
            self.socket = socket.create_connection(('127.0.0.1', capture.CLIENT_PORT + 1), 2)
            try:
                self.frame(number(0) + long(0) + number(10000) + struct.pack('>Q', session) + text(passwd) + b'\0')
                answer = self.answer()
                break
            except (EOFError, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.socket.settimeout(capture.SECONDS)
        self.session, self.passwd = struct.unpack('>Q', answer[8:16])[0], answer[20:36]
        assert self.session, 'the session is gone'
        self.xid, self.ids = 0, [('ip', '127.0.0.1')]

    def frame(self, payload):
        self.socket.sendall(number(len(payload)) + payload)

    def receive(self, count):
        raw = b''
        while len(raw) < count:
            more = self.socket.recv(count - len(raw))
            if not more:
                raise EOFError
            raw += more
        return raw

    def answer(self):
        return self.receive(struct.unpack('>i', self.receive(4))[0])

    def ask(self, kind, body=b''):
        self.xid += 1
        self.frame(number(self.xid) + number(kind) + body)
        return self.answer()

    def must(self, kind, body):
        answer = self.ask(kind, body)
        assert answer[12:16] == number(0), (kind, body, answer)

    def authenticate(self, id_password):
        self.must(AUTH, number(0) + text('digest') + text(id_password))
        if id_password == SUPER:
            self.ids.append(('super', ''))
        self.ids.append(('digest', digest(id_password)))


# ---- the tree -----------------------------------------------------------------------------------

NAMES = ['a', 'b', 'Aa', 'BB', 'C#', 'x y', '\u00e4', '\u4e2d\u6587', '\ud7ff', '.x', '...'] + ['n%d' % i for i in range(40)] + \
        ['lock-%010d' % i for i in range(30)]
EPHEMERAL_NAMES = ['/e', '/e1', '/e2', '/p/e', '/p/Aa', '/p/BB', '/p/x', '/p/y'] + ['/p/k%d' % i for i in range(9)]
LISTS = {'/read': [(1, 'world', 'anyone')], '/write': [(2, 'world', 'anyone')], '/admin': [(16, 'world', 'anyone')],
         '/none': [(0, 'world', 'anyone')], '/bob': [(31, 'digest', digest('bob:pw'))],
         '/bobreads': [(1, 'digest', digest('bob:pw')), (16, 'digest', 'eve:x')],
         '/eve': [(31, 'digest', 'eve:x'), (1, 'world', 'anyone')], '/lines': [(1, 'world', 'anyone'), (31, 'digest', 'a:b\nc')],
         '/here': [(31, 'ip', '127.0.0.0/8')], '/there': [(31, 'ip', '10.0.0.0/8')]}


def create_body(path, data=b'', acl=OPEN, flags=0):
    return text(path) + text(data) + vector(acl, acl_record) + number(flags)


def build_tree(client, chance):
    client.must(CREATE, create_body('/p'))
    names = NAMES[:]
    chance.shuffle(names)
    for name in names:
        client.must(CREATE, create_body('/p/' + name if name not in ('Aa', 'BB') else '/p/-' + name))
    for name in names[:60]:
        client.must(DELETE, text('/p/' + name if name not in ('Aa', 'BB') else '/p/-' + name) + number(-1))
    for name in names[50:60]:
        client.must(CREATE, create_body('/p/' + name if name not in ('Aa', 'BB') else '/p/-' + name))
    for path, data in (('/null', None), ('/empty', b''), ('/data', b'hello'), ('/big', bytes(range(256)) * 3)):
        client.must(CREATE, create_body(path, data))
        client.must(SET_DATA, text(path) + text(data) + number(0))
    for path in ('/deep', '/deep/a', '/deep/a/b', '/deep/a/b/c', '/deepest', '/deep/x'):
        client.must(CREATE, create_body(path))
    for path, acl in LISTS.items():
        client.must(CREATE, create_body(path, b'secret', acl))
    client.must(CONTAINER, create_body('/container', flags=4))
    client.must(TTL, create_body('/ttl', flags=5) + long(1 << 39))
    for path in EPHEMERAL_NAMES:
        client.must(CREATE, create_body(path, b'', OPEN, 1))
    for path in EPHEMERAL_NAMES[2:8]:
        client.must(DELETE, text(path) + number(-1))
    for path in EPHEMERAL_NAMES[2:6]:
        client.must(CREATE, create_body(path, b'', OPEN, 1))


# ---- requests by chance -------------------------------------------------------------------------

PATHS = ['/', '', '/p', '/p', '/zookeeper', '/zookeeper/quota', '/null', '/empty', '/data', '/big', '/deep', '/deep/a', '/deep/a/b/c',
         '/container', '/ttl', '/e', '/p/e', *LISTS, *LISTS]
BAD_PATHS = ['/gone', '/p/', '//p', 'p', '/p/.', '/p/..', '/deep/', None, b'/data\0', b'/\xff', '/\U0001f600', ' ', '/' + 'x' * 300]
PREFIXES = [None, '', '/', ' ', ' /\t', '/e', '/p/', '/p/k1', '/q', 'e', '/e1']


def operation(chance):
    path = chance.choice(PATHS if chance.random() < 0.7 else BAD_PATHS)
    kind = chance.choice([GET_DATA, GET_CHILDREN])
    return number(kind) + b'\0' + number(-1) + text(path) + chance.choice([b'\0', b'\1'])


def multi_read(chance):
    body = b''.join(operation(chance) for _ in range(chance.choice([0, 1, 1, 2, 3, 5])))
    draw = chance.random()
    if draw < 0.1:
        body += number(chance.choice([DELETE, 3, 7])) + b'\0' + number(-1) + text('/gone') + number(-1)
    return body + (number(-1) + b'\1' + number(-1) if draw < 0.9 else b'')


def request(chance):
    kind = chance.choice([EXISTS] * 3 + [GET_DATA] * 4 + [GET_ACL] * 4 + [GET_CHILDREN, GET_CHILDREN2, GET_CHILDREN2, SYNC, PING] +
                         [ALL_CHILDREN] * 3 + [EPHEMERALS] * 2 + [MULTI_READ] * 4 + [WHO_AM_I])
    path = text(chance.choice(PATHS if chance.random() < 0.7 else BAD_PATHS))
    body = {EPHEMERALS: text(chance.choice(PREFIXES)), PING: b'', WHO_AM_I: b'', MULTI_READ: multi_read(chance)}.get(kind, path)
    if kind in (EXISTS, GET_DATA, GET_CHILDREN, GET_CHILDREN2):
        body += b'\0'
    draw = chance.random()
    if draw < 0.06 and body:
        body = body[:chance.randrange(len(body))]
    elif draw < 0.1:
        body += b'more'
    elif draw < 0.11:
        body = number(chance.choice([-2, 0x7fffffff, 0x100000])) + b'/data\0'
    return kind, body


def ask_all(lines, session, passwd, chance):
    connections = [Connection(session, passwd)] + [Connection() for _ in range(3 + AUTH_SETS)]
    connections[2].authenticate('bob:pw')
    connections[3].authenticate(SUPER)
    for connection in connections[4:]:
        for _ in range(chance.choice([1, 2, 3, 5, 9, 14])):
            connection.authenticate('%s%d:%d' % (chance.choice(['u', 'user', 'Aa', 'BB', '\u00e4']), chance.randrange(40), chance.randrange(9)))
    for at, connection in enumerate(connections):
        ids = [scheme + '=' + value.encode().hex() for scheme, value in connection.ids]
        lines.append('A %d %x %s' % (at, connection.session, ' '.join(ids)))
    for at in range(4, len(connections)):
        lines.append('R %d %d . %s' % (at, WHO_AM_I, connections[at].ask(WHO_AM_I).hex()))
    for _ in range(REQUESTS):
        at = chance.randrange(4)
        kind, body = request(chance)
        lines.append('R %d %d %s %s' % (at, kind, body.hex() or '.', connections[at].ask(kind, body).hex()))


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(capture.GOLDEN, 'reads.txt')
    chance, lines = random.Random(SEED), []
    with tempfile.TemporaryDirectory() as work:
        try:
            peer = capture.JavaPeer(work, 1, ['maxClientCnxns=0'], '-Dzookeeper.extendedTypesEnabled=true', '-Dfile.encoding=UTF-8',
                                    '-Dzookeeper.DigestAuthenticationProvider.superDigest=' + digest(SUPER))
            peer.wait_log('PrepRequestProcessor .* started')
            client = Connection()
            build_tree(client, chance)
            for _ in range(2):
                peer.stop()
                snapshots = glob.glob(os.path.join(peer.data, 'version-2', 'snapshot.*'))
                newest = max(snapshots, key=lambda name: int(name.rsplit('.', 1)[1], 16))
                with open(newest, 'rb') as f:
                    kept = f.read()[16:]
                peer.start()
                peer.wait_log('PrepRequestProcessor .* started')
            lines.append('S ' + kept.hex())
            ask_all(lines, client.session, client.passwd, chance)
        finally:
            for peer in list(capture.running):
                peer.stop()
    with open(path, 'w') as f:
        f.write('# What a Java 3.8.0 server answered to reads; scripts/golden/capture_reads.py says how it was captured.\n')
        f.write('\n'.join(lines) + '\n')
    codes = {}
    for line in lines:
        if line.startswith('R '):
            _, _, kind, _, reply = line.split()
            key = int(kind), struct.unpack('>i', bytes.fromhex(reply)[12:16])[0]
            codes[key] = codes.get(key, 0) + 1
    print('%d requests; by type and error: %s' % (sum(codes.values()), ', '.join('%d/%d: %d' % (*k, v) for k, v in sorted(codes.items()))))


if __name__ == '__main__':
    main()
