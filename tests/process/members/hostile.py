#!/usr/bin/env python3
"""A member that is broken or hostile, in a live ensemble of C: as a learner of the leader, as a voter at the election port, as
the leader of the others. What it says costs it the connection, or is answered as Java answers it, with a line in the log.
The others go on, and when it is gone, all of them serve, every acknowledged write is there, and no thread and no descriptor
is left.

Four voters and an observer are configured; voter 4 is played here. So each of the three others is needed for a quorum: one
that does not count any more would be noticed.

Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
"""
import os
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'clients'))
import command_line  # noqa: E402
import poison  # noqa: E402
import servers  # noqa: E402
import tape  # noqa: E402
import wire  # noqa: E402

HOSTILE, OBSERVER = 4, 5
PROTOCOL = 0x10000
REQUEST, PROPOSAL, ACK, COMMIT, PING, REVALIDATE, SYNC = range(1, 8)
NEWLEADER, FOLLOWERINFO, UPTODATE, DIFF, TRUNC, SNAP, OBSERVERINFO, LEADERINFO, ACKEPOCH = range(10, 19)
EXTREMES = (0x7fffffffffffffff, -1 << 63, -1, 1, 0x7fffffff00000000, 0xffffffff)


def packet(kind, zxid, data=None, rest=wire.integer(-1)):
    return wire.integer(kind) + wire.long(zxid) + wire.buffer(data) + rest


def learner_info(sid, version=PROTOCOL):
    return wire.long(sid) + wire.integer(version) + wire.long(0)


class Stream:
    """One connection between a leader and a learner, from either end."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(tape.SECONDS)

    def take(self, count):
        out = b''
        while len(out) < count:
            part = self.socket.recv(count - len(out))
            if not part:
                raise EOFError('the far end has closed the connection')
            out += part
        return out

    def integer(self):
        return struct.unpack('>i', self.take(4))[0]

    def buffer(self):
        count = self.integer()
        return self.take(count) if count > 0 else b''

    def packet(self):
        """Returns type, zxid and data; what follows SNAP is passed over."""
        kind, zxid = struct.unpack('>iq', self.take(12))
        data = self.buffer()
        for _ in range(max(self.integer(), 0) * 2):
            self.buffer()
        if kind == SNAP:
            self.pass_over_tree()
        return kind, zxid, data

    def pass_over_tree(self):
        self.take(12 * self.integer())
        for _ in range(self.integer()):
            self.take(8)
            for _ in range(self.integer()):
                self.take(4)
                self.buffer()
                self.buffer()
        while self.buffer() != b'/':
            self.buffer()
            self.take(8 + 60)
        self.buffer()

    def send(self, *pieces):
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except OSError:
            pass  # it is closed; who waits for that reads

    def until(self, kind):
        while True:
            got = self.packet()
            if got[0] == kind:
                return got

    def is_closed(self):
        """Reads until the far end has closed the connection."""
        try:
            while True:
                self.take(1)
        except socket.timeout:
            return False
        except (EOFError, OSError):
            return True

    def close(self):
        self.socket.close()


class Ensemble(servers.Ensemble):
    def __init__(self):
        super().__init__(['c'] * 5, observers=(OBSERVER,), settings={'tickTime': 400, 'initLimit': 50, 'syncLimit': 40})
        self.real = [server for number, server in enumerate(self.servers, 1) if number != HOSTILE]
        with open(self.servers[0].config) as config:
            found = re.findall(r'server\.(\d+)=127\.0\.0\.1:(\d+):(\d+)', config.read())
        self.ports_of = {int(sid): (int(quorum), int(election)) for sid, quorum, election in found}
        self.written, self.acknowledged = 0, []

    def start(self):
        for server in self.real:
            server.start(self.properties)

    def wait(self, seconds=240, servers=None):
        return super().wait(seconds, servers or self.real)

    def sid(self, server):
        return self.servers.index(server) + 1

    def leading(self):
        assert tape.until(lambda: self.leader() is not None), 'nobody leads'
        return self.leader()

    def sizes(self):
        return {server: os.path.getsize(os.path.join(server.directory, 'log')) for server in self.real}

    def has_said(self, server, words, since):
        with open(os.path.join(server.directory, 'log'), errors='replace') as log:
            log.seek(since[server])
            return words in log.read()

    def everybody_writes(self):
        """A client of each server writes; an election may end the first tries."""
        for server in self.real:
            self.written += 1
            assert tape.until(lambda s=server: self.writes(s)), 'server %d does not write' % self.sid(server)

    def writes(self, server):
        try:
            client = poison.Client(server.client_port)
            error = client.ask(1, wire.create('/w%d' % self.written))[0]
            client.ask(-11)
            client.close()
        except OSError:
            return False
        assert error in (0, -110), 'the write is answered %d' % error  # there already: the try before was not answered
        self.acknowledged.append(self.written)
        return True

    def nothing_is_lost(self):
        for server in self.real:
            client = poison.Client(server.client_port)
            assert client.ask(9, wire.string('/'))[0] == 0
            for number in self.acknowledged:
                assert client.ask(3, wire.string('/w%d' % number) + b'\0')[0] == 0, \
                    'server %d has lost /w%d' % (self.sid(server), number)
            client.ask(-11)
            client.close()

    def state(self):
        """What each server has open. A leader has more than others, so this is only compared under the same leader."""
        out = {}
        for server in self.real:
            with open('/proc/%d/status' % server.pid()) as status:
                threads = int(re.search(r'^Threads:\s+(\d+)', status.read(), re.M).group(1))
            out[self.sid(server)] = (threads, len(os.listdir('/proc/%d/fd' % server.pid())))
        return out

    def is_back(self, before):
        now = self.state()
        return all(now[sid] <= before[sid] and now[sid][1] <= before[sid][1] for sid in before)


# ---- as a learner ------------------------------------------------------------------------------

class Learner(Stream):
    """A learner of the leader, as far as the test goes along with it."""

    def __init__(self, ensemble, sid=HOSTILE, kind=FOLLOWERINFO):
        port = ensemble.ports_of[ensemble.sid(ensemble.leading())][0]
        super().__init__(socket.create_connection(('127.0.0.1', port)))
        self.sid, self.kind, self.epoch = sid, kind, 0

    def introduce(self):
        self.send(packet(self.kind, 0, learner_info(self.sid)))
        self.epoch = self.until(LEADERINFO)[1]
        return self

    def synchronise(self, last=0, current=0):
        self.introduce().send(packet(ACKEPOCH, last, wire.integer(current)))
        self.until(NEWLEADER)
        return self

    def join(self):
        self.synchronise().send(packet(ACK, self.epoch))
        self.until(UPTODATE)
        self.send(packet(ACK, self.epoch))
        return self

    def hear_ping(self):
        """The leader goes on with this connection."""
        self.until(PING)
        self.until(PING)


def refused(*pieces, say=None, begin=Learner.join):
    """An attack that costs the connection, and the words of the log."""
    def attack(ensemble):
        learner = begin(Learner(ensemble))
        learner.send(*pieces)
        assert learner.is_closed(), 'the connection stays'
        learner.close()
    attack.words = say
    return attack


def borne(*pieces, say=None, sid=HOSTILE, kind=FOLLOWERINFO):
    """An attack that the leader passes over, as Java's does."""
    def attack(ensemble):
        learner = Learner(ensemble, sid, kind).join()
        learner.send(*pieces)
        learner.hear_ping()
        learner.close()
    attack.words = say
    return attack


def with_the_id_of_a_live_one(ensemble):
    """It acknowledges what nobody proposed. When it is gone, the other one must count again: it is needed for a quorum."""
    for server in ensemble.followers():
        if ensemble.sid(server) == OBSERVER:
            continue
        learner = Learner(ensemble, ensemble.sid(server)).join()
        learner.send(*(packet(ACK, learner.epoch + 1000000 + number) for number in range(100)))
        learner.hear_ping()
        learner.close()
        ensemble.everybody_writes()


with_the_id_of_a_live_one.words = 'a younger connection, which took its place, has ended'


def claims_any_history(ensemble):
    for last in EXTREMES:
        for current in (0x7fffffff, -1, 0):
            learner = Learner(ensemble).synchronise(last, current)
            learner.send(packet(ACK, last))
            learner.close()


claims_any_history.words = 'GOODBYE'


def requests():
    """Of every type, with bodies that are cut, of sessions that nobody has."""
    for kind in list(range(-12, 25)) + list(range(100, 108)) + [0x7fffffff, -1 << 31]:
        for body in (b'', wire.integer(-1), wire.integer(0x7fffffff), bytes(200)):
            yield packet(REQUEST, -1, wire.long(kind % 3 - 1) + wire.integer(1) + wire.integer(kind) + body,
                         wire.integer(kind % 2 - 1))


LEARNERS = {
    'is no learner': refused(packet(ACK, 1), begin=lambda learner: learner, say='is not FOLLOWERINFO or OBSERVERINFO'),
    'has a newer configuration': refused(
        packet(FOLLOWERINFO, 0, wire.long(HOSTILE) + wire.integer(PROTOCOL) + wire.long(1 << 40)),
        begin=lambda learner: learner, say='has a later activated configuration'),
    'introduces itself twice': refused(packet(FOLLOWERINFO, 0, learner_info(HOSTILE)), begin=Learner.introduce,
                                       say='is not ACKEPOCH'),
    'ACKEPOCH without an epoch': refused(packet(ACKEPOCH, 0, b'123'), begin=Learner.introduce,
                                         say='ACKEPOCH without a current epoch'),
    'ACKEPOCH twice': refused(packet(ACKEPOCH, 0, wire.integer(0)), begin=Learner.synchronise,
                              say='supposed to be an ACK, but received packet: ACKEPOCH'),
    'claims any history': claims_any_history,
    'a request that is cut': refused(packet(REQUEST, -1, bytes(15)), say='REQUEST without session, cxid and opcode'),
    'REVALIDATE without a session': refused(packet(REVALIDATE, -1, bytes(11)), say='REVALIDATE without a session'),
    'PING with half a session': refused(packet(PING, -1, bytes(13)), say='PING without a list of sessions'),
    'a negative length': refused(wire.integer(ACK) + wire.long(1) + wire.integer(-2), say='malformed message'),
    'an impossible length': refused(wire.integer(ACK) + wire.long(1) + wire.integer(0x7fffffff), say='malformed message'),
    'a million ids': refused(packet(ACK, 1, None, wire.integer(1000000) + wire.integer(-2)), say='malformed message'),
    'requests of every type': borne(*requests(), say='Failed to process'),
    'PING with sessions that nobody has': borne(
        packet(PING, -1, b''.join(wire.long(number) + wire.integer(-number) for number in range(20000)))),
    'packets that no learner sends': borne(
        *(packet(kind, 77, b'abc') for kind in (0, -1, 99, 0x7fffffff, PROPOSAL, COMMIT, SYNC, NEWLEADER, UPTODATE, DIFF, SNAP)),
        say='unexpected quorum packet, type: UNKNOWN'),
    'ACKs of any zxid': borne(*(packet(ACK, zxid) for zxid in EXTREMES)),
    'an observer that acknowledges': borne(*(packet(ACK, zxid) for zxid in EXTREMES), sid=OBSERVER + 1, kind=OBSERVERINFO),
    'the id of a live one': with_the_id_of_a_live_one,
}


# ---- as a voter --------------------------------------------------------------------------------

def hello(sid, address=b'127.0.0.1:9', version=-65536):
    return wire.long(version) + wire.long(sid) + wire.buffer(address)


def notification(state, leader, zxid, election_round, epoch, text=b''):
    return wire.buffer(wire.integer(state) + wire.long(leader) + wire.long(zxid) + wire.long(election_round) +
                       wire.long(epoch) + wire.integer(2) + wire.buffer(text))


def calls(ensemble, *pieces):
    """Calls each server at its election port; the connections stay until the attack is over."""
    out = []
    for server in ensemble.real:
        caller = Stream(socket.create_connection(('127.0.0.1', ensemble.ports_of[ensemble.sid(server)][1])))
        caller.send(*pieces)
        out.append(caller)
    return out


def said_to_all(*said):
    def attack(ensemble):
        callers = [caller for pieces in said for caller in calls(ensemble, *pieces)]
        ensemble.everybody_writes()
        for caller in callers:
            caller.close()
    attack.words = None
    return attack


VOTERS = {
    'half a hello': said_to_all(*((hello(HOSTILE)[:count],) for count in range(31))),
    'hellos of others': said_to_all(*((hello(sid),) for sid in (0, 1, 3, OBSERVER, 99, -1, 1 << 62, -1 << 63))),
    'addresses that are none': said_to_all(*((hello(HOSTILE, address),) for address in (
        b'', b':', b'|' * 2000, b'x:1', b'127.0.0.1:99999999', b'[::1', b'\xff' * 300, b'a\0b:1'))),
    'extreme votes': said_to_all([hello(HOSTILE)] + [
        notification(state, leader, zxid, number, epoch) for state in (0, 1, 2, 3, -1, 9) for leader in (HOSTILE, -1)
        for zxid in EXTREMES for number in EXTREMES for epoch in EXTREMES[:3]]),
    'configurations that are none': said_to_all(*((hello(HOSTILE), notification(0, HOSTILE, 0, 1, 0, text)) for text in (
        b'\xff' * 1000, b'version=zz', b'server.1=', b'\0' * 100, b'version=100000000\nserver.1=127.0.0.1:1:2\n'))),
    'impossible lengths': said_to_all(*((hello(HOSTILE), wire.integer(count) + bytes(60)) for count in (
        0, -1, 1, 27, 28, 39, 40, 44, 0x7fffffff, 524289, -1 << 31))),
}


# ---- as the leader -----------------------------------------------------------------------------

class Candidate:
    """Says to every server again and again that it has the newest history, so all that look for a leader elect it."""

    def __init__(self, ensemble):
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.vote, args=(ensemble.ports_of[ensemble.sid(server)][1],), daemon=True)
                        for server in ensemble.real]
        for thread in self.threads:
            thread.start()

    def vote(self, port):
        election_round = 1
        while not self.ended.wait(0.05):
            try:
                with socket.create_connection(('127.0.0.1', port), 5) as connection:
                    voter = Stream(connection)
                    connection.sendall(hello(HOSTILE))
                    connection.settimeout(0.3)
                    while not self.ended.is_set():
                        connection.sendall(notification(0, HOSTILE, 0x7fff << 32, election_round, 0x7fff))
                        state, _, _, theirs, _ = struct.unpack('>iqqqq', voter.buffer()[:36])
                        if state == 0:
                            election_round = max(election_round, theirs)
            except (OSError, EOFError, struct.error):
                pass

    def close(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


class Follower(Stream):
    """A server that has elected us, as far as the test goes along with it."""

    accepted = epoch = last = 0

    def promise(self):
        self.send(packet(LEADERINFO, self.epoch, wire.integer(PROTOCOL)))
        self.last = self.until(ACKEPOCH)[1]
        return self

    def agree(self):
        self.promise().send(packet(DIFF, self.last))
        return self

    def follow(self):
        self.agree().send(packet(NEWLEADER, self.epoch))
        self.until(ACK)
        self.send(packet(UPTODATE, -1))
        self.until(ACK)
        return self


def proposal(zxid, holds=None):
    """createSession, whose session ends soon."""
    header = wire.long(1) + wire.integer(1) + wire.long(zxid if holds is None else holds) + wire.long(1) + wire.integer(-10)
    return packet(PROPOSAL, zxid, header + wire.integer(500))


def tree(*tail):
    """A tree without sessions and ACLs that holds the root alone, up to the end of its nodes."""
    return b''.join((bytes(8), wire.string(''), wire.buffer(b''), wire.long(-1), bytes(60)) + tail)


SIGNED = wire.string('/') + wire.string('BenWasHere')
# Words of the log of the server that leaves us, how far it has come, and what it is told then.
LEADERS = [
    ('is less than accepted epoch', lambda f: f, lambda f: packet(LEADERINFO, f.accepted - 1 << 32, wire.integer(PROTOCOL))),
    ('LEADERINFO without a protocol version', lambda f: f, lambda f: packet(LEADERINFO, f.epoch, b'123')),
    ('should have been LEADERINFO but is NEWLEADER', lambda f: f, lambda f: packet(NEWLEADER, f.epoch)),
    ('UPTODATE without NEWLEADER', Follower.agree, lambda f: packet(UPTODATE, -1)),
    ('DIFF sync got proposal', Follower.agree, lambda f: proposal(f.epoch + 5)),
    ('holds no transaction', Follower.agree, lambda f: packet(PROPOSAL, f.last + 1, b'nonsense')),
    ('without its proposal', Follower.agree, lambda f: packet(COMMIT, f.last + 1)),
    ('malformed message', Follower.promise, lambda f: packet(SNAP, f.last) + bytes(8) + wire.integer(-7)),
    ('Missing signature', Follower.promise, lambda f: packet(SNAP, f.last) + tree(wire.string('/'), wire.string('BenWasNotHere'))),
    ('in epoch', Follower.promise, lambda f: packet(SNAP, -1) + tree(SIGNED)),
    ('cannot come behind', Follower.follow, lambda f: proposal(f.epoch + 1) + proposal(f.epoch + 1)),
    ('holds transaction', Follower.follow, lambda f: proposal(f.epoch + 1, f.epoch + 2)),
    ('COMMITANDACTIVATE', Follower.follow, lambda f: packet(9, f.epoch + 1, bytes(8))),
    ('REVALIDATE without session and answer', Follower.follow, lambda f: packet(REVALIDATE, -1, bytes(8))),
]


class Usurper:
    """Leads whoever comes, and is a different bad leader each time."""

    def __init__(self, ensemble):
        self.left = list(LEADERS)
        self.problems, self.threads, self.lock = [], [], threading.Lock()
        self.all_played = threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', ensemble.ports_of[HOSTILE][0]))
        self.listener.listen(50)
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self.lead, args=(connection,), daemon=True))
            self.threads[-1].start()

    def lead(self, connection):
        follower, chosen = Follower(connection), None
        try:
            kind, zxid, _ = follower.packet()
            if kind != FOLLOWERINFO:
                return  # the observer: without it this ends as well
            follower.accepted, follower.epoch = zxid >> 32, (zxid >> 32) + 1 << 32
            with self.lock:
                if not self.left:
                    return
                chosen = self.left.pop(0)
            words, begin, pieces = chosen
            begin(follower).send(pieces(follower))
            if not follower.is_closed():
                self.problems.append('no end after: %s' % words)
        except (EOFError, OSError):
            # It left before it was told: an election may end in the middle. Whoever comes next is told.
            with self.lock:
                self.left += [chosen] if chosen is not None else []
        finally:
            follower.close()
            with self.lock:
                if not self.left:
                    self.all_played.set()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepting.join()
        for thread in self.threads:
            thread.join()


def bad_leaders(ensemble):
    usurper, candidate = Usurper(ensemble), Candidate(ensemble)
    try:
        leader = ensemble.leading()
        leader.kill()
        leader.start(ensemble.properties)
        assert usurper.all_played.wait(240), 'never told: %s' % ', '.join(words for words, _, _ in usurper.left)
    finally:
        candidate.close()
        usurper.close()
    assert not usurper.problems, usurper.problems


# ---- how it is judged --------------------------------------------------------------------------

class Play:
    def __init__(self, ensemble):
        self.ensemble, self.failed = ensemble, False

    def expect(self, name, test):
        try:
            test()
            print('ok hostile member: %s' % name)
        except (AssertionError, EOFError, OSError, RuntimeError) as problem:
            print('FAILED hostile member: %s\n  | %s: %s' % (name, type(problem).__name__, problem))
            self.failed = True
        sys.stdout.flush()

    def suffers(self, attack):
        ensemble = self.ensemble
        ensemble.everybody_writes()
        leader, since = ensemble.leading(), ensemble.sizes()
        attack(ensemble)
        if attack.words is not None:
            assert tape.until(lambda: ensemble.has_said(leader, attack.words, since)), 'no line has: %s' % attack.words
        self.all_is_well()

    def all_is_well(self):
        ensemble = self.ensemble
        for server in ensemble.real:
            assert server.is_running(), 'server %d has ended' % ensemble.sid(server)
        ensemble.everybody_writes()

    def are_led_badly(self):
        ensemble, since = self.ensemble, self.ensemble.sizes()
        bad_leaders(ensemble)
        self.all_is_well()
        for words, _, _ in LEADERS:
            assert any(ensemble.has_said(server, words, since) for server in ensemble.real), 'no line has: %s' % words

    def nothing_is_left(self, before):
        ensemble = self.ensemble
        ensemble.nothing_is_lost()
        assert tape.until(lambda: ensemble.is_back(before)), 'there were %s, and are %s' % (before, ensemble.state())


def main():
    parser = command_line.new_parser(__doc__)
    parser.parse_args()
    with Ensemble() as ensemble:
        play = Play(ensemble)
        play.all_is_well()
        leader, before = ensemble.leading(), ensemble.state()
        for kind, attacks in (('a learner, ', LEARNERS), ('a voter, ', VOTERS)):
            for name, attack in attacks.items():
                play.expect(kind + name, lambda attack=attack: play.suffers(attack))
        if ensemble.leading() is leader:
            play.expect('nothing is lost, and nothing left', lambda: play.nothing_is_left(before))
        else:
            play.expect('nothing is lost', ensemble.nothing_is_lost)
        play.expect('a leader, %d bad ones' % len(LEADERS), play.are_led_badly)
        play.expect('nothing is lost by bad leaders', ensemble.nothing_is_lost)
    return 1 if play.failed else 0


if __name__ == '__main__':
    command_line.run(main)
