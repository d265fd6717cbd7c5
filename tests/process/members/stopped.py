#!/usr/bin/env python3
"""A member that is stopped by SIGTERM in the middle of a SNAP, as the leader that sends it and as the learner that gets it. It
ends in order within seconds, although the far end neither reads nor writes any more. What it leaves is whole, and all of them
serve when it is started again.

Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
"""
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'clients'))
import command_line  # noqa: E402
import poison  # noqa: E402
import servers  # noqa: E402
import wire  # noqa: E402

# More than the system takes into the buffers of a connection whose far end does not read.
NODES, NODE_BYTES = 24, 900000
SENDS, GETS = b'Sending snapshot', b'Getting a snapshot'
SECONDS = 240


class Play:
    """One ensemble, whose first server is the learner and whose last one leads."""

    def __init__(self, leader, learner):
        self.title = '%s sends to %s' % (leader, learner)
        self.failed = False
        self.ensemble = servers.Ensemble([learner, leader, leader], last_leads=True,
                                         properties={'zookeeper.snapshotSizeFactor': -1})  # every learner gets a SNAP

    def expect(self, name, test):
        try:
            test()
            print('ok stopped %s: %s' % (self.title, name))
        except (AssertionError, OSError, RuntimeError) as problem:
            print('FAILED stopped %s: %s\n  | %s: %s' % (self.title, name, type(problem).__name__, problem))
            self.failed = True
        sys.stdout.flush()

    def fill(self):
        client = poison.Client(self.ensemble.servers[-1].client_port)
        for number in range(NODES):
            assert client.ask(1, wire.create('/large-%d' % number, bytes(NODE_BYTES)))[0] == 0
        client.close()

    def begin_again(self):
        """The learner loses what it has, and comes back."""
        learner = self.ensemble.servers[0]
        learner.kill()
        shutil.rmtree(data_of(learner))
        learner.start(self.ensemble.properties)

    def stop_in_the_middle(self, stopped, other, words):
        """other hangs as soon as stopped says that the SNAP has begun; then stopped is told to end."""
        begin = os.path.getsize(log_of(stopped))
        self.begin_again()
        wait_for(stopped, words, begin)
        other.send(signal.SIGSTOP)
        try:
            stopped.send(signal.SIGTERM)
            status = stopped.process.wait(SECONDS)
        finally:
            other.send(signal.SIGCONT)
        wanted = 0 if stopped.kind == 'c' else 143
        assert status == wanted, 'it ends with %d, not %d' % (status, wanted)

    def nothing_half_is_left(self):
        names = os.listdir(data_of(self.ensemble.servers[0]))
        assert not [name for name in names if name.endswith('.tmp') or name.startswith(('log.', 'snapshot.1'))], names

    def all_serve(self):
        for server in self.ensemble.servers:
            if not server.is_running():
                server.start(self.ensemble.properties)
        self.ensemble.wait()
        for server in self.ensemble.servers:
            client = poison.Client(server.client_port)
            assert client.ask(9, wire.string('/'))[0] == 0
            # All of it from the learner alone: a server of Java has not much memory here.
            for number in range(NODES if server is self.ensemble.servers[0] else 1):
                err, body = client.ask(4, wire.string('/large-%d' % number) + b'\0')
                assert err == 0 and wire.Reader(body).buffer() == bytes(NODE_BYTES), '/large-%d is not there' % number
            client.ask(-11)
            client.close()

    def run(self):
        with self.ensemble:
            learner, leader = self.ensemble.servers[0], self.ensemble.servers[-1]
            self.expect('the tree is large', self.fill)
            if learner.kind == 'c':
                self.expect('the learner ends', lambda: self.stop_in_the_middle(learner, leader, GETS))
                self.expect('it leaves nothing half', self.nothing_half_is_left)
                self.expect('all serve, and have all', self.all_serve)
            if leader.kind == 'c':
                self.expect('the leader ends', lambda: self.stop_in_the_middle(leader, learner, SENDS))
                self.expect('all serve, and have all, once more', self.all_serve)
        return self.failed


def data_of(server):
    return os.path.join(server.directory, 'data', 'version-2')


def log_of(server):
    return os.path.join(server.directory, 'log')


def wait_for(server, words, begin):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with open(log_of(server), 'rb') as log:
            log.seek(begin)
            if words in log.read():
                return
        time.sleep(0.002)
    raise RuntimeError('%s does not say "%s"' % (server.directory, words.decode()))


def main():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('mixes', nargs='*', metavar='LEADER,LEARNER', type=command_line.kinds,
                        help='kinds of the two, "c" or "java" (default: c,c)')
    options = parser.parse_args()
    failed = False
    for leader, learner in options.mixes or [['c', 'c']]:
        failed |= Play(leader, learner).run()
    return 1 if failed else 0


if __name__ == '__main__':
    command_line.run(main)
