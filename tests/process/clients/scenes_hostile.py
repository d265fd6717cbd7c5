"""Scenarios of clients that try what they should not: the largest and the longest of everything, and nodes that they may not read."""
import wire
from scenes import scene
from scenes_requests import auth, check, children, create, delete, exists, get, set_acl, set_data
from scenes_watches import PERSISTENT, RECURSIVE, add_watch
from wire import boolean, integer, long, multi, string, vector

LARGEST = 0xfffff  # of a client's frame: jute.maxbuffer


def filled(code, before, after=b''):
    """A request whose frame is as long as one may be: before, data, after."""
    size = LARGEST - 8 - len(before) - 4 - len(after)
    return code, before + wire.buffer(b'x' * size) + after


# ---- large -------------------------------------------------------------------------------------

@scene()
def hostile_the_largest_of_each_request(t):
    """A request of the largest size is served; one byte more ends the connection."""
    c, w = t.client('client'), t.client('watches')
    any_acl = wire.acls(wire.ANY)
    for code, name, rest in ((1, 'create', integer(0)), (15, 'create2', integer(0)), (19, 'container', integer(4)), (1, 'sequence', integer(2))):
        whole = filled(code, string(t.path(name)), any_acl + rest)
        c.ask(*whole)
        longer = t.client('one byte more')
        longer.send_bytes(wire.request(1, code, whole[1] + b'x'))
        longer.ends()
        c.ask(*children(t.root))
    w.must(*get(t.path('create'), True))
    t.lines = [line for line in t.lines if isinstance(line, str) or len(line[2]) < 1 << 16]  # the same megabyte again and again
    c.must(*filled(5, string(t.path('create')), integer(-1)))
    assert w.events() == [(3, t.path('create'))]
    half = b'y' * (LARGEST // 2 - 200)
    err, r = c.ask(14, multi(set_data(t.path('create'), half), set_data(t.path('create2'), half)))
    assert err == 0 and [result[1] for result in r.results()] == [0, 0]
    # Two halves of a megabyte are read at once, and then four: an answer may be longer than any request.
    for paths in (('create', 'create2'), ('create', 'create2', 'create', 'create2')):
        err, r = c.ask(22, multi(*[get(t.path(path)) for path in paths]))
        assert err == 0 and all(result[2][0] == half for result in r.results())
    too_much = (14, multi(set_data(t.path('create'), half), set_data(t.path('create2'), half + b'z' * 1000)))
    assert len(too_much[1]) + 8 > LARGEST
    longer = t.client('a multi that is too long')
    longer.send_bytes(wire.request(1, *too_much))
    longer.ends()
    for child in ('create', 'create2', 'container', 'sequence0000000003'):
        c.ask(*delete(t.path(child)))
    assert c.ask(*children(t.root))[1].vector(lambda: 0) == []
    for client in (c, w):
        client.close()


@scene()
def hostile_a_multi_of_thousands(t):
    """Ten thousand operations of one request happen whole or not at all."""
    c = t.client('client')
    names = [t.path('n%d' % number) for number in range(10000)]
    err, r = c.ask(14, multi(*[(1, create(name)) for name in names]))
    assert err == 0 and len(r.results()) == len(names)
    c.ask(14, multi(*([delete(name) for name in names] + [delete(t.path('none'))])))
    err, r = c.ask(104, string(t.root))
    assert (err, r.integer()) == (0, len(names))
    c.ask(22, multi(*[get(name) for name in names[:1000]] + [children(t.root)]))
    c.must(14, multi(*[delete(name) for name in names]))
    c.close()


# ---- long --------------------------------------------------------------------------------------

@scene()
def hostile_paths_of_64_kilobytes(t):
    """One name of 64 KiB, and two hundred that are as long together: made, watched, read, listed, and gone again."""
    c, w = t.client('client'), t.client('watches')
    deep = [t.root]
    for number in range(200):
        deep.append('%s/%s' % (deep[-1], '%0320d' % number))
    for path in deep[1:]:  # one by one: what is in flight is six megabytes, and Java's heap here is small
        c.must(1, create(path))
    w.must(9, string('/'))
    for path in (t.path('w' * 65536), t.path('\u00e4' * 32768), deep[-1] + '/' + 'x' * 1000):
        for request in (exists(path, True), get(path, True), add_watch(path, PERSISTENT)):
            w.ask(*request)
        c.ask(1, create(path, b'data'))
        for request in (exists(path), get(path), (6, string(path)), children(path), (12, string(path) + b'\0'), (104, string(path)),
                        (103, string(path)), (14, multi(check(path), set_data(path))), (22, multi(get(path), children(path))),
                        (1, create(path + '/')), (1, create(path + '//')), (1, create(path + '/../x'))):
            c.ask(*request)
        c.ask(*delete(path))
        assert [kind for kind, _ in w.events()] == [1, 3, 2]
        w.must(18, string(path) + integer(3))
    for request in (get(t.path('none')), (9, string('q' * 65536)), exists('no slash' * 8192), (8, string('/' + '\0' * 65536) + b'\0')):
        c.ask(*request)
    for path in reversed(deep[1:]):
        c.must(*delete(path))
    for client in (c, w):
        client.close()


# ---- what one may not read ---------------------------------------------------------------------

def ways_to_read(path):
    """Each request that could tell what is in a node, or below it."""
    return [
        get(path), get(path, True), children(path), children(path, True), (12, string(path) + boolean(False)), (6, string(path)),
        (104, string(path)), (103, string(path)), exists(path), exists(path, True),
        (22, multi(get(path))), (22, multi(children(path))), (22, multi(get(path), children(path), get('/'))),
        (14, multi(check(path, 0))), (14, multi(check(path, 7))), (14, multi(check(path), (1, create(path + '-made')))),
        (14, multi(get(path))), (14, multi(children(path))),
        (101, long(1 << 60) + vector([path]) + vector([path]) + vector([path])),
        (105, long(1 << 60) + vector([path]) + vector([]) + vector([path]) + vector([path]) + vector([path])),
    ]


def ways_to_change(path):
    return [
        set_data(path), (1, create(path + '/new')), (15, create(path + '/new')), delete(path), delete(path + '/kid'), set_acl(path, wire.ANY),
        (1, create(path + '/new', flags=1)), (1, create(path + '/new', flags=2)), (19, create(path + '/new', flags=4)),
        (14, multi(set_data(path))), (14, multi(delete(path + '/kid'), delete(path))), (14, multi((1, create(path + '/new')))),
        (14, multi((1, create(path + '-made')), (1, create(path + '-made/kid')), set_data(path))),
        (20, path.encode()),
    ]


@scene()
def hostile_a_node_that_one_may_not_read(t):
    """Whoever has no right sees nothing of the data and the children, by no request and by no watch, and changes nothing."""
    bob = [(31, 'digest', wire.digest_id('bob:pw'))]
    owner, thief = t.client('owner'), t.client('thief')
    owner.ask(*auth('bob:pw'))
    thief.ask(*auth('eve:pw'))
    path, secret = t.path('vault'), b'the secret of the vault'
    owner.must(1, create(path, secret))
    owner.must(1, create(path + '/kid', secret, bob))
    owner.must(*set_acl(path, bob))
    thief.must(9, string('/'))
    begins = len(t.lines)
    for watch in (add_watch(t.root, RECURSIVE), add_watch(path, PERSISTENT), add_watch(path, RECURSIVE), exists(path, True)):
        thief.ask(*watch)
    for request in ways_to_read(path) + ways_to_read(path + '/kid') + ways_to_change(path):
        thief.ask(*request)
    # What the owner does is not told either: a watch that was left above the node is filtered by the node's own list.
    owner.must(*set_data(path, secret + b' 2'))
    owner.must(1, create(path + '/late', secret, bob))
    owner.must(*set_data(path + '/late', secret))
    owner.must(*delete(path + '/late'))
    owner.must(14, multi(set_data(path, secret), (1, create(path + '/m', secret, bob)), delete(path + '/m')))
    thief.events()
    for line in t.lines[begins:]:
        if isinstance(line, tuple) and line[0] == 'thief':
            # The events that setWatches tells of the vault are of what the thief itself claims to have seen.
            assert line[1] is not None or path + '/late' not in wire.describe_reply(None, line[2]), wire.describe_reply(None, line[2])
            assert secret not in line[2], wire.describe_reply(line[1], line[2])
            assert line[1] not in (8, 12) or len(line[2]) == 16, wire.describe_reply(line[1], line[2])
    err, r = owner.ask(*get(path))
    assert (err, r.buffer()) == (0, secret)
    err, r = owner.ask(*children(path))
    assert (err, r.vector(r.string)) == (0, ['kid'])
    # And with the right it all goes: the list is what kept the thief out.
    owner.must(*set_acl(path, wire.ANY))
    thief.must(9, string('/'))
    for request in ways_to_read(path) + ways_to_change(path):
        thief.ask(*request)
    for client in (thief, owner):
        client.close()
