"""Scenarios in which servers end, stop for a while, or begin while clients are there. Their zxids depend on time."""
import glob
import os
import signal
import time

import poison
import servers
import tape as tapes
from scenes import SUPER, scene
from scenes_requests import auth, create, exists, get, set_data
from wire import long, string


def others(t):
    return [server for number, server in enumerate(t.side.ensemble.servers) if number != t.at]


def serves_again(t):
    t.side.ensemble.wait()


def restart(t, server):
    server.start(t.side.ensemble.properties)
    serves_again(t)


def connected(t, name, server, **options):
    """A session at a server that may be busy with an election: other servers close the connection without a byte."""
    end = time.monotonic() + 240
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
    leader = t.leader()
    watcher = t.client('watches', server=leader)
    c = t.client('client', timeout=8000)
    c.must(1, create(t.path('e'), flags=1))
    watcher.sees(t.path('e'))
    watcher.must(*exists(t.path('e'), True))
    began = time.monotonic()
    while time.monotonic() < began + 12:  # its pings reach the leader through those of the follower
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
    leader = t.leader()
    clients = [t.client('client %d' % n, server=n % 3) for n in range(20)]
    for number, c in enumerate(clients):
        c.must(1, create(t.path('e%d' % number), flags=1))
    dead = t.client('dead', timeout=10000)
    dead.must(1, create(t.path('dead'), flags=1))
    clients[0].must(1, create(t.path('acknowledged'), b'yes'))
    dead.leave()
    time.sleep(5)  # half of its time is over: the rest of it would not be all of it
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
    # The new leader has given the dead one all of its 10 seconds.
    assert time.monotonic() - killed >= 10, 'gone after %.2f s' % (time.monotonic() - killed)
    for c in back:
        c.xid = 2000
        c.close()
    restart(t, servers[leader])


def newest_snapshot(server):
    names = glob.glob(os.path.join(server.directory, 'data', 'version-2', 'snapshot.*'))
    return max(int(name.rsplit('.', 1)[1], 16) for name in names)


def start_newest_first(ensemble):
    """A leader whose snapshot is older than a follower's would ask it to cut off what it has more, which needs a log; Java's
    follower ends then, and so does ours. With the two newest a leader is found that has all that is left."""
    newest = sorted(ensemble.servers, key=newest_snapshot, reverse=True)
    for server in newest[:2]:
        server.start(ensemble.properties)
    assert tapes.until(lambda: all(server.mode() for server in newest[:2])), 'the two newest servers do not serve'
    newest[2].start(ensemble.properties)


# RST-14
@scene(('follower',), house='last', same=False)
def logs_are_lost_and_what_comes_then_is_kept(t):
    """All logs are deleted, the snapshots stay: the ensemble goes on from there, and never back again."""
    ensemble = t.side.ensemble
    c = t.client('client')
    c.must(1, create(t.path('before')))
    c.close()
    for server in ensemble.servers:
        server.kill()
    for server in ensemble.servers:
        for log in glob.glob(os.path.join(server.directory, 'data', 'version-2', 'log.*')):
            os.remove(log)
    start_newest_first(ensemble)
    serves_again(t)
    c = connected(t, 'client', t.at)
    c.must(1, create('/behind-' + t.name))
    c.close()
    for _ in range(2):
        for server in ensemble.servers:
            server.kill()
        ensemble.start()
        serves_again(t)
        for number in range(3):
            c = connected(t, 'client', number)
            c.must(9, string('/'))
            c.must(*exists('/behind-' + t.name))
            c.close()


# FLE-18
@scene(('leader',), house='last', same=False)
def a_leader_loses_its_followers_with_requests_in_flight(t):
    c = t.client('client')
    for server in others(t):
        server.kill()
    c.send(*[set_data(t.root, b'%d' % number) for number in range(500)])
    leader = t.side.ensemble.servers[t.at]
    c.connection.nudge = None
    c.ends()
    assert tapes.until(lambda: not leader.mode()) and leader.is_running()
    for server in others(t):
        server.start(t.side.ensemble.properties)
    serves_again(t)
    c = connected(t, 'client', t.at)
    c.must(*set_data(t.root))
    c.close()


# CFG-05
@scene(('alone',), house='last', same=False)
def a_log_has_a_directory_of_its_own(t):
    server = t.side.ensemble.servers[0]
    data, logs = [os.path.join(server.directory, name, 'version-2') for name in ('data', 'logs')]
    server.kill()
    os.makedirs(logs)
    for log in glob.glob(os.path.join(data, 'log.*')):
        os.rename(log, os.path.join(logs, os.path.basename(log)))
    with open(server.config, 'a') as config:
        config.write('dataLogDir=%s\n' % os.path.dirname(logs))
    for life in range(2):
        restart(t, server)
        c = t.client('client')
        c.must(*exists(t.root))
        c.must(1, create(t.path('life%d' % life)))
        c.close()
        server.kill()
    assert not glob.glob(os.path.join(data, 'log.*')) and not glob.glob(os.path.join(logs, 'snapshot.*'))
    assert len(glob.glob(os.path.join(logs, 'log.*'))) >= 2 and glob.glob(os.path.join(data, 'snapshot.*'))
    restart(t, server)


# OBS-02
@scene(('observer',), house='observed', same=False)
def an_observer_loses_its_quorum_and_serves_again(t):
    c = t.client('client')
    c.must(*set_data(t.root, b'1'))
    c.must(*get(t.root))
    voter = next(server for server in others(t) if server.mode() == 'follower')
    voter.kill()
    c.connection.nudge = None
    c.ends()
    refused = t.client('refused')
    assert refused.session == 0
    restart(t, voter)
    back = connected(t, 'back', t.at, session=c.session, password=c.password)
    assert back.session == c.session
    back.xid = 1000
    back.send(set_data(t.root, b'2'), get(t.root))
    assert back.read(5, 4)[1][1].buffer() == b'2'
    back.close()


# Servers 0, 1 and 2 (ZOOKEEPER-785).
@scene(('follower',), house='from zero', same=False)
def ids_may_begin_with_zero_and_server_0_may_lead(t):
    zero, one, two = t.side.ensemble.servers
    for number, server in enumerate((zero, one, two)):
        c = t.client('client', server=number)
        assert c.session >> 56 == number and servers.ask(server.client_port, 'conf').count('serverId=%d\n' % number) == 1
        c.close()
    two.kill()
    t.side.ensemble.wait(servers=[zero, one])
    assert one.mode() == 'leader', one.mode()
    c = connected(t, 'client', 0)
    c.must(1, create(t.path('behind')))
    c.leave()
    one.kill()
    two.start(t.side.ensemble.properties)  # its id is larger, its history shorter
    t.side.ensemble.wait(servers=[zero, two])
    assert zero.mode() == 'leader' and two.mode() == 'follower', (zero.mode(), two.mode())
    restart(t, one)
    for number in range(3):
        c = connected(t, 'client', number)
        c.must(9, string('/'))
        c.must(*exists(t.path('behind')))
        c.close()


# A leader of Java takes a fourth server in (ZOOKEEPER-2172), of Java: followers of ours store that, and serve on as they are (D-32).
@scene(('leader',), house='growing', same=False)
def a_server_is_added_by_reconfig(t):
    ensemble = t.side.ensemble
    three, home = ensemble.servers, os.path.join(ensemble.directory, '4')
    c = t.client('client')
    c.must(9, string('/'))
    c.ask(*auth(SUPER))
    client, quorum, election = servers.free_ports(3, home)
    line = 'server.4=127.0.0.1:%d:%d:participant;127.0.0.1:%d' % (quorum, election, client)
    asked = string(line) + string(None) + string(None) + long(-1)
    if ensemble.kinds[t.at] == 'c':
        assert c.ask(16, asked)[0] == -6  # D-159
        c.close()
        return
    os.makedirs(os.path.join(home, 'data'))
    with open(os.path.join(home, 'data', 'myid'), 'w') as out:
        out.write('4\n')
    with open(os.path.join(home, 'zoo.cfg'), 'w') as config:
        config.write('\n'.join(['%s=%s' % item for item in ensemble.settings.items()] + ensemble.members +
                               [line, 'dataDir=' + os.path.join(home, 'data')]) + '\n')
    fourth = servers.Server('java', home, os.path.join(home, 'zoo.cfg'), client)
    fourth.start(ensemble.properties)
    try:
        ensemble.wait(servers=[fourth])
        error, r = c.ask(16, asked)
        assert error == 0 and line.encode() in r.buffer(), error
        c.must(1, create(t.path('behind')))
        for server in three + [fourth]:
            other = poison.Client(server.client_port)
            assert tapes.until(lambda other=other: other.ask(*exists(t.path('behind')))[0] == 0), server.directory
            assert other.ask(1, create(t.path('by-%d' % server.client_port)))[0] == 0
            other.close()
        assert [server.mode() for server in [fourth] + three[:2]] == ['follower'] * 3
        for server, kind in zip(three[:2], ensemble.kinds):
            with open(os.path.join(server.directory, 'log'), 'rb') as log:
                assert kind == 'java' or b'is stored, and changes nothing else' in log.read()
        c.close()
    finally:
        fourth.kill()
