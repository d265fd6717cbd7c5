#!/usr/bin/env python3
"""One session by kazoo on three servers: created through one, read through another, a watch, an ephemeral node whose client is
killed, and the death of the leader, which the session outlives. Prints one line a test, "ok ..." or "FAILED ...".
"""
import logging
import subprocess
import sys
import threading
import time

sys.path.insert(1, '/usr/lib/python3/dist-packages')  # Debian's kazoo, whatever python3 comes first
from kazoo.client import KazooClient, KazooState  # noqa: E402

import command_line  # noqa: E402
import servers  # noqa: E402

logging.disable(logging.CRITICAL)  # kazoo tells of each connection that it loses

# A client of its own process, which is killed.
HOLDER = '''
import sys, time
sys.path.insert(1, '/usr/lib/python3/dist-packages')
from kazoo.client import KazooClient
client = KazooClient(sys.argv[1], timeout=10)
client.start(240)
client.create('/held', ephemeral=True)
print('held', flush=True)
time.sleep(3600)
'''


def until(fact, seconds=240):
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def connected(hosts, **how):
    client = KazooClient(hosts, **how)
    client.start(240)
    return client


def run(kinds):
    """Returns how many tests failed; what comes after a failure means nothing, so the first one ends it."""
    title = 'basics %s' % ','.join(kinds)

    def tell(name, fact):
        print('%s %s: %s' % ('ok' if fact else 'FAILED', title, name))
        sys.stdout.flush()
        return fact

    with servers.Ensemble(kinds) as ensemble:
        leader = ensemble.leader()
        others = [server for server in ensemble.servers if server is not leader]
        one, two = [connected('127.0.0.1:%d' % server.client_port, timeout=60) for server in others]
        travels = connected(ensemble.hosts(), timeout=60)
        seen, states = threading.Event(), []
        travels.add_listener(states.append)
        try:
            one.create('/basic', b'one')
            two.sync('/basic')
            if not tell('what one server took another one tells', two.get('/basic')[0] == b'one'):
                return 1
            two.get('/basic', watch=lambda event: seen.set())
            one.set('/basic', b'two')
            if not tell('a watch fires at another server', seen.wait(240)):
                return 1
            holder = subprocess.Popen([sys.executable, '-c', HOLDER, '127.0.0.1:%d' % leader.client_port],
                                      stdout=subprocess.PIPE)
            holder.stdout.readline()
            one.sync('/')
            if not tell('an ephemeral node is everywhere', one.exists('/held') is not None):
                return 1
            holder.kill()
            holder.wait()
            if not tell('and is gone when its client was killed', until(lambda: not two.exists('/held'))):
                return 1
            session = travels.client_id[0]
            travels.create('/mine', ephemeral=True)
            leader.kill()
            survived = until(lambda: travels.state == KazooState.CONNECTED and travels.connected and
                             any(s.mode() == 'leader' for s in others))
            travels.retry(travels.create, '/after')
            fact = survived and travels.client_id[0] == session and travels.exists('/mine') is not None
            if not tell('the leader is killed, and the same session goes on with its node',
                        fact and KazooState.LOST not in states):
                return 1
        finally:
            for client in (one, two, travels):
                client.stop()
                client.close()
    return 0


def main():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('ensembles', nargs='*', metavar='KINDS', type=command_line.kinds,
                        default=[['c', 'c', 'c'], ['c', 'c', 'java']],
                        help='three servers, as c,java,c (default: c,c,c and c,c,java)')
    options = parser.parse_args()
    if any(len(kinds) != 3 for kinds in options.ensembles):
        parser.error('three servers, as c,java,c')
    return 1 if sum([run(kinds) for kinds in options.ensembles]) else 0


if __name__ == '__main__':
    command_line.run(main)
