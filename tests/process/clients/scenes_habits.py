"""What client libraries and the programs that use them send, each in its own way: the first frames, xids, what is in flight."""
import tape as tapes
import wire
from scenes import scene
from scenes_requests import ANY, auth, check, children, create, delete, exists, get, set_data
from wire import integer, long, multi, string, vector


def watches(seen, data=(), exist=(), kids=()):
    return long(seen) + vector(data) + vector(exist) + vector(kids)


@scene()
def habit_of_kafka_a_broker_and_a_controller(t):
    """Registration by a multi, the controller's epoch checked in every write, pipelined reads; the session is made anew."""
    c = t.client('broker', timeout=18000)
    for name in ('brokers', 'brokers/ids', 'brokers/topics', 'config', 'admin', 'isr_change_notification'):
        c.must(1, create(t.path(name)))
        c.ask(1, create(t.path(name)))  # "make sure that it is there"
    assert c.ask(14, multi((1, create(t.path('brokers/ids/1'), b'{}', ANY, 1))))[0] == 0
    c.must(1, create(t.path('controller_epoch'), b'0'))
    c.must(14, multi((1, create(t.path('controller'), b'{"brokerid":1}', ANY, 1)), set_data(t.path('controller_epoch'), b'1', 0)))
    epoch = check(t.path('controller_epoch'), 1)
    c.send(*[(14, multi(epoch, (1, create(t.path('brokers/topics/t%d' % n), b'{}')))) for n in range(40)])
    c.read(*[14] * 40)
    c.send(*[get(t.path('brokers/topics/t%d' % n), True) for n in range(40)] + [children(t.path('brokers/topics'), True)])
    c.read(*[4] * 40 + [8])
    c.send(*[(14, multi(epoch, set_data(t.path('brokers/topics/t%d' % n), b'x', n % 2))) for n in range(10)])
    c.read(*[14] * 10)
    for request in ((14, multi(check(t.path('controller_epoch'), 0), set_data(t.path('brokers/topics/t0')))),  # a controller of before
                    (1, create(t.path('isr_change_notification/isr_change_'), b'{}', ANY, 2)), (103, string(t.root)),
                    (21, create(t.path('ttl'), flags=5) + long(60000)), (106, string(t.path('config')) + integer(0)),
                    (102, wire.buffer(b'token'))):
        c.ask(*request)
    again = t.client('another broker', timeout=18000)
    again.must(9, string('/'))
    assert again.ask(1, create(t.path('controller'), b'{"brokerid":2}', ANY, 1))[0] == -110
    again.must(*exists(t.path('controller'), True))
    c.close()
    assert again.event() == (2, t.path('controller'))
    again.must(14, multi((1, create(t.path('controller'), b'', ANY, 1)), set_data(t.path('controller_epoch'), b'2', 1)))
    again.close()


@scene()
def habit_of_solr_an_overseers_queue(t):
    """multi of creates and versioned sets, sequential queue items, live_nodes, watches set again and again."""
    c = t.client('node', timeout=30000)
    for name in ('live_nodes', 'overseer', 'overseer/queue', 'collections', 'collections/c'):
        c.must(1, create(t.path(name)))
    c.must(1, create(t.path('live_nodes/a:8983_solr'), None, ANY, 1))
    c.must(1, create(t.path('collections/c/state.json'), b'{}'))
    for number in range(20):
        c.must(1, create(t.path('overseer/queue/qn-'), b'{"operation":"state"}', ANY, 2))
        c.must(*children(t.path('overseer/queue'), True))
        c.ask(14, multi(set_data(t.path('collections/c/state.json'), b'{%d}' % number, number), delete(t.path('overseer/queue/qn-%010d' % number))))
    assert c.ask(*set_data(t.path('collections/c/state.json'), b'', 3))[0] == -103
    c.must(14, multi(check(t.path('live_nodes/a:8983_solr')), (1, create(t.path('collections/c/leader'), b'', ANY, 1))))
    c.close()


@scene()
def habit_of_hbase_masters_and_splits(t):
    """exists with a watch before each create, ephemeral masters, versioned sets, getData of what is missing."""
    c = t.client('master', timeout=90000)
    for name in ('hbase', 'hbase/rs', 'hbase/splitWAL', 'hbase/table'):
        c.ask(*exists(t.path(name), True))
        c.ask(1, create(t.path(name)))
        c.ask(*exists(t.path(name), True))
    c.must(1, create(t.path('hbase/master'), b'\xff\x00\x00', ANY, 1))
    c.ask(*get(t.path('hbase/meta-region-server'), True))
    c.must(1, create(t.path('hbase/splitWAL/task'), b'UNASSIGNED'))
    for owner, version in ((b'OWNED a', 0), (b'OWNED b', 0), (b'DONE a', 1), (b'DONE a', 1)):
        c.ask(*set_data(t.path('hbase/splitWAL/task'), owner, version))
    c.ask(14, multi(delete(t.path('hbase/splitWAL/task'), 2), delete(t.path('hbase/none'))))
    c.ask(14, multi((1, create(t.path('hbase/a'))), (1, create(t.path('hbase/a/b'))), delete(t.path('hbase/splitWAL/task'))))
    c.ask(12, string(t.path('hbase/rs')) + b'\1')
    c.close()


@scene()
def habit_of_clickhouse_replicas(t):
    """The first frame without its last byte, digest before anything else, multiRead, a multi of 10,000 operations, its own opcodes."""
    c = t.client('replica', read_only=None, timeout=30000)
    assert c.ask(*auth('clickhouse:pw'))[0] == 0
    c.ask(*exists('/keeper/api_version'))
    c.ask(*get('/keeper/feature_flags'))
    c.must(1, create(t.path('log')))
    c.send((14, multi(*[(1, create(t.path('log', 'log-'), b'%d' % n, ANY, 2)) for n in range(10000)])))
    assert len(c.read(14)[0][1].results()) == 10000
    c.send(*[(22, multi(*[get(t.path('log', 'log-%010d' % (100 * part + n))) for n in range(100)])) for part in range(10)])
    c.read(*[22] * 10)
    c.ask(22, multi(children(t.path('log')), get(t.path('none'))))
    c.must(14, multi(*[delete(t.path('log', 'log-%010d' % n), 0) for n in range(10000)]))
    c.ask(14, multi(*([(1, create(t.path('block')))] + [set_data(t.path('log'))] * 500 + [check(t.path('none'))])))
    c.send(set_data(t.path('log'), b'x' * 300000), (11, b'', -2), get(t.path('log')), children(t.path('log'), True))
    c.read(5, 11, 4, 8)
    for code in (500, 501, 502, 503):
        other = t.client('opcode %d' % code, read_only=None)
        assert other.ask(code, string('/') + b'\0')[0] == -6
        other.ends()
    c.close()


@scene()
def habit_of_java_clients_many_watches_in_many_frames(t):
    """100,000 watches after a reconnect, in frames of 128 KiB, one behind the other."""
    c, w = t.client('client'), t.client('writes')
    c.must(1, create(t.path('n')))
    paths = [t.path('missing-%05d' % n) for n in range(99000)] + [t.path('n')] * 1000
    frames, part, size = [], [], 0
    for path in paths:
        part.append(path)
        size += len(path)
        if size > 128 * 1024:
            frames.append((101, watches(1 << 62, [], part, [])))
            part, size = [], 0
    frames.append((105, watches(1 << 62, part, [], []) + vector([t.path('p')]) + vector([t.root])))
    c.send(*frames + [(11, b'', -2)])
    c.read(*[frame[0] for frame in frames] + [11])
    w.must(9, string('/'))
    w.must(1, create(t.path('missing-00000')))
    w.must(1, create(t.path('missing-98999')))
    c.must(9, string('/'))
    c.close()
    w.close()


@scene()
def habit_of_xids_that_wrap(t):
    """A client that has sent 2^31 requests: Java's counter goes below zero, and passes the xids that mean something else."""
    c = t.client('client')
    for xid in (0x7ffffffe, 0x7fffffff, -0x80000000, -0x7fffffff, -10, -9, -8, -7, -6, -5, -4, -3, -2, 0, 1):
        for code, body in (set_data(t.root, b'%d' % xid), get(t.root, True), (14, multi(check(t.root))), exists(t.path('none'))):
            c.send((code, body, xid))
            while True:
                data = c.connection.frame()
                c.tape.frame(c.name, code, data)
                if wire.HEADER.unpack_from(data)[1] != -1:
                    break
            assert wire.HEADER.unpack_from(data)[0] == xid
    c.xid = 0
    c.close()


@scene()
def habit_of_curator_recipes_and_caches(t):
    """The configuration watched twice, create2 with an id in its name, persistent watches, checkWatches when a cache closes."""
    c = t.client('client')
    for _ in range(2):
        mark = t.hush()
        c.must(*get('/zookeeper/config', True))
        t.silent(mark)
    c.ask(*exists(t.path('lock')))
    c.must(19, create(t.path('lock'), b'', ANY, 4))
    names = []
    for number in range(3):
        name = t.path('lock', '_c_%08d-0000-0000-0000-000000000000-lock-' % number)
        names.append(c.must(15, create(name, b'127.0.0.1', ANY, 3)).string())
    c.must(*children(t.path('lock')))
    c.must(*get(names[0], True))
    c.must(*delete(names[0]))
    c.must(106, string(t.path('lock')) + integer(1))
    c.must(12, string(t.path('lock')) + b'\0')
    c.must(*get(t.path('lock')))
    c.must(15, create(t.path('lock', 'member'), b'x', ANY, 1))
    for kind in (3, 1, 2):
        c.ask(17, string(t.path('lock')) + integer(kind))
    c.ask(18, string(t.path('lock')) + integer(3))
    c.ask(17, string(t.path('lock')) + integer(3))
    c.must(14, multi((1, create(t.path('tx'))), set_data(t.path('tx'), b'1'), delete(t.path('tx'))))
    c.ask(21, create(t.path('ttl'), b'', ANY, 5) + long(1000))
    c.must(105, watches(1 << 62, [t.path('lock')], [], []) + vector([t.path('lock')]) + vector([t.root]))
    c.must(2, delete(names[1])[1])
    c.close()


@scene()
def habit_of_the_c_client_pipelined_first_frames(t):
    """Auth, watches (xid -8) and requests leave behind the first frame, before its answer has come."""
    c = t.client('client', send=False)
    c.send_bytes(wire.connect_request(timeout=30000) + wire.request(*[-4, 100, auth('bob:pw')[1]]) +
                 wire.request(-8, 101, watches(0, [t.root], [t.path('none')], [t.root])) +
                 wire.request(1700000001, 1, create(t.path('n'), b'', [(31, 'auth', '')])) + wire.request(1700000002, 6, string(t.path('n'))))
    c.opened()
    mark = t.hush()
    c.read(100, 101, 1, 6)
    # An event may come before auth's answer or behind it; what there is is the same.
    seen = sorted(str(line) for line in t.lines[mark:])
    t.silent(mark)
    for line in seen:
        t.say(line)
    c.xid = 1700000002
    c.close()


@scene()
def habit_of_go_and_node_clients(t):
    """No byte for read-only mode, another protocol version, auth before anything else, odd ping xids, close with xid 0."""
    for version, read_only in ((0, None), (1, False), (0, True), (-1, None)):
        c = t.client('version %d %s' % (version, read_only), version=version, read_only=read_only)
        c.ask(*auth('u:p'))
        c.ask(*auth('u:p', 'ip'))
        for xid in (-2, -4, -8, 5, 0x7fffffff):
            c.send((11, b'', xid))
            t.say('%s' % c.connection.frame()[:4].hex())
        c.send((101, watches(0, [t.root], [], []), -8))
        c.read(101)
        c.must(*exists(t.root))
        c.send((-11, b'', 0))
        c.read(-11)
        c.ends()


@scene()
def habit_of_clients_that_close_without_reading(t):
    """All is sent, closeSession too, and nothing is read: what was sent before the end is done."""
    for number in range(5):
        c = t.client('hurries')
        c.send(*[(1, create(t.path('n%d-%d' % (number, n)))) for n in range(50)] + [(-11, b'')])
        c.connection.half_close()
        c.connection.close()
    other = t.client('other')
    mark = t.hush()

    def all_there():
        other.must(9, string('/'))
        err, r = other.ask(104, string(t.root))
        return err == 0 and r.integer() >= 1
    assert tapes.until(all_there)
    other.must(*exists('/'))
    other.close()
    t.silent(mark)


@scene()
def habit_of_kazoo_one_request_after_the_other(t):
    """Xids begin at 1 on every connection; each auth is waited for; a transaction; a lock's nodes; the session comes back."""
    c = t.client('client', timeout=10000)
    c.ask(*auth('kazoo:pw'))
    for path in (t.path('a'), t.path('a/b'), t.path('a/b/lock')):
        if c.ask(*exists(path))[0] == -101:
            c.must(1, create(path))
    name = c.must(1, create(t.path('a/b/lock/0123456789abcdef__lock__'), b'host', ANY, 3)).string()
    c.must(12, string(t.path('a/b/lock')) + b'\0')
    c.must(9, string(t.path('a/b/lock')))
    c.must(14, multi((1, create(t.path('t'))), check(t.path('t'), 0), delete(t.path('t'))))
    back = t.client('client', session=c.session, password=c.password, timeout=10000)
    assert back.session == c.session
    c.ends()
    back.must(*exists(name, True))
    back.must(*delete(name))
    back.close()


# D-290, D-150
@scene(('follower', 'leader', 'alone'))
def habit_of_nobody_what_fails_within_a_multi(t):
    """Which operation of a multi failed, and how, when an operation cannot be: at each place, and beside good ones."""
    c = t.client('client')
    good = (1, create(t.path('good')))
    for bad in ((1, create('no/slash')), (1, create(t.path('x'), flags=99)), (21, create(t.path('x'), flags=5) + long(5)),
                (21, create(t.path('x'), flags=0) + long(5)), (21, create(t.path('x'), flags=0) + long(-1)),
                (15, create(t.path('none/x'))), (2, string('/') + integer(-1)),
                (5, set_data('/zookeeper/config')[1]), (13, string(t.root) + integer(77)), (7, string(t.root)), (4, get(t.root)[1]),
                (9, string(t.root)), (99, string(t.root)), (-11, b''), (14, multi())):
        for ops in ([bad], [good, bad], [bad, good], [good, bad, delete(t.path('good'))]):
            c.ask(14, multi(*ops))
            assert c.ask(*exists(t.path('none')))[0] == -101
            for name in ('good', 'x'):
                c.ask(*delete(t.path(name)))
    c.close()
