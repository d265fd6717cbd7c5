#!/usr/bin/env python3
"""Clients that want to use a server up: callers by the ten thousand, half frames, readers that do not read, a million watches.
The server goes on for an honest client, and when they are gone, its threads, descriptors, sessions, watches and memory are
what they were.

Nothing but memory is measured: what is waited for is a fact. A heap keeps what was given back for what comes next, so
memory is back if the same once more needs no more of it. How much of an attack stands in the server at its height may depend
on how fast both are, so one that took more is repeated: memory that is lost grows each time.

Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
"""
import os
import random
import re
import resource
import socket
import struct
import sys

import command_line
import poison
import scenes_requests
import servers
import tape
import wire

CALLERS = 10000
WATCHES = 1000000
MEGABYTE = 1 << 20
WATCH_BYTES = 150  # each, at most: what is promised
SESSION_BYTES = 2048  # 10,000 idle sessions take 20 MB at most
LARGEST = 0xfffff  # jute.maxbuffer
ROUNDS = 8  # at most; what is lost grows in each of them
SLACK = 2 * MEGABYTE  # what a server takes when it does something for the first time


class Victim:
    """The server, as its operating system sees it and as it says itself."""

    def __init__(self, server):
        self.server, self.port = server, server.client_port
        self.heights = []

    def height(self):
        """An attack is at its height."""
        self.heights.append(self.memory())

    def status(self, name):
        with open('/proc/%d/status' % self.server.pid()) as status:
            return int(re.search(r'^%s:\s+(\d+)' % name, status.read(), re.M).group(1))

    def memory(self):
        return self.status('VmRSS') * 1024

    def descriptors(self):
        return len(os.listdir('/proc/%d/fd' % self.server.pid()))

    def figure(self, name):
        return int(re.search(r'^zk_%s\t(\d+)' % name, servers.ask(self.port, 'mntr'), re.M).group(1))

    def state(self):
        """What must be back. A word that asks is a connection itself, which may still be there for a moment."""
        return {'sessions': self.figure('global_sessions'), 'watches': self.figure('watch_count'),
                'threads': self.status('Threads'), 'descriptors': self.descriptors()}


class Caller:
    """One connection, with a session if it asks for one."""

    def __init__(self, port, timeout=None):
        self.port, self.session, self.password = port, 0, b''
        self.socket = socket.create_connection(('127.0.0.1', port), tape.SECONDS)
        self.socket.settimeout(tape.SECONDS)
        self.data = bytearray()
        if timeout is not None:
            self.socket.sendall(wire.connect_request(timeout=timeout))

    def opened(self):
        r = wire.Reader(self.frame(), 4)
        assert r.integer() > 0, 'no session'
        self.session, self.password = r.long(), r.buffer()
        return self

    def frame(self):
        while len(self.data) < 4 or len(self.data) < 4 + wire.INT.unpack_from(self.data)[0]:
            part = self.socket.recv(1 << 18)
            if not part:
                raise OSError('closed')
            self.data += part
        end = 4 + wire.INT.unpack_from(self.data)[0]
        frame = bytes(self.data[4:end])
        del self.data[:end]
        return frame

    def reset(self):
        """Ends the connection at once, without the two minutes in which its port is kept."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def end(self):
        """Breaks off whatever has begun, and comes back to close the session, unless it is closed."""
        self.reset()
        again = Caller(self.port)
        again.socket.sendall(wire.connect_request(600000, self.session, self.password) + wire.request(1, -11))
        if wire.Reader(again.frame(), 4).integer() > 0:
            again.frame()
        again.reset()


def exists(number, path):
    return wire.request(number, 3, wire.string(path) + b'\1')


def watched(caller, paths):
    """Leaves a watch on each path, which nobody has made. The answers are read as the requests go out: neither side waits."""
    paths, asked, answered = list(paths), 0, 0
    while answered < len(paths):
        if asked < len(paths):
            part = paths[asked:asked + 2000]
            caller.socket.sendall(b''.join(exists(asked + at + 1, path) for at, path in enumerate(part)))
            asked += len(part)
        while answered < asked - (2000 if asked < len(paths) else 0):
            frame = caller.frame()
            assert wire.HEADER.unpack_from(frame)[2] == -101, frame
            answered += 1


# ---- what they do ------------------------------------------------------------------------------

# CLI-47, among C peers
def callers_come_and_go(victim):
    """Some say nothing, some half of something, some all of it and do not wait."""
    frame = wire.connect_request(timeout=500)
    for number in range(CALLERS):
        caller = Caller(victim.port)
        caller.socket.sendall((b'', b'\0\0', frame[:20], b'ru', frame)[number % 5])
        if number % 10 < 5:
            caller.reset()
        else:
            caller.socket.close()
    victim.height()


def sessions(victim, count):
    """They ask at once, and then all are read."""
    callers = [Caller(victim.port, 600000) for _ in range(count)]
    return [caller.opened() for caller in callers]


def honest(victim):
    """A client of its own is served."""
    client = poison.Client(victim.port)
    assert client.ask(3, wire.string('/') + b'\0')[0] == 0
    client.ask(-11)
    client.close()


def callers_stay(victim):
    callers = sessions(victim, CALLERS)
    taken = victim.memory()
    victim.height()
    for number, caller in enumerate(callers):
        caller.socket.sendall(exists(1, '/half')[:number % 20 + 1])
    honest(victim)
    for number, caller in enumerate(callers):
        caller.socket.sendall(exists(1, '/half')[number % 20 + 1:])
    for caller in callers:
        assert wire.HEADER.unpack_from(caller.frame())[2] == -101
        caller.socket.sendall(wire.request(2, -11))
    for caller in callers:
        caller.frame()
        caller.reset()
    return taken, CALLERS, SESSION_BYTES


def half_frames(victim):
    """Each announces a megabyte: what has not come takes no memory. The last byte never comes."""
    callers, count = sessions(victim, 300), 60
    for caller in callers:
        caller.socket.sendall(wire.integer(LARGEST) + b'\0')
    honest(victim)
    taken = victim.memory()
    for caller in callers[:count]:
        caller.socket.sendall(bytes(LARGEST - 2))
    honest(victim)
    victim.height()
    for caller in callers:
        caller.end()
    return taken, len(callers), 32768


# CLI-44, among C peers
def readers_that_do_not_read(victim):
    """Each wants a megabyte 2,000 times and takes nothing of it: what waits for it is bounded (D-201)."""
    client = poison.Client(victim.port)
    assert client.ask(1, wire.create('/large', bytes(MEGABYTE - 1000)))[0] == 0
    callers = sessions(victim, 4)
    for caller in callers:
        caller.socket.setblocking(False)
        try:
            caller.socket.send(b''.join(wire.request(number + 1, 4, wire.string('/large') + b'\0') for number in range(2000)))
        except BlockingIOError:
            pass
    for _ in range(20):
        assert client.ask(3, wire.string('/large') + b'\0')[0] == 0
    taken = victim.memory()
    victim.height()
    for caller in callers:
        caller.end()
    assert client.ask(2, wire.string('/large') + wire.integer(-1))[0] == 0
    client.ask(-11)
    client.close()
    return taken, len(callers), 96 * MEGABYTE


def watches_of_one(victim):
    caller, = sessions(victim, 1)
    watched(caller, ('/a-path-that-nobody-makes-%d' % number for number in range(WATCHES)))
    assert victim.figure('watch_count') == WATCHES
    taken = victim.memory()
    victim.height()
    honest(victim)
    caller.end()
    return taken, WATCHES, WATCH_BYTES


def watches_of_many(victim):
    """A thousand paths, which a thousand clients watch. One of them comes, and each is told."""
    callers = sessions(victim, 1000)
    for caller in callers:
        watched(caller, ('/watched-%d' % number for number in range(WATCHES // len(callers))))
    assert victim.figure('watch_count') == WATCHES
    taken = victim.memory()
    victim.height()
    client = poison.Client(victim.port)
    assert client.ask(1, wire.create('/watched-7'))[0] == 0
    for caller in callers:
        event = wire.Reader(caller.frame(), 16)
        assert (event.integer(), event.integer(), event.string()) == (1, 3, '/watched-7')
    assert client.ask(2, wire.string('/watched-7') + wire.integer(-1))[0] == 0
    client.ask(-11)
    client.close()
    for caller in callers:
        caller.end()
    return taken, WATCHES, WATCH_BYTES


def mutate(random, frames):
    """The frames of all requests with some bytes changed, left out or doubled; most lengths are right, so that bodies are read."""
    out = []
    for body in frames:
        body = bytearray(body)
        for _ in range(random.choice((0, 1, 1, 2, 8))):
            if not body:
                break
            at = random.randrange(len(body))
            kind = random.randrange(4)
            if kind == 0:
                body[at] ^= 1 << random.randrange(8)
            elif kind == 1:
                body[at:at + random.randrange(1, 9)] = random.choice((b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', b'\0\0\0\0'))
            elif kind == 2:
                del body[at:at + random.randrange(1, 9)]
            else:
                body[at:at] = body[at:at + random.randrange(1, 99)]
        out.append(wire.integer(len(body) if random.randrange(50) else random.getrandbits(32)) + bytes(body))
    random.shuffle(out)
    return b''.join(out)


class Root:
    """What every_request wants of a tape."""

    @staticmethod
    def path(*names):
        return '/'.join(('/mutated',) + names)

    root = '/mutated'


# CLI-91, among C peers
def mutated_requests(victim):
    """The requests of CLI-12, spoiled by chance, thousands of times; a seed fixes them. Its sessions may end as they like."""
    requests = [wire.integer(number + 1) + wire.integer(code) + body
                for number, (code, body) in enumerate(scenes_requests.every_request(Root))]
    generator = random.Random(len(victim.heights))
    client = poison.Client(victim.port)
    client.ask(1, wire.create('/mutated'))
    for number in range(CALLERS // 10):
        caller, = sessions(victim, 1)
        try:
            caller.socket.sendall(mutate(generator, requests))
            caller.socket.shutdown(socket.SHUT_WR)
            while caller.socket.recv(1 << 18):
                pass
        except OSError:
            pass
        caller.end()
        if number % 10 == 0:
            assert client.ask(3, wire.string('/') + b'\0')[0] == 0, 'the honest client is not served'
    victim.height()
    client.ask(-11)
    client.close()


# ---- how it is judged --------------------------------------------------------------------------

def is_back(now, before):
    return all(now[name] <= before[name] for name in before)


def needs_more(heights, began):
    """The last round took more than any before it, the first one aside."""
    most = max(heights[1:-1])
    return heights[-1] - most > (most - began) // 8 + SLACK


def play(name, victim, attack):
    """Three times at least: the first one also takes what the server keeps for the next. Raises AssertionError."""
    honest(victim)  # whose session is the first transaction: from now on the log is open
    before = victim.state()
    began = victim.memory()
    told = ''
    while len(victim.heights) < 3 or needs_more(victim.heights, began):
        assert len(victim.heights) < ROUNDS, 'memory grows: there were %d bytes, then %s' % (began, victim.heights)
        measured = attack(victim)
        if measured is not None and not told:
            taken, count, limit = measured
            each = (taken - began - SLACK) // count
            told = ', %d bytes each of %d' % (max(each, 0), count)
            assert each <= limit, 'each of %d takes %d bytes, and may take %d' % (count, each, limit)
        assert tape.until(lambda: is_back(victim.state(), before)), 'there were %s, and are %s' % (before, victim.state())
    print('ok hostile: %s%s; %d KiB each time' % (name, told, (victim.heights[-1] - began) >> 10))


def flood(victim, count):
    """Writes and reads, all at once: they stand in every queue, and nobody reads the answers."""
    callers = sessions(victim, 8)
    body = wire.string('/flooded') + wire.buffer(b'x' * 1000) + wire.integer(-1)
    for caller in callers:
        caller.socket.sendall(b''.join(wire.request(number + 1, 5, body) if number % 2 else
                                       wire.request(number + 1, 4, wire.string('/flooded') + b'\1') for number in range(count)))
    return callers


def all_that_comes(caller):
    """The xids of the answers until the connection ends, which must be those of the first requests, in order."""
    xids = []
    try:
        while True:
            xid = wire.HEADER.unpack_from(caller.frame())[0]
            xids += [xid] if xid > 0 else []
    except OSError:
        return xids


# CLI-59, among C peers
def terms_end_with_requests_in_every_queue(ensemble):
    """The leader loses its quorum under a flood, again and again: each connection ends behind some of its answers, and no
    thread of the term is left, at the leader or at a follower that has lost its leader."""
    threads = []
    for turn in range(4):
        leader, followers = ensemble.leader(), ensemble.followers()
        client = poison.Client(leader.client_port)
        client.ask(1, wire.create('/flooded'))
        client.close()
        served = [leader, followers[0]] if turn % 2 else [leader]
        callers = [caller for server in served for caller in flood(Victim(server), 400)]
        gone = [leader] if turn % 2 else followers
        for server in gone:
            server.kill()
        if len(gone) == 1:  # the two others elect without it: what ends is the follower's term
            callers = callers[8:]
        for caller in callers:
            xids = all_that_comes(caller)
            assert xids == list(range(1, len(xids) + 1)), 'answers come out of turn: %s' % xids
            caller.socket.close()
        for server in gone:
            server.start(ensemble.properties)
        ensemble.wait()
        threads.append(sum(Victim(server).status('Threads') for server in ensemble.servers))
    assert tape.until(lambda: sum(Victim(server).status('Threads') for server in ensemble.servers) <= threads[1]), \
        'threads are left: there were %s' % threads
    print('ok hostile: terms end with requests in every queue; %d threads' % threads[-1])


def run_terms():
    with servers.Ensemble(['c', 'c', 'c']) as ensemble:
        try:
            terms_end_with_requests_in_every_queue(ensemble)
        except (AssertionError, OSError, RuntimeError) as problem:
            print('FAILED hostile: terms end with requests in every queue\n  | %s: %s' % (type(problem).__name__, problem))
            return True
    return False


ATTACKS = {
    'mutated': ('requests that are spoiled by chance', mutated_requests),
    'come-and-go': ('callers by the thousand come and go', callers_come_and_go),
    'stay': ('callers by the thousand with half a request', callers_stay),
    'half-frames': ('halves of a megabyte', half_frames),
    'readers': ('readers that do not read', readers_that_do_not_read),
    'watches-of-one': ('the watches of one client', watches_of_one),
    'watches-of-many': ('the watches of a thousand clients', watches_of_many),
}


NAMES = list(ATTACKS) + ['terms']


def scale(share):
    """A fraction of everything, for the short form."""
    global CALLERS, WATCHES
    CALLERS, WATCHES = CALLERS // share, WATCHES // share


def main():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('attacks', nargs='*', metavar='ATTACK', type=command_line.one_of(NAMES, 'attack'),
                        help='only these: %s' % ', '.join(NAMES))
    parser.add_argument('--short', action='store_true', help='a tenth of the callers and of the watches')
    options = parser.parse_args()
    if options.short:
        scale(10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    failed = False
    for chosen in options.attacks or NAMES:
        if chosen == 'terms':
            failed |= run_terms()
            continue
        name, attack = ATTACKS[chosen]
        with servers.Ensemble(['c'], True) as ensemble:
            try:
                play(name, Victim(ensemble.servers[0]), attack)
            except (AssertionError, OSError) as problem:
                failed = True
                print('FAILED hostile: %s\n  | %s: %s' % (name, type(problem).__name__, problem))
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    command_line.run(main)
