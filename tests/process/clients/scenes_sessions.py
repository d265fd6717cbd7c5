"""Scenarios of connections and sessions."""
import os
import re
import struct
import time
import zlib

import servers
import tape
import wire
from scenes import ENSEMBLE, scene
from wire import boolean, buffer, create, integer, long, string


def exists(path, watch=False):
    return 3, string(path) + boolean(watch)


def set_data(path, data=b'x', version=-1):
    return 5, string(path) + buffer(data) + integer(version)


# ---- the first frame ---------------------------------------------------------------------------

@scene()
def cli_07_the_first_frame_and_its_answer(t):
    new = t.client('45 bytes')
    old = t.client('44 bytes', read_only=None)
    for c in (new, old):
        assert c.session and c.timeout == 600000
        c.close()
    assert t.lines[0].endswith('then 00') and t.lines[1].endswith('then nothing'), t.lines[:2]
    for version in (1, -1, 77):
        t.client('version %d' % version, version=version).close()
    for password in (None, b'', b'z' * 40, bytes(3)):
        c = t.client('password %r' % password, password=password)
        assert len(c.password) == 16
        c.close()
    t.client('as a reader', read_only=True).close()
    c = t.client('more bytes', send=False)
    frame = wire.connect_request(timeout=600000)[4:] + b'more'
    c.send_bytes(wire.frame(frame))
    c.opened()
    assert c.session
    c.close()
    for size in (0, 4, 27, 28, 43):
        c = t.client('cut to %d bytes' % size, send=False)
        c.send_bytes(wire.frame(frame[:size]))
        c.ends()


@scene()
def cli_08_passwords_belong_to_ids_and_ids_to_servers(t):
    seen = set()
    for number in range(50):
        c = t.client('client')
        assert c.session not in seen and c.password == wire.password_of(c.session), hex(c.session)
        assert c.session >> 56 == (1 if t.side.ensemble.alone else t.at + 1), hex(c.session)
        seen.add(c.session)
        c.close()


@scene()
def cli_09_timeouts_are_clamped(t):
    for asked in (0, -5, 1, 499, 500, 501, 3600000, 3600001, 0x7fffffff, -0x80000000):
        c = t.client('asks for %d ms' % asked, timeout=asked)
        assert c.timeout == min(max(asked, 500), 3600000), c.timeout
        c.close()


@scene()
def cli_10_frames_are_cut_and_joined(t):
    whole = wire.connect_request(timeout=600000) + wire.request(1, *exists('/')) + wire.request(2, *exists(t.root))
    c = t.client('byte by byte', send=False)
    for at in range(len(whole)):
        c.send_bytes(whole[at:at + 1])
    c.opened()
    assert [err for err, _ in c.read(3, 3)] == [0, 0]
    c.xid = 2
    c.send(*[exists(t.root)] * 50)
    c.read(*[3] * 50)
    c.close()


# ---- coming back -------------------------------------------------------------------------------

@scene()
def cli_24_a_client_comes_back_to_the_same_server(t):
    old = t.client('old')
    old.must(1, create(t.path('e'), flags=1))
    old.must(*exists(t.path('e'), True))
    new = t.client('new', session=old.session, password=old.password, timeout=500000)
    assert new.session == old.session and new.timeout == 500000
    old.ends()
    new.must(*exists(t.path('e')))
    new.must(*set_data(t.path('e')))
    assert new.events() == []
    new.close()


@scene(ENSEMBLE)
def cli_25_a_session_hops_over_all_servers(t):
    c = t.client('hop 0')
    c.must(1, create(t.path('e'), flags=1))
    for hop in range(1, 8):
        server = (t.at + hop) % 3
        c = t.client('hop %d' % hop, server=server, session=c.session, password=c.password)
        assert c.session, 'hop %d' % hop
        c.xid = 1000 * hop  # a server that is behind would take the commit of an earlier hop's request for this one's (CLI-55)
        c.must(*set_data(t.path('e'), b'%d' % hop))
        c.must(9, string('/'))
        err, r = c.ask(4, string(t.path('e')) + b'\0')
        assert err == 0 and r.buffer() == b'%d' % hop
    c.close()
    c = t.client('another')
    c.must(9, string('/'))
    assert c.ask(*exists(t.path('e')))[0] == -101
    c.close()


# CLI-25
@scene(ENSEMBLE)
def cli_02_a_session_moves_to_another_server(t):
    for name, request in (('create', (1, create(t.path('x')))), ('multi', (14, wire.multi((1, create(t.path('y')))))),
                          ('setData', set_data(t.root, b''))):
        old = t.client('old')
        old.must(1, create(t.path('e-' + name), flags=1))
        new = t.client('new', server=t.other(), session=old.session, password=old.password)
        new.xid = 1000  # CLI-55 is another scenario
        new.must(*set_data(t.path('e-' + name), b'new'))
        if t.at != t.leader():  # CLI-25: a follower does not know of the move, and reads on
            old.must(*exists('/'))
        old.send(request)
        old.ends()
        new.must(9, string('/'))
        new.must(*exists(t.path('e-' + name)))
        assert new.ask(*exists(t.path('x')))[0] == new.ask(*exists(t.path('y')))[0] == -101
        new.close()


@scene(ENSEMBLE)
def cli_02_the_old_connection_may_close_a_session_that_has_moved(t):
    old = t.client('old')
    new = t.client('new', server=t.other(), session=old.session, password=old.password)
    new.xid = 1000
    new.must(1, create(t.path('e'), flags=1))
    old.ask(-11)
    old.ends()
    new.ends()
    c = t.client('another')
    c.must(9, string('/'))
    assert c.ask(*exists(t.path('e')))[0] == -101
    c.close()


@scene()
def cli_26_unknown_ids_and_wrong_passwords(t):
    live = t.client('live')
    closed = t.client('closed')
    closed.close()
    for name, session, password in (('unknown', 0x1234, wire.password_of(0x1234)), ('wrong password', live.session, b'\1' * 16),
                                    ('no password', live.session, b''), ('null', live.session, None),
                                    ('closed session', closed.session, closed.password), ('negative', -1, wire.password_of(-1))):
        if session == live.session:
            continue  # CLI-54
        c = t.client(name, session=session, password=password)
        assert c.session == 0 and c.timeout == 0
        c.ends()
    live.close()


@scene(same=False)
def cli_54_a_wrong_password_does_not_disturb_the_owner(t):
    owner = t.client('owner')
    intruder = t.client('intruder', session=owner.session, password=b'\1' * 16)
    assert intruder.session == 0
    intruder.ends()
    if t.side.ensemble.servers[t.at].kind == 'java':
        owner.ends()  # the owner's connection is closed before the password is looked at
        owner = t.client('owner', session=owner.session, password=owner.password)
    owner.must(*exists('/'))
    owner.close()


@scene()
def cli_27_a_client_that_has_seen_more_is_refused(t):
    c = t.client('now')
    c.send(*[set_data(t.root, b'')])
    zxid = struct.unpack_from('>q', c.connection.frame(), 4)[0]
    ahead = t.client('ahead', zxid=zxid + 1)
    assert ahead.session == 0
    again = t.client('ahead with a session', zxid=zxid + 1, session=c.session, password=c.password)
    assert again.session == 0
    c.must(*exists('/'))  # the owner's connection is whole
    for name, seen in (('equal', zxid), ('less', zxid - 1), ('-1', -1), ('negative', -1 << 63)):
        other = t.client(name, zxid=seen)
        assert other.session, name
        other.close()
    c.must(*set_data(t.root, b''))
    later = t.client('the server has caught up', zxid=zxid + 1)
    assert later.session
    later.close()
    c.close()


@scene()
def cli_53_requests_behind_the_first_frame(t):
    c = t.client('client', send=False)
    c.send_bytes(wire.connect_request(timeout=600000) + wire.request(1, 1, create(t.path('a'))) +
                 wire.request(2, *exists(t.path('a'))) + wire.request(-2, 11))
    c.opened()
    assert [err for err, _ in c.read(1, 3, 11)] == [0, 0, 0]
    c.xid = 2
    c.close()


@scene()
def cli_89_a_client_asks_for_a_second_session(t):
    c = t.client('client')
    c.send((-10, integer(500000)))
    data = c.connection.frame()
    r = wire.Reader(data)
    t.say('%d bytes: version %d, timeout %d, %s session, %s password' % (
        len(data), r.integer(), r.integer(), 'the same' if r.long() == c.session else 'another',
        'its' if r.buffer() == c.password else 'another'))
    c.must(*exists('/'))
    for body in (b'', b'\0'):
        c.send((-10, body))
        t.say('%r: %d bytes' % (body, len(c.connection.frame())))
        c.must(*exists('/'))
    assert c.ask(20, t.root.encode())[0] == -8
    # With a timeout of -1 the session ends at the leader's next look, which may come before the answer.
    c.send((-10, integer(-1)))
    mark = t.hush()
    c.ends()
    t.silent(mark)
    t.say('closed')


@scene()
def cli_04_a_session_is_made_and_closed_in_one_burst(t):
    c = t.client('client', send=False)
    c.send_bytes(wire.connect_request(timeout=600000) + wire.request(1, -11) +
                 wire.request(2, 1, create(t.path('late'), flags=1)))
    c.opened()
    c.read(-11)
    # Whether the create behind the end has a zxid of its own, and at a leader even an answer, depends on which of Java's
    # threads is first.
    mark = t.hush()
    c.ends()
    t.silent(mark)
    other = t.client('other')
    t.restart(other)
    assert other.ask(*exists(t.path('late')))[0] == -101
    other.close()
    # The same the other way round: what stands before the end is made, and gone with the session.
    c = t.client('client')
    c.send((1, create(t.path('e'), flags=1)), (-11, b''), (1, create(t.path('late'), flags=1)))
    assert [err for err, _ in c.read(1, -11)] == [0, 0]
    mark = t.hush()
    c.ends()
    t.silent(mark)
    other = t.client('other')
    t.restart(other)
    assert [other.ask(*exists(t.path(name)))[0] for name in ('e', 'late')] == [-101, -101]
    other.close()


@scene()
def cli_06_a_session_is_validated_again_and_its_watches_set(t):
    away = t.client('away')
    away.must(1, create(t.path('seen'), b'1'))
    away.must(*exists(t.path('seen'), True))
    assert away.ask(*exists(t.path('missing'), True))[0] == -101
    away.send(set_data(t.root, b''))
    zxid = struct.unpack_from('>q', away.connection.frame(), 4)[0]
    away.leave()
    writer = t.client('writer')
    writer.must(*set_data(t.path('seen'), b'2'))
    writer.must(1, create(t.path('missing')))
    server = t.at if t.side.ensemble.alone else t.other()
    scout = t.client('scout', server=server)
    scout.catches_up(writer)  # a server that has seen less than its client refuses it
    scout.close()
    back = t.client('back', server=server, session=away.session, password=away.password, zxid=zxid)
    assert back.session == away.session
    back.xid = 1000  # CLI-55
    back.must(9, string('/'))
    lists = wire.vector([t.path('seen')]) + wire.vector([t.path('missing')]) + wire.vector([t.root])
    back.send((101, long(zxid) + lists, -8))
    back.read(101)
    events = [line for line in t.lines if isinstance(line, tuple) and line[0] == 'back' and line[1] is None]
    assert len(events) == 3, events
    gone = t.client('gone', server=server, session=0x7f00000000000123, password=wire.password_of(0x7f00000000000123))
    assert gone.session == 0
    gone.ends()
    writer.must(2, string(t.path('seen')) + integer(-1))
    back.must(9, string('/'))
    assert back.events() == []
    back.close()
    writer.close()


# ---- ends --------------------------------------------------------------------------------------

@scene()
def cli_21_pings_are_answered_and_keep_a_session(t):
    c = t.client('client', timeout=6000)
    c.must(1, create(t.path('e'), flags=1))
    for xid in (-2, 7, 0, -1, 0x7fffffff):
        c.send((11, b'', xid))
        data = c.connection.frame()
        assert struct.unpack_from('>i', data)[0] == -2, data.hex()
        t.say('ping %d: %s' % (xid, data[:4].hex()))
    mark = t.hush()
    began = time.monotonic()
    while time.monotonic() < began + 13:  # more than two timeouts
        c.ask(11, b'', -2)
        time.sleep(0.2)
    t.silent(mark)  # as many as there was time for
    c.xid = 1000
    c.must(*exists(t.path('e')))
    c.close()


# CLI-26
@scene()
def cli_22_a_session_outlives_its_connection_and_then_expires(t):
    watcher = t.client('watcher')
    watcher.must(9, string('/'))
    sent, silent = {}, []
    for name in ('hangs up', 'resets', 'is silent'):
        c = t.client(name, timeout=4000)
        silent.append(c)
        sent[name] = time.monotonic()
        c.must(1, create(t.path(name), flags=1))
        watcher.must(9, string('/'))
        watcher.must(*exists(t.path(name), True))
        if name == 'hangs up':
            c.leave()
        elif name == 'resets':
            c.connection.socket.setsockopt(1, 13, struct.pack('ii', 1, 0))  # SO_LINGER 0: RST
            c.connection.close()
    mark = t.hush()
    gone = {}
    while len(gone) < len(sent):
        kind, path = watcher.event()
        assert kind == 2, (kind, path)
        gone[path.rsplit('/', 1)[1]] = time.monotonic()
    t.silent(mark)
    for name, when in gone.items():
        assert when - sent[name] >= 4, '%s: gone after %.2f s' % (name, when - sent[name])
    t.clients[-1].ends()
    # Java tells the watcher first, and then closes what has that session: a connection that came between would be closed, too.
    watcher.must(9, string('/'))
    for c in silent:  # CLI-26
        late = t.client('late', session=c.session, password=c.password)
        assert late.session == 0 and late.timeout == 0
        late.ends()
    if not t.side.ensemble.alone:
        other = t.client('elsewhere', server=t.other())
        t.restart(other)
        assert all(other.ask(*exists(t.path(name)))[0] == -101 for name in sent)
        other.close()
    mark = t.hush()
    watcher.close()
    t.silent(mark)


@scene()
def cli_23_closing_deletes_in_the_order_of_javas_hash_set(t):
    c = t.client('closes')
    watcher = t.client('watches')
    names = ['n%d' % n for n in range(12)] + ['x', 'lock-0000000001', '\u00fc']
    c.send(*[(1, create(t.path(name), flags=1)) for name in names])
    c.read(*[1] * len(names))
    watcher.must(9, string('/'))
    watcher.must(106, string(t.root) + integer(1))
    c.send(*[exists(t.path(name), True) for name in names] + [(8, string(t.root) + b'\1'), (-11, b'')])
    c.read(*[3] * len(names) + [8, -11])
    own = [line for line in t.lines if isinstance(line, tuple) and line[0] == 'closes' and line[1] is None]
    assert len(own) == len(names) + 1, len(own)
    c.ends()
    mark = t.hush()
    seen = [watcher.event() for _ in names]
    del t.lines[mark:]
    t.say('deleted: %s' % seen)
    assert all(kind == 2 for kind, _ in seen) and sorted(path for _, path in seen) == sorted(t.path(n) for n in names)
    watcher.close()


def sessions_of_snapshot(server, zxid):
    """The table {session: timeout} of a server's newest snapshot, or nothing while that was begun before this zxid or is not
    whole: at its end stands a seal over all that is before."""
    where = os.path.join(server.directory, 'data', 'version-2')
    newest = max((int(name[9:], 16) for name in os.listdir(where) if re.fullmatch('snapshot\\.[0-9a-f]+', name)), default=-1)
    if newest < zxid:
        return None
    with open(os.path.join(where, 'snapshot.%x' % newest), 'rb') as snapshot:
        data = snapshot.read()
    if data[:4] != b'ZKSN' or not data.endswith(b'\0\0\0\1/') or struct.unpack('>q', data[-13:-5])[0] != zlib.adler32(data[:-13]):
        return None
    return {session: timeout for session, timeout in struct.iter_unpack('>qi', data[20:20 + 12 * struct.unpack('>i', data[16:20])[0]])}


@scene(ENSEMBLE, house='snapshots')
def cli_62_all_servers_have_the_same_sessions(t):
    keep, out = [], []
    for number in range(30):
        c = t.client('client', server=number % 3)
        (keep if number % 4 == 0 else out).append(c)
    for c in out:
        c.close()
    for server in range(3):
        c = t.client('last', server=server)
        c.must(9, string('/'))
        c.close()
    want = {c.session for c in keep}
    assert len(want) == 8
    for server in t.side.ensemble.servers:
        # A follower's dump lists the table itself; a leader's lists buckets, and other sessions of earlier scenes may be there.
        text = servers.ask(server.client_port, 'dump')
        found = {int(word, 16) for word in re.findall(r'^\t?(0x[0-9a-f]+)(?:\t\d+ms)?$', text, re.M)}
        assert want <= found and not {c.session for c in out} & found, (server.mode(), text)
    # Every second write or so makes each server write a snapshot. What is written from now on has no part of the storm.
    mark, writer, xid = t.hush(), keep[0], keep[0].xid
    writer.ask(*set_data('/barrier'))
    behind, tables = writer.zxid, []
    for server in t.side.ensemble.servers:
        def is_written(server=server):
            writer.ask(*set_data('/barrier'))
            return sessions_of_snapshot(server, behind) is not None
        assert tape.until(is_written), '%s has no snapshot from 0x%x on' % (server.directory, behind)
        tables.append(sessions_of_snapshot(server, behind))
    t.restart(writer)
    writer.xid = xid
    t.silent(mark)
    for table in tables:
        assert table == tables[0] and want <= set(table) and not {c.session for c in out} & set(table), (want, tables)
        assert {table[session] for session in want} == {600000}, tables
    for c in keep:
        c.close()

