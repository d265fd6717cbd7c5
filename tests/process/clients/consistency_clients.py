#!/usr/bin/env python3
"""The clients of consistency.py: they do all kinds of requests while servers die, and remember every frame.

    consistency_clients.py FILE < settings, then a line when it is time to end

The settings are one line of JSON: servers (each with its port, and its network namespace or null), clients, seed, timeout_ms.
Each client is a session of its own, speaks the protocol by hand (wire.py), and goes to another server when its
connection breaks. What it saw goes to FILE, as a pickle: for each client a list of facts, in the order in which it saw them.

  ("open", time, session, server)               a connection has the session
  ("lost", time)                                that connection is gone
  ("gone", time, session, asked)                a server says that the session has ended; asked: the client wanted it
  ("reply", sent, time, session, xid, operation, zxid, error, result)
  ("doubt", sent, time, session, xid, operation)      it was sent, and no reply came
  ("event", time, kind, path)
  ("again", sent, time, zxid, watches)          setWatches was answered; which watches it named

An operation is a tuple: ("create", path, data, flags), ("delete", path, version), ("set", path, data, version),
("multi", operations), ("get", path, watch), ("exists", path, watch), ("children", path, watch), ("sync", path).
Times are the wall clock's, in seconds, for the servers write those into their logs.
"""
import ctypes
import json
import os
import pickle
import random
import socket
import struct
import sys
import threading
import time

import wire

ROOT = '/consistency'
QUEUE = ROOT + '/queue'
REGISTERS = ['%s/r%d' % (ROOT, n) for n in range(4)]
NODES = ['%s/n%d' % (ROOT, n) for n in range(6)]
HOMES = [ROOT] + NODES[:2] + [QUEUE]
PERSISTENT, EPHEMERAL, SEQUENTIAL = 0, 1, 2
MOST_IN_QUEUE = 40  # about so many sequential nodes; clients take away what is more
# Now and then a client sends on and on, with so many requests on their way: servers of C then let its requests gather (NOTES.md
# ), and find out afterwards that it waits again.
RUSHES, RUSH_SECONDS, ON_THEIR_WAY = 0.002, 0.2, 100
CODE = {'create': 1, 'delete': 2, 'set': 5, 'multi': 14, 'get': 4, 'exists': 3, 'children': 12, 'sync': 9}
SET_WATCHES, CLOSE, SET_WATCHES_XID, EVENT_XID = 101, -11, -8, -1
CLONE_NEWNET = 0x40000000


class Broken(Exception):
    """The connection is gone, or the server does not take us."""


# ---- how requests look ---------------------------------------------------------------------------


def body_of(operation):
    kind = operation[0]
    if kind == 'create':
        return wire.create(operation[1], operation[2], flags=operation[3])
    if kind == 'delete':
        return wire.string(operation[1]) + wire.integer(operation[2])
    if kind == 'set':
        return wire.string(operation[1]) + wire.buffer(operation[2]) + wire.integer(operation[3])
    if kind == 'multi':
        return wire.multi(*[(CODE[part[0]], body_of(part)) for part in operation[1]])
    if kind == 'sync':
        return wire.string(operation[1])
    return wire.string(operation[1]) + wire.boolean(operation[2])


# ---- where the servers are -------------------------------------------------------------------------


class Places:
    """Dials servers, each in its network namespace if it has one. A thread is in one namespace at a time, a socket for ever in
    the one where it was made."""

    def __init__(self, servers):
        self.servers = servers
        self.home = os.open('/proc/self/ns/net', os.O_RDONLY)
        self.libc = ctypes.CDLL(None, use_errno=True)

    def enter(self, descriptor):
        if self.libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns')

    def dial(self, number, seconds):
        server = self.servers[number]
        if server['namespace'] is None:
            sock = socket.socket()
        else:
            there = os.open(server['namespace'], os.O_RDONLY)
            try:
                self.enter(there)
                sock = socket.socket()
            finally:
                os.close(there)
                self.enter(self.home)
        sock.settimeout(seconds)
        try:
            sock.connect(('127.0.0.1', server['port']))
        except OSError as error:
            sock.close()
            raise Broken from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


# ---- one client ----------------------------------------------------------------------------------


class Client(threading.Thread):
    """Works until `ending` is set, then closes its session, or leaves it behind if it is one of those that die."""

    def __init__(self, number, places, settings, ending):
        super().__init__(name='client-%d' % number, daemon=True)
        self.number, self.places, self.ending = number, places, ending
        self.timeout = settings['timeout_ms'] / 1000
        self.random = random.Random(settings['seed'] * 1000 + number)
        self.facts = []
        self.sock, self.received = None, b''
        self.waiting = []  # (when it was sent, xid, operation) of those without an answer
        self.forget_session()
        self.xid = 0
        self.zxid = 0  # the last that it has seen
        self.versions = {}  # of registers, as far as it knows
        self.in_queue = []
        self.error = None

    def forget_session(self):
        self.session, self.password, self.watches = 0, bytes(16), set()

    def run(self):
        try:
            while not self.ending.is_set():
                self.work()
            self.close_session()
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def work(self):
        """One batch of requests, behind each other; or one attempt to be connected."""
        try:
            if self.sock is None:
                self.connect()
            if self.random.random() < RUSHES:
                self.rush()
            self.batch([self.choose() for _ in range(self.random.choice((1, 1, 2, 4, 8)))])
            if self.random.random() < 0.002:
                self.die()
            elif self.random.random() < 0.01:
                raise Broken  # it changes its server, for no reason
            time.sleep(self.random.random() * 0.05)
        except Broken:
            self.drop()
            time.sleep(0.05 + self.random.random() * 0.1)

    def die(self):
        """As if its process were killed: the session is left to the servers."""
        self.drop()
        self.forget_session()

    def drop(self):
        now = time.time()
        self.facts += [('doubt', sent, now, self.session, xid, operation) for sent, xid, operation in self.waiting]
        self.waiting = []
        if self.sock is not None:
            self.sock.close()
            self.facts.append(('lost', now))
        self.sock, self.received = None, b''

    # ---- the connection --------------------------------------------------------------------------

    def connect(self):
        number = self.random.randrange(len(self.places.servers))
        sock = self.places.dial(number, self.timeout / 3)
        try:
            sock.sendall(wire.connect_request(int(self.timeout * 1000), self.session, self.password, self.zxid))
            self.sock, self.received = sock, b''
            r = wire.Reader(self.frame())
            _, timeout_ms, session, password = r.integer(), r.integer(), r.long(), r.buffer()
        except (OSError, Broken) as error:
            sock.close()
            self.sock = None
            raise Broken from error
        if session == 0 or timeout_ms == 0:
            sock.close()
            self.sock = None
            self.facts.append(('gone', time.time(), self.session, False))
            self.forget_session()
            raise Broken
        assert timeout_ms == int(self.timeout * 1000), timeout_ms
        self.session, self.password = session, password
        sock.settimeout(self.timeout * 2 / 3)  # as Java's client: then there is a third left for another server
        self.facts.append(('open', time.time(), session, number))
        if self.watches:
            self.watch_again()

    def frame(self):
        while len(self.received) < 4 or len(self.received) < 4 + struct.unpack_from('>I', self.received)[0]:
            try:
                part = self.sock.recv(65536)
            except OSError as error:
                raise Broken from error
            if not part:
                raise Broken
            self.received += part
        end = 4 + struct.unpack_from('>I', self.received)[0]
        frame, self.received = self.received[4:end], self.received[end:]
        return frame

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Broken from error

    def reply(self):
        """The next reply: (xid, zxid, error, its body). Events on the way are taken."""
        while True:
            r = wire.Reader(self.frame())
            xid, zxid, error = r.integer(), r.long(), r.integer()
            if xid != EVENT_XID:
                self.zxid = max(self.zxid, zxid)
                return xid, zxid, error, r
            kind, _, path = r.integer(), r.integer(), r.string()
            self.facts.append(('event', time.time(), kind, path))
            gone = {'data', 'exist'} if kind == 3 else {'child'} if kind == 4 else {'data', 'exist', 'child'}
            self.watches -= {(which, path) for which in gone}

    def watch_again(self):
        named = tuple(sorted(self.watches))
        paths = [[path for which, path in named if which == wanted] for wanted in ('data', 'exist', 'child')]
        sent = time.time()
        self.send(wire.request(SET_WATCHES_XID, SET_WATCHES, wire.long(self.zxid) + b''.join(map(wire.vector, paths))))
        xid, zxid, error, _ = self.reply()
        assert (xid, error) == (SET_WATCHES_XID, 0), (xid, error)
        self.facts.append(('again', sent, time.time(), zxid, named))

    # ---- requests --------------------------------------------------------------------------------

    def batch(self, operations):
        self.ask(operations)
        self.take_answers(0)

    def rush(self):
        end = time.monotonic() + RUSH_SECONDS
        while time.monotonic() < end:
            self.ask([self.choose() for _ in range(self.random.choice((1, 2, 5, 10)))])
            self.take_answers(ON_THEIR_WAY)
        self.take_answers(0)

    def ask(self, operations):
        sent, frames = time.time(), b''
        for operation in operations:
            self.xid += 1
            self.waiting.append((sent, self.xid, operation))
            frames += wire.request(self.xid, CODE[operation[0]], body_of(operation))
        self.send(frames)

    def take_answers(self, most):
        """Takes answers until so many are left at most."""
        while len(self.waiting) > most:
            xid, zxid, error, r = self.reply()
            assert xid == self.waiting[0][1], 'reply %d came where %d was due' % (xid, self.waiting[0][1])
            sent, _, operation = self.waiting.pop(0)
            result = wire.reply_body(CODE[operation[0]], r) if r.left() else None
            self.facts.append(('reply', sent, time.time(), self.session, xid, operation, zxid, error, result))
            self.learn(operation, error, result)

    def learn(self, operation, error, result):
        kind, path = operation[0], operation[1]
        if kind in ('get', 'exists', 'children') and operation[2]:
            if error == 0:
                self.watches.add(('child' if kind == 'children' else 'data', path))
            elif kind == 'exists':
                self.watches.add(('exist', path))
        if error == 0 and kind in ('get', 'set'):
            self.versions[path] = (result[1] if kind == 'get' else result)['version']
        if error == 0 and path == QUEUE and kind == 'children':
            self.in_queue = [QUEUE + '/' + name for name in result[0]]

    def choose(self):
        """One request; each kind of node has all kinds of clients."""
        r = self.random
        dice, watch = r.random(), r.random() < 0.4
        register, node = r.choice(REGISTERS), r.choice(NODES)
        data = b'%d.%d' % (self.number, self.xid + r.randrange(1000000))
        if dice < 0.22:
            return 'get', register if r.random() < 0.7 else node, watch
        if dice < 0.30:
            return 'exists', node, watch
        if dice < 0.42:
            return 'children', r.choice(HOMES), watch
        if dice < 0.46:
            return 'sync', ROOT
        if dice < 0.56:
            return 'set', register, data, -1
        if dice < 0.66:
            return 'set', register, data, self.versions.get(register, 0)
        if dice < 0.74:
            return 'create', node, data, r.choice((PERSISTENT, PERSISTENT, EPHEMERAL))
        if dice < 0.80:
            return 'delete', node, r.choice((-1, -1, 0))
        if dice < 0.84:
            return 'create', r.choice(NODES[:2]) + '/below', data, r.choice((PERSISTENT, EPHEMERAL))
        if dice < 0.87:
            return 'delete', r.choice(NODES[:2]) + '/below', -1
        if dice < 0.92:
            if len(self.in_queue) > MOST_IN_QUEUE:
                return 'delete', self.in_queue.pop(r.randrange(len(self.in_queue))), -1
            return 'create', QUEUE + '/s-', data, SEQUENTIAL | r.choice((PERSISTENT, EPHEMERAL))
        other = r.choice(REGISTERS)
        return 'multi', (('set', register, data, r.choice((-1, self.versions.get(register, 0)))),
                         ('create', node, data, PERSISTENT) if r.random() < 0.5 else ('delete', node, -1),
                         ('set', other, data, -1))

    def close_session(self):
        end = time.monotonic() + 240
        while self.session != 0 and time.monotonic() < end:
            try:
                if self.sock is None:
                    self.connect()
                self.xid += 1
                self.send(wire.request(self.xid, CLOSE))
                self.reply()
                self.facts.append(('gone', time.time(), self.session, True))
                self.session = 0
            except Broken:
                time.sleep(0.1)
            self.drop()


# ---- all of them ---------------------------------------------------------------------------------


def make_tree(client):
    """The nodes that are always there."""
    for path in [ROOT, QUEUE] + REGISTERS:
        client.batch([('create', path, b'', PERSISTENT)])


def connect_somewhere(client, seconds):
    end = time.monotonic() + seconds
    while client.sock is None:
        try:
            client.connect()
        except Broken:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def outlive_a_session(places, settings, number):
    """Leaves a session behind, and returns its client when the session has ended. Sessions that were left before it, and
    whose last word the leader had by then, have ended as well: the timeout of all is the same."""
    client, path = Client(number, places, settings, None), ROOT + '/left'
    connect_somewhere(client, 240)
    client.batch([('create', path, b'', EPHEMERAL)])
    client.drop()
    watcher = Client(number + 1, places, settings, None)
    connect_somewhere(watcher, 240)
    end = time.monotonic() + 240
    while True:
        watcher.batch([('sync', ROOT), ('exists', path, False)])
        if watcher.facts[-1][7] != 0 or time.monotonic() > end:
            break
        time.sleep(0.1)
    watcher.close_session()
    return [client, watcher]


def look_at_the_end(places, settings):
    """A client of each server in turn that waits until no ephemeral node is left there. Returns all, and what was left."""
    lookers, left = [], []
    # Within the first one every last word has come to the leader, with a PING of the server that heard it.
    ended = outlive_a_session(places, settings, 9100) + outlive_a_session(places, settings, 9200)
    for number in range(len(places.servers)):
        looker = Client(9000 + number, Places([places.servers[number]]), settings, None)
        lookers.append(looker)
        connect_somewhere(looker, 240)
        end = time.monotonic() + 240
        while True:
            looker.batch([('sync', ROOT)] + [('children', path, False) for path in HOMES] +
                         [('get', path, False) for path in NODES])
            owners = {fact[5][1]: fact[8][1]['owner'] for fact in looker.facts[-len(NODES):] if fact[7] == 0}
            left = [path for path, owner in owners.items() if owner != 0]
            names = looker.facts[-len(NODES) - 1][8][0]
            looker.batch([('exists', QUEUE + '/' + name, False) for name in names])
            left += [fact[5][1] for fact in looker.facts[-len(names):] if names and fact[7] == 0 and fact[8]['owner'] != 0]
            if not left or time.monotonic() > end:
                break
            time.sleep(0.3)
        if left:
            break
    for looker in lookers:
        looker.close_session()
    return lookers + ended, left


def main():
    sys.setswitchinterval(0.001)
    settings = json.loads(sys.stdin.readline())
    places, ending = Places(settings['servers']), threading.Event()
    maker = Client(8000, places, settings, ending)
    connect_somewhere(maker, 240)
    make_tree(maker)
    maker.close_session()
    clients = [Client(number, places, settings, ending) for number in range(settings['clients'])]
    for client in clients:
        client.start()
    print('working', flush=True)
    sys.stdin.readline()
    ending.set()
    for client in clients:
        client.join(600)
    errors = ['%s: %r' % (c.name, c.error) for c in clients if c.error]
    errors += ['%s does not end' % c.name for c in clients if c.is_alive()]
    lookers, left = look_at_the_end(places, settings) if not errors else ([], [])
    with open(sys.argv[1], 'wb') as file:
        pickle.dump({'clients': [c.facts for c in [maker] + clients + lookers], 'errors': errors, 'left': left}, file)
    sys.stdout.flush()
    os._exit(0)


if __name__ == '__main__':
    main()
