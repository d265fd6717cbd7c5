"""Scenarios in which servers end, stop for a while, or begin while clients are there. Their zxids depend on time."""
import signal
import time

import tape as tapes
from scenes import scene
from scenes_requests import create, exists, get, set_data
from wire import string


def others(t):
    return [server for number, server in enumerate(t.side.ensemble.servers) if number != t.at]


def serves_again(t):
    t.side.ensemble.wait(120)


def restart(t, server):
    server.start(t.side.ensemble.properties)
    serves_again(t)


def connected(t, name, server, **options):
    """A session at a server that may be busy with an election: other servers close the connection without a byte."""
    end = time.monotonic() + 60
    while True:
        try:
            c = t.client(name, server=server, **options)
            if c.session:
                return c
        except OSError:
            pass
        assert time.monotonic() < end, '%s: no session' % name
        time.sleep(0.05)


@scene(('follower',), house='last', same=False)
def cli_82_the_largest_write_reaches_a_follower_that_comes_later(t):
    late = next(server for server in others(t) if server.mode() == 'follower')
    late.kill()
    c = t.client('client')
    size = 1048575 - 8 - 4 - len(t.root) - 4 - 4
    c.must(*set_data(t.root, b'x' * size))
    restart(t, late)
    other = t.client('other', server=t.side.ensemble.servers.index(late))
    other.must(9, string('/'))
    err, r = other.ask(*get(t.root))
    assert err == 0 and r.buffer() == b'x' * size
    c.must(*set_data(t.root, b''))
    other.close()
    c.close()


@scene(('follower',), house='last', same=False)
def cli_61_a_follower_that_is_paused_keeps_no_session(t):
    leader = next(n for n, server in enumerate(t.side.ensemble.servers) if server.mode() == 'leader')
    watcher = t.client('watches', server=leader)
    c = t.client('client', timeout=2000)
    c.must(1, create(t.path('e'), flags=1))
    watcher.must(9, string('/'))
    watcher.must(*exists(t.path('e'), True))
    began = time.monotonic()
    while time.monotonic() < began + 5:  # its pings reach the leader through those of the follower
        c.ask(11, b'', -2)
        time.sleep(0.2)
    assert watcher.events() == []
    paused = t.side.ensemble.servers[t.at]
    paused.send(signal.SIGSTOP)
    try:
        assert watcher.event() == (2, t.path('e'))
    finally:
        paused.send(signal.SIGCONT)
    c.ends()
    serves_again(t)
    back = connected(t, 'back', t.at)
    assert back.ask(*exists(t.path('e')))[0] == -101
    back.close()
    watcher.close()


@scene(('follower',), house='last', same=False)
def cli_52_a_connection_from_before_its_server_serves(t):
    here = t.side.ensemble.servers[t.at]
    for server in others(t):
        server.kill()
    assert tapes.until(lambda: not here.mode())
    early = t.client('early', send=False)
    t.client('refused')
    assert t.clients[-1].session == 0
    for server in others(t):
        server.start(t.side.ensemble.properties)
    serves_again(t)
    early.open()
    assert early.session == 0
    later = connected(t, 'later', t.at)
    later.must(*exists(t.root))
    later.close()


# CLI-63
@scene(('follower',), house='last', same=False)
def cli_28_the_leader_is_killed_under_its_clients(t):
    servers = t.side.ensemble.servers
    leader = next(n for n, server in enumerate(servers) if server.mode() == 'leader')
    clients = [t.client('client %d' % n, server=n % 3) for n in range(20)]
    for number, c in enumerate(clients):
        c.must(1, create(t.path('e%d' % number), flags=1))
    dead = t.client('dead', timeout=4000)
    dead.must(1, create(t.path('dead'), flags=1))
    clients[0].must(1, create(t.path('acknowledged'), b'yes'))
    dead.leave()
    killed = time.monotonic()
    servers[leader].kill()
    for c in clients:  # those of the leader, and those of servers that have lost it
        c.ends()
    alive = [n for n in range(3) if n != leader]
    back = [connected(t, 'back %d' % n, alive[n % 2], session=c.session, password=c.password) for n, c in enumerate(clients)]
    assert [c.session for c in back] == [c.session for c in clients]
    watcher = back[0]
    watcher.xid = 1000
    watcher.must(9, string('/'))
    err, r = watcher.ask(*get(t.path('acknowledged')))
    assert err == 0 and r.buffer() == b'yes'
    for number in range(20):
        watcher.must(*exists(t.path('e%d' % number)))
    if watcher.ask(*exists(t.path('dead'), True))[0] == 0:
        assert watcher.event() == (2, t.path('dead'))
    # The new leader has given the dead one all of its 4 seconds.
    assert time.monotonic() - killed >= 4, 'gone after %.2f s' % (time.monotonic() - killed)
    for c in back:
        c.xid = 2000
        c.close()
    restart(t, servers[leader])
