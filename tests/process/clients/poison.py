#!/usr/bin/env python3
"""Requests of an ordinary client that ruin Java's servers: ours answer each with its error and go on, in every role, beside
members of Java too. Afterwards all servers are started again, and have all that was written.

Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
"""
import re
import socket
import sys
import time

import command_line
import servers
import wire

QUOTA = '/zookeeper/quota/poisoned'


class Client:
    """One session that asks one thing at a time."""

    def __init__(self, port, timeout=600000):
        self.socket = socket.create_connection(('127.0.0.1', port), 240)
        self.socket.settimeout(240)
        self.data, self.xid, self.session = b'', 0, 0
        self.socket.sendall(wire.connect_request(timeout=timeout))
        r = wire.Reader(self.frame())
        r.integer()
        if r.integer() <= 0:
            raise OSError('no session')
        self.session = r.long()

    def frame(self):
        while len(self.data) < 4 or len(self.data) < 4 + wire.INT.unpack_from(self.data)[0]:
            part = self.socket.recv(65536)
            if not part:
                raise OSError('closed')
            self.data += part
        end = 4 + wire.INT.unpack_from(self.data)[0]
        frame, self.data = self.data[4:end], self.data[end:]
        return frame

    def ask(self, code, body=b''):
        """Returns the error and what follows the header."""
        self.xid += 1
        self.socket.sendall(wire.request(self.xid, code, body))
        while True:
            frame = self.frame()
            xid, _, err = wire.HEADER.unpack_from(frame)
            if xid != -1:
                return err, frame[16:]

    def close(self):
        self.socket.close()


def set_data(path, data):
    return wire.string(path) + wire.buffer(data) + wire.integer(-1)


STATS = QUOTA + '/zookeeper_stats'
# name, opcode, body, the error (a number: in the reply's header; of a multi: its operations' errors)
POISONS = [
    ('a: createTTL without the mode of a TTL and with a negative one', 21,
     wire.create('/t', flags=0) + wire.long(-1), -8),
    ('b: check outside of a multi', 13, wire.string('/') + wire.integer(-1), -6),
    ('c: multi with a null path', 14, wire.multi((2, wire.string(None) + wire.integer(-1))), -5),
    ('c: multi with a null path behind a good one', 14,
     wire.multi((1, wire.create('/half')), (5, set_data(None, b'x'))), -5),
    ('c: multi with a null path to read', 14, wire.multi((4, wire.string(None) + b'\0')), -5),
    ('d: reconfig that is cut', 16, b'\0\0', -5),
    ('d: reconfig without a body', 16, b'', -5),
    ('e: nonsense for the stats of a quota', 5, set_data(STATS, b'abc'), -8),
    ('e: null for the stats of a quota', 5, set_data(STATS, None), -8),
]


class Play:
    """One ensemble that is given all poisons at one server."""

    def __init__(self, title):
        self.title, self.failed = title, False

    def expect(self, name, test):
        try:
            test()
            print('ok poison %s: %s' % (self.title, name))
        except (AssertionError, OSError, RuntimeError) as problem:
            print('FAILED poison %s: %s\n  | %s: %s' % (self.title, name, type(problem).__name__, problem))
            self.failed = True
        sys.stdout.flush()

    def answered(self, port, code, body, err):
        client = Client(port)
        got = client.ask(code, body)[0]
        assert got == err, 'the answer is %d, not %d' % (got, err)
        # The same session goes on: a write, a read, and a ping behind them.
        for code, body in ((1, wire.create('/after-', flags=2)), (3, wire.string('/') + b'\0'), (11, b'')):
            got = client.ask(code, body)[0]
            assert got == 0, 'afterwards request %d is answered %d' % (code, got)
        client.ask(-11)
        client.close()

    def all_serve(self, ensemble):
        """A new session at every server, that writes and reads."""
        for server in ensemble.servers:
            assert server.is_running(), 'server %s has ended' % server.directory
            client = Client(server.client_port)
            assert client.ask(1, wire.create('/after-', flags=2))[0] == 0
            assert client.ask(9, wire.string('/'))[0] == 0
            assert client.ask(3, wire.string('/after-0000000000') + b'\0')[0] in (0, -101)
            client.ask(-11)
            client.close()

    def children(self, port):
        client = Client(port)
        client.ask(9, wire.string('/'))
        err, body = client.ask(8, wire.string('/') + b'\0')
        assert err == 0
        client.ask(-11)
        client.close()
        return sorted(read_strings(body))

    def restarted(self, ensemble):
        before = self.children(ensemble.servers[0].client_port)
        for server in ensemble.servers:
            server.kill()
        ensemble.start()
        ensemble.wait()
        for server in ensemble.servers:
            after = self.children(server.client_port)
            assert after == before, 'children of / were %s and are %s' % (before, after)

    def no_digest_differs(self, ensemble):
        for server in ensemble.servers:
            found = re.search(r'zk_digest_mismatches_count\s+(\d+)', servers.ask(server.client_port, 'mntr'))
            assert server.kind != 'c' or (found and found.group(1) == '0'), 'mntr says %s' % (found and found.group(0))

    def flags(self, port):
        client = Client(port)
        assert client.ask(1, wire.create('/plain-', flags=4))[0] in (0, -110)
        assert client.ask(19, wire.create('/container', flags=0))[0] in (0, -110)
        assert client.ask(1, wire.create('/container/kid'))[0] in (0, -110)
        client.ask(-11)
        client.close()

    def null_watch(self, port):
        client = Client(port)
        err = client.ask(106, wire.string(None) + wire.integer(0))[0]
        assert err in (0, -8, -5), 'addWatch of null is answered %d' % err
        client.socket.shutdown(socket.SHUT_WR)
        end = time.monotonic() + 240
        while time.monotonic() < end:
            if not client.socket.recv(100):
                client.close()
                return
        raise AssertionError('the server does not close its side')

    def in_a_multi(self, port, leads):
        """A leader says which operation it was; a learner, which asks nobody, says it of the whole (D-290)."""
        client = Client(port)
        err, body = client.ask(14, wire.multi((1, wire.create('/half')), (5, set_data(STATS, b'abc')), (1, wire.create('/other'))))
        if leads:
            assert err == 0, 'the answer is %d, not 0' % err
            codes = [result[1] for result in wire.Reader(body).results()]
            assert codes == [0, -8, -2], 'its operations are answered %s' % codes
        else:
            assert (err, body) == (-8, b''), 'the answer is %d, with %d bytes' % (err, len(body))
        for path in ('/half', '/other'):
            assert client.ask(3, wire.string(path) + b'\0')[0] == -101, '%s is there' % path
        client.ask(-11)
        client.close()

    def acl_too_long(self, port):
        """A client with many ids, whose "auth" would become more than a transaction may have."""
        client = Client(port)
        for number in range(400):
            client.ask(100, wire.integer(0) + wire.string('digest') + wire.buffer(b'somebody-with-a-long-name-%d:x' % number))
        asked = [(perms, 'auth', '') for perms in range(1, 101)]
        few = asked[:2]
        for code, body, err in ((1, wire.create('/long', acl=asked), -114), (15, wire.create('/long', acl=asked), -114),
                                (1, wire.create('/after-', acl=few, flags=2), 0),
                                (7, wire.string('/') + wire.acls(asked) + wire.integer(-1), -114),
                                (3, wire.string('/long') + b'\0', -101)):
            got = client.ask(code, body)[0]
            assert got == err, 'request %d is answered %d, not %d' % (code, got, err)
        client.ask(-11)
        client.close()

    def quota(self, port):
        """A quota whose stats are whole afterwards: creating and deleting below it counts."""
        client = Client(port)
        for path, data in (('/poisoned', b''), (QUOTA, b''), (QUOTA + '/zookeeper_limits', b'count=100,bytes=-1'),
                           (STATS, b'count=0,bytes=0')):
            assert client.ask(1, wire.create(path, data))[0] in (0, -110)
        client.ask(-11)
        client.close()

    def quota_counts(self, port):
        client = Client(port)
        assert client.ask(1, wire.create('/poisoned/kid-', flags=2))[0] == 0
        err, body = client.ask(4, wire.string(STATS) + b'\0')
        assert err == 0 and re.match(rb'count=\d+,bytes=\d+', wire.Reader(body).buffer()), body
        client.ask(-11)
        client.close()


def read_strings(body):
    r = wire.Reader(body)
    return r.vector(r.string) or []


# CLI-36, CLI-37
def run_ensemble(title, kinds, alone, choose):
    """choose(ensemble): the server that gets the poison."""
    play = Play(title)
    with servers.Ensemble(kinds, alone, last_leads='java' in kinds) as ensemble:
        target = choose(ensemble)
        port = target.client_port
        play.expect('a quota is set', lambda: play.quota(port))
        for name, code, body, err in POISONS:
            play.expect(name, lambda code=code, body=body, err=err: play.answered(port, code, body, err))
        play.expect('e: nonsense for the stats of a quota within a multi',
                    lambda: play.in_a_multi(port, target.mode() in ('leader', 'standalone')))
        play.expect('the stats of the quota go on', lambda: play.quota_counts(port))
        if 'java' not in kinds:
            play.expect('f: creates of one kind that ask for another', lambda: play.flags(port))
            play.expect('f: no digest differs', lambda: play.no_digest_differs(ensemble))
        play.expect('g: a watch on null does not keep the connection open', lambda: play.null_watch(port))
        play.expect('h: ACLs that become longer than a transaction may be', lambda: play.acl_too_long(port))
        play.expect('all servers serve', lambda: play.all_serve(ensemble))
        play.expect('all servers come back with the same nodes', lambda: play.restarted(ensemble))
    return play.failed


# CLI-38
def run_java_leader(letter):
    """CLI-38: the poison reaches a leader of Java through its own port. It may end; ours go on without it."""
    play = Play('a leader of Java is given %s itself' % letter)
    with servers.Ensemble(['c', 'c', 'java'], last_leads=True) as ensemble:
        leader = ensemble.servers[2]
        code, body = [(code, body) for name, code, body, _ in POISONS if name.startswith(letter)][0]

        def swallow():
            client = Client(leader.client_port)
            client.socket.settimeout(3)
            try:
                client.ask(code, body)
            except OSError:
                pass

        def ours_go_on():
            leader.kill()
            end = time.monotonic() + 240
            for server in ensemble.servers[:2]:
                while True:
                    assert server.is_running(), 'server %s has ended' % server.directory
                    try:
                        client = Client(server.client_port)
                        assert client.ask(1, wire.create('/after-', flags=2))[0] == 0
                        client.ask(-11)
                        client.close()
                        break
                    except OSError:
                        assert time.monotonic() < end, 'no session at %s' % server.directory
                        time.sleep(0.2)

        play.expect('the leader takes it, or not', swallow)
        play.expect('without that leader our members elect, and serve', ours_go_on)
    return play.failed


ENSEMBLES = {
    'alone': (['c'], True, lambda e: e.servers[0]),
    'leader': (['c', 'c', 'c'], False, lambda e: e.leader()),
    'follower': (['c', 'c', 'c'], False, lambda e: e.followers()[0]),
    'follower-of-java': (['c', 'c', 'java'], False, lambda e: e.followers()[0]),
    'leader-of-java': (['java', 'java', 'c'], False, lambda e: e.servers[2]),
}


def main():
    parser = command_line.new_parser(__doc__)
    names = list(ENSEMBLES) + ['java-leader']
    parser.add_argument('roles', nargs='*', metavar='ROLE', type=command_line.one_of(names, 'role'),
                        help='of the server that gets it: %s (default: all)' % ', '.join(names))
    options = parser.parse_args()
    failed = False
    for role in options.roles or names:
        if role == 'java-leader':
            for letter in 'ab':
                failed |= run_java_leader(letter)
        else:
            kinds, alone, choose = ENSEMBLES[role]
            failed |= run_ensemble(role, kinds, alone, choose)
    return 1 if failed else 0


if __name__ == '__main__':
    command_line.run(main)
