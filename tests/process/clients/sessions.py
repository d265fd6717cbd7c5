"""Random sessions: what clients do in one round, as a list of actions that a seed fixes.

A round lives below a root of its own and opens its own sessions, so it can be played again at any time, or in part. One
session acts at a time and then waits for its last answer: that makes every answer of a right server a matter of course,
while requests within a batch are in flight together.

Actions: ('connect', slot, server, options) ('batch', slot, [op ...]) ('drop', slot) ('raw', slot, bytes)
('again', slot, server, how). An op is (code, body, xid or None, zxid or None): zxid, counted from the round's beginning,
stands in front of the body.
"""
import random

import wire
from wire import (acls, boolean, buffer, create, integer, long, multi, multi_header, string, vector)

ROOT = '/k%05d'
SLOTS = 5
USERS = ['bob:pw', 'eve:secret', 'al:']
# Names of children, and what a sequential create of 's' may have made.
NAMES = ['a', 'b', 'c', 'dd', 's', 'x y', '\u00fc', 's0000000000', 's0000000001', 's0000000002', 's0000000003']
ODD = ['', 'a', '/', '//', '/.', '/..', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', '/zookeeper/foo']
ODD_ENDS = ['/', '//y', '/.', '/..', '/.x', '/...', '/a\0b', '/a\x01', '/a\x7f', '/a\x9f', '/a\xa0', '/\ud7ff', '/\ue000',
            '/\uf8ff', '/\uf900', '/\uffef', '/\ufff0', '/\U0001f600', '/\uffff']
ODD_BYTES = [b'/\xff', b'/\xc3', b'/\xed\xa0\x80', b'/a\xc0\x80b', b'/\xe2\x82', b'\xff\xfe']
ODD_ACLS = [None, [], [(31, 'world', 'me')], [(31, None, 'x')], [(31, 'foo', 'x')], [(31, 'sasl', 'x')],
            [(31, 'digest', 'abc')], [(31, 'digest', 'a:')], [(31, 'digest', ':b')], [(31, 'digest', 'a:b:c')],
            [(31, 'ip', '1.2.3.4/33')], [(31, 'ip', '1.2.3.4/0')], [(31, 'ip', '::1')], [(31, 'ip', '+1.2.3.4')],
            [(31, 'ip', '1.2.3')], [(31, 'auth', '')], [(31, 'auth', None)], [(0, 'world', 'anyone')],
            [(-1, 'world', 'anyone')], [(31, 'super', 'x')], [(31, 'x509', 'x')], [(31, '', '')], [(31, 'ip', '')],
            [(31, 'world', 'anyone')] * 2, [(31, 'digest', None)], [(31, 'ip', None)], [(31, 'world', None)]]
LENGTHS = [-1, -2, 0x7fffffff, -0x80000000, 1 << 24, 1048576, 100]


class Round:
    """Makes the actions of one round. servers: how many there are. without: opcodes. avoid_poison: nothing that ruins Java.
    quotas: limits that are enforced, of which Java's Prep knows what has been applied alone: every write is waited for."""

    def __init__(self, seed, number, requests, servers=1, without=(), avoid_poison=True, quotas=False):
        self.rng = random.Random('%d/%d' % (seed, number))
        self.root = ROOT % (number % 100000)
        self.servers, self.avoid_poison, self.quotas = servers, avoid_poison, quotas
        self.want = requests
        self.unsure = False
        self.without = set(without)
        self.weights = list(zip(*[(code, weight) for code, weight in zip(*WEIGHTS) if code not in self.without]))
        self.made = 0
        self.open = [False] * SLOTS
        self.known = [False] * SLOTS  # has had a session that may be renewed

    # ---- values

    def path(self):
        rng = self.rng
        dice = rng.random()
        if dice < 0.06:
            return self.odd_path()
        depth = rng.choice((0, 1, 1, 1, 1, 2, 2, 3))
        return '/'.join([self.root] + [rng.choice(NAMES) for _ in range(depth)])

    def odd_path(self):
        rng = self.rng
        dice = rng.random()
        if dice < 0.35:
            return rng.choice(ODD)
        if dice < 0.8:
            return self.root + rng.choice(('', '/a')) + rng.choice(ODD_ENDS)
        if dice < 0.95:
            return self.root.encode() + rng.choice(ODD_BYTES)
        return None

    def data(self):
        rng = self.rng
        dice = rng.random()
        if dice < 0.05:
            return None
        if dice < 0.01:
            return bytes(rng.randrange(60000))
        return b'%d' % rng.randrange(1000) * rng.choice((0, 1, 1, 2, 9))

    def acl(self):
        rng = self.rng
        dice = rng.random()
        if dice < 0.75:
            return wire.ANY
        if dice < 0.85:
            odd = rng.choice(ODD_ACLS)
            self.unsure |= bool(odd) and odd[0][2] is None
            return odd
        out = []
        for _ in range(rng.choice((1, 1, 2, 3))):
            perms = rng.choice((31, 31, 1, 3, 30, 15, 16, 7))
            out.append(rng.choice(((perms, 'world', 'anyone'), (perms, 'auth', ''), (perms, 'ip', '127.0.0.1'),
                                   (perms, 'ip', '127.0.0.0/8'), (perms, 'ip', '10.0.0.0/8'),
                                   (perms, 'digest', wire.digest_id(rng.choice(USERS))))))
        return out

    def version(self):
        return self.rng.choice((-1, -1, -1, -1, 0, 0, 1, 2, -2, 7))

    def flags(self):
        return self.rng.choice((0, 0, 0, 0, 1, 1, 2, 2, 3, 4) if self.rng.random() < 0.96 else (5, 6, 7, -1, 99))

    def watch(self):
        return self.rng.random() < 0.4

    # ---- requests

    def create_body(self, code, path=False):
        flags = 4 if code == 19 and self.rng.random() < 0.85 else self.flags()
        self.unsure |= (code == 19) != (flags == 4) or flags in (5, 6)
        path = self.path() if path is False else path
        if flags in (2, 3, 6) and isinstance(path, str) and self.rng.random() < 0.8:
            path = path.rsplit('/', 1)[0] + '/s'
        return create(path, self.data(), self.acl(), flags)

    def ttl_body(self, path=False):
        flags = self.rng.choice((5, 5, 5, 6, 0, 1, 4, 99))
        self.unsure |= flags < 5
        ttl = self.rng.choice((1 << 39, 1 << 39, 86400000 * 9, (1 << 40) - 1, 1 << 40, 0, -1, 1 << 62))
        if self.avoid_poison and flags < 5 and ttl < 0:
            ttl = 0  # ends every server of Java
        path = self.path() if path is False else path
        return create(path, self.data(), self.acl(), flags) + long(ttl)

    def paths(self):
        return [self.some_path() for _ in range(self.rng.choice((0, 1, 1, 2, 5)) if self.rng.random() < 0.99 else 500)]

    def some_path(self):
        """Not null, unless poison is wanted: with a null in a multi a Java server answers no write any more, and a watch on
        null keeps its connection from closing."""
        path = self.path()
        while path is None and self.avoid_poison:
            path = self.path()
        return path

    def multi_body(self):
        rng = self.rng
        operations = []
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 8))):
            dice = rng.random()
            path = self.some_path()
            if dice < 0.4:
                code = rng.choice((1, 1, 15, 19))
                operations.append((code, self.create_body(code, path)))
            elif dice < 0.6:
                operations.append((2, string(path) + integer(self.version())))
            elif dice < 0.8:
                operations.append((5, string(path) + buffer(self.data()) + integer(self.version())))
            elif dice < 0.92:
                operations.append((13, string(path) + integer(self.version())))
            elif dice < 0.95:
                operations.append((21, self.ttl_body(path)))
            elif dice < 0.97:
                operations.append((rng.choice((3, 4, 8)), string(path) + boolean(self.watch())))
            else:
                operations.append((rng.choice((7, 9, 99, 0, 12, 14, 22, 100, -10, -11)), string(path) + integer(0)))
        return self.end_of_multi(operations)

    def end_of_multi(self, operations):
        if self.rng.random() < 0.97:
            return multi(*operations)
        return b''.join(multi_header(code) + body for code, body in operations)

    def multi_read_body(self):
        rng = self.rng
        operations = []
        for _ in range(rng.choice((0, 1, 2, 3, 5))):
            code = rng.choice((4, 4, 8, 8) if rng.random() < 0.97 else (1, 2, 3, 13))
            path = self.some_path()
            operations.append((code, self.create_body(code, path) if code == 1 else string(path) + boolean(self.watch())
                               if code in (3, 4, 8) else string(path) + integer(0)))
        return self.end_of_multi(operations)

    def cut(self, code, body):
        """A body that is too short, too long or lies about a length. Nothing that could become poison for Java."""
        rng = self.rng
        if rng.random() < 0.3:
            return body + rng.choice((b'\0', b'zz', bytes(40)))
        if rng.random() < 0.5 or code in (14, 22, 21, 106, 16) or len(body) < 4:
            return body[:rng.randrange(len(body))] if body else body
        return integer(rng.choice(LENGTHS)) + body[4:]

    def op(self):
        rng = self.rng
        code = rng.choices(*self.weights)[0]
        zxid = None
        if code in (1, 15, 19):
            body = self.create_body(code)
        elif code == 2:
            body = string(self.path()) + integer(self.version())
        elif code in (3, 4, 8, 12):
            body = string(self.path()) + boolean(self.watch())
        elif code == 5:
            body = string(self.path()) + buffer(self.data()) + integer(self.version())
        elif code in (6, 9, 103, 104):
            body = string(self.path())
        elif code == 7:
            body = string(self.path()) + acls(self.acl()) + integer(self.version())
        elif code == 14:
            body = self.multi_body()
        elif code == 22:
            body = self.multi_read_body()
        elif code in (17, 18):
            body = string(self.path()) + integer(rng.choice((1, 2, 3, 3, 0, 4, 9)))
        elif code == 106:
            body = string(self.some_path()) + integer(rng.choice((0, 0, 1, 1, 1, 2, -1)))
        elif code in (101, 105):
            lists = [self.paths() for _ in range(3 if code == 101 else 5)]
            if rng.random() < 0.03:
                lists[rng.randrange(len(lists))] = None
            body = b''.join(vector(paths) for paths in lists)
            zxid = rng.choice((-1000000, 0, rng.randrange(60), rng.randrange(400), 1000000))
        elif code == 21:
            body = self.ttl_body()
        elif code == 16:
            body = string(rng.choice((None, '', 'x'))) + string(None) * 2 + long(-1)
        elif code == 20:
            body = (self.path() or 'x') if rng.random() < 0.9 else ''
            body = body.encode('utf-8', 'surrogatepass') if isinstance(body, str) else body
        else:  # ping, whoAmI
            body = b''
        if rng.random() < 0.03 and code not in (16, 20) and zxid is None:
            body = self.cut(code, body)
        xid = rng.choice((0, -2, -4, -8, -3, 1, 0x7fffffff, -0x80000000)) if rng.random() < 0.01 else None
        return code, body, xid, zxid

    def batches(self, count):
        """So many ops. A batch ends where Java judges what follows by what it has applied meanwhile, or not: behind a
        setACL, behind a create of one kind that asks for another, and behind what may end a multi by an exception
        (D-157)."""
        self.made += count
        ops = []
        for _ in range(count):
            self.unsure = False
            ops.append(self.op())
            if ops[-1][0] == 7 or self.unsure or (self.quotas and ops[-1][0] in WRITES):
                yield ops
                ops = []
        if ops:
            yield ops

    # ---- actions

    def prepare(self):
        """The root and a few nodes, by the first session."""
        tree = [(1, create(self.root), None, None)]
        for name in ('a', 'b', 'a/b', 'c'):
            tree.append((1, create('%s/%s' % (self.root, name), b'v'), None, None))
        limits = '/zookeeper/quota' + self.root
        tree.append((1, create(limits), None, None))
        tree.append((1, create(limits + '/zookeeper_limits', b'count=4,bytes=90=;byteHardLimit=120;countHardLimit=12' if self.quotas
                               else b'count=50,bytes=100000'), None, None))
        tree.append((1, create(limits + '/zookeeper_stats', b'count=0,bytes=0'), None, None))
        return ('batch', 0, tree)

    def clean_up(self):
        limits = '/zookeeper/quota' + self.root
        return ('batch', 0, [(4, string(limits + '/zookeeper_stats') + boolean(False), None, None)] +
                [(2, string(limits + end) + integer(-1), None, None)
                 for end in ('/zookeeper_stats', '/zookeeper_limits', '')])

    def connect(self, slot):
        rng = self.rng
        self.open[slot] = self.known[slot] = True
        options = {'timeout': 3000000}
        if rng.random() < 0.2:
            options['timeout'] = rng.choice((600000, 1 << 30, 0x7fffffff))
        if rng.random() < 0.2:
            options['read_only'] = rng.choice((None, True))
        if rng.random() < 0.1:
            options['password'] = rng.choice((None, b'', b'z' * 40))
        if rng.random() < 0.05:
            options['version'] = rng.choice((1, -1, 77))
        return ('connect', slot, rng.randrange(self.servers), options)

    def again(self, slot):
        """The session of a slot, at any server: as it should be, or not."""
        how = self.rng.choice(('well', 'well', 'well', 'well', 'password', 'unknown', 'ahead'))
        if how == 'well':
            self.open[slot] = True
        return ('again', slot, self.rng.randrange(self.servers), how)

    def auth(self):
        rng = self.rng
        if rng.random() < 0.1:
            return (102, buffer(rng.choice((None, b'', b'token'))), None, None)
        scheme, data = rng.choice((('digest', b'u%d:%d' % (rng.randrange(30), rng.randrange(2))), ('digest', rng.choice(USERS).encode()), ('digest', rng.choice(USERS).encode()),
                                   ('digest', b'nocolon'), ('digest', b''), ('ip', b'x'), ('digest', b':')))
        return (100, integer(0) + string(scheme) + buffer(data), -4, None)

    def breaks(self):
        """What ends a connection: a list of ops whose last one does, or raw bytes."""
        rng = self.rng
        dice = rng.random()
        if dice < 0.3:
            return ('batch', [(rng.choice((0, 10, 99, 999, 23, -12)), rng.choice((b'', b'\0', string('/'))), None, None)])
        if dice < 0.5:
            return ('batch', [(100, integer(0) + string(rng.choice(('foo', 'sasl', '', None, 'world'))) + buffer(b'x'), -4,
                               None)])
        if dice < 0.55:
            return ('batch', [(100, b'\0' * rng.randrange(9), -4, None)])
        return ('raw', rng.choice((
            integer(0), integer(-1), integer(-2), integer(1048576), integer(0x7fffffff), integer(-0x80000000),
            b'ruok', b'stat', integer(4) + integer(1), integer(7) + integer(1) + b'\0\0\0', integer(1) + b'\0',
            b'GET / HTTP/1.0\r\n\r\n')))

    def actions(self):
        """Returns all actions of the round; the last ones close what is open."""
        rng = self.rng
        out = [self.connect(0), self.prepare()]
        while self.made < self.want:
            slot = rng.randrange(SLOTS)
            self.made += 1
            if not self.open[slot]:
                out.append(self.again(slot) if self.known[slot] and rng.random() < 0.7 else self.connect(slot))
                continue
            dice = rng.random()
            if dice < 0.84:
                out += [('batch', slot, ops) for ops in self.batches(rng.choice((1, 1, 2, 3, 5, 8, 13, 30, 60, 100)))]
            elif dice < 0.9:
                if 100 not in self.without:
                    # Now and then so many that Java's map of ids grows.
                    out += [('batch', slot, [self.auth()]) for _ in range(rng.choice((1, 1, 1, 2, 4, 15)))]
            elif dice < 0.925 and slot != 0 and 100 not in self.without:
                kind, what = self.breaks()
                out.append((kind, slot, what))
                self.open[slot] = False
            elif dice < 0.95 and slot != 0:
                out.append(('drop', slot))
                self.open[slot] = False
            elif dice < 0.97:
                out.append(('again', slot, rng.randrange(self.servers), 'well'))  # while the old connection is open
            elif dice < 0.975 and slot != 0:
                out.append(('batch', slot, [(-10, integer(rng.choice((600000, 3000000, 0x7fffffff))), None, None)]))
            elif dice < 0.98 and slot != 0:
                out.append(('batch', slot, [self.op(), (-11, b'', None, None)]))
                self.open[slot] = self.known[slot] = False
            elif dice < 0.985:
                data = bytes(rng.choice((1048000, 1048553 - len(self.root) + 2, 100000)))
                out.append(('batch', slot, [(5, string(self.root) + buffer(data) + integer(-1), None, None),
                                            (5, string(self.root) + buffer(b'') + integer(-1), None, None)]))
        return out + [self.clean_up()]


WRITES = (1, 2, 5, 7, 14, 15, 19, 21)
WEIGHTS = ([1, 15, 19, 2, 3, 4, 5, 6, 7, 8, 12, 9, 11, 14, 22, 17, 18, 106, 101, 105, 103, 104, 107, 21, 16, 20],
           [12, 6, 2, 10, 9, 9, 8, 4, 4, 6, 6, 2, 2, 9, 3, 2, 3, 3, 2, 2, 2, 1, 1, 2, 0.3, 0.3])
