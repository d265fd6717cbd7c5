"""Scenarios of watches: who is told what, once or again."""
import wire
from scenes import ENSEMBLE, scene
from scenes_requests import ANY, auth, children, create, delete, exists, get, set_acl, set_data
from wire import integer, long, multi, string, vector

PERSISTENT, RECURSIVE = 0, 1


def add_watch(path, mode):
    return 106, string(path) + integer(mode)


def pair(t):
    """A client that watches and one that writes; both at the same server."""
    return t.client('watches'), t.client('writes')


def heard(t, watcher, want):
    """What has come by now, in its order. The paths are told without the root."""
    watcher.must(9, string('/'))
    seen = []
    for line in t.lines:
        if isinstance(line, tuple) and line[0] == watcher.name and line[1] is None:
            r = wire.Reader(line[2], 16)
            kind, _, path = r.integer(), r.integer(), r.string()
            seen.append('%d %s' % (kind, path[len(t.root) + 1:] if path.startswith(t.root) else path))
    assert seen == want, '%s, not %s' % (seen, want)
    t.lines = [line for line in t.lines if not (isinstance(line, tuple) and line[0] == watcher.name and line[1] is None)]
    t.say('%s heard %s' % (watcher.name, seen))


@scene()
def cli_30_a_data_watch_hears_of_the_next_change(t):
    w, c = pair(t)
    n = t.path('n')
    for change, want in ((set_data(n), ['3 n']), (delete(n), ['2 n']), ((14, multi(set_data(n), delete(n))), ['3 n']),
                         (set_acl(n, ANY), []), ((1, create(n + '/kid')), [])):
        c.ask(1, create(n))
        w.must(9, string('/'))
        w.must(*get(n, True))
        c.must(*change)
        c.ask(*set_data(n))
        heard(t, w, want or ['3 n'])
    w.must(*get(n, True))
    w.must(*get(n, True))
    w.must(*exists(n, True))
    c.must(*set_data(n, b''))
    heard(t, w, ['3 n'])
    c.close()
    w.close()


@scene()
def cli_31_only_exists_watches_what_is_not_there(t):
    w, c = pair(t)
    for code in (4, 8, 12):
        assert w.ask(code, string(t.path('n')) + b'\1')[0] == -101
    c.must(1, create(t.path('n')))
    heard(t, w, [])
    c.must(*delete(t.path('n')))
    heard(t, w, [])
    assert w.ask(*exists(t.path('n'), True))[0] == -101
    c.must(1, create(t.path('n')))
    c.must(*delete(t.path('n')))
    heard(t, w, ['1 n'])
    c.close()
    w.close()


@scene()
def cli_32_a_deletion_is_told_once(t):
    w, c = pair(t)
    n = t.path('n')
    c.must(1, create(n))
    w.must(9, string('/'))
    for request in (get(n, True), exists(n, True), children(n, True), children(t.root, True)):
        w.must(*request)
    c.must(*delete(n))
    heard(t, w, ['2 n', '4 '])
    c.must(1, create(n))
    heard(t, w, [])
    w.must(*children(n, True))
    c.must(*delete(n))
    heard(t, w, ['2 n'])
    c.close()
    w.close()


@scene(ENSEMBLE)
def cli_33_an_event_comes_before_what_shows_the_change(t):
    w, c = t.client('watches'), t.client('writes', server=t.other())
    n = t.path('n')
    c.must(1, create(n, b'-'))
    w.sees(n)
    mark = t.hush()
    for number in range(100):
        w.must(*get(n, True))
        c.send(set_data(n, b'%d' % number))
        told = False
        while True:  # its reads show the old data until the event has come
            w.send(get(n))
            data = w.connection.frame()
            if data[:4] == b'\xff\xff\xff\xff':
                told = True
                data = w.connection.frame()
            if wire.Reader(data, 16).buffer() == b'%d' % number:
                break
        c.read(5)
        assert told, 'write %d was read before its event' % number
    t.silent(mark)
    own = t.client('own')
    own.must(*get(n, True))
    own.send(set_data(n), get(n))
    assert own.event() == (3, n)
    own.read(5, 4)
    own.close()


@scene()
def cli_34_set_watches_tells_what_was_missed(t):
    w, c = pair(t)
    for name in ('same', 'changed', 'deleted', 'kids', 'kids-same', 'deleted-kids'):
        c.must(1, create(t.path(name)))
    c.send(set_data(t.root))
    seen = wire.HEADER.unpack_from(c.connection.frame())[1]
    c.must(*set_data(t.path('changed')))
    c.must(*delete(t.path('deleted')))
    c.must(*delete(t.path('deleted-kids')))
    c.must(1, create(t.path('made')))
    c.must(1, create(t.path('kids', 'kid')))
    w.must(9, string('/'))
    for zxid in (seen, 0, 1 << 62):
        for xid in (None, -8):
            body = long(zxid) + vector([t.path(n) for n in ('deleted', 'same', 'changed')]) + \
                vector([t.path(n) for n in ('made', 'none', 'same')]) + vector([t.path(n) for n in ('kids', 'deleted-kids', 'kids-same')])
            w.ask(101, body, xid)
            w.ask(105, body + vector([t.path('changed'), t.path('none')]) + vector([t.root]), xid)
    c.must(*set_data(t.path('same')))
    c.must(1, create(t.path('none')))
    c.must(1, create(t.path('kids-same', 'kid')))
    w.must(9, string('/'))
    w.events()
    w.ask(101, long(0) + vector(None) + vector([]) + vector([]))
    w.ask(101, long(0) + vector([]) * 2)
    w.ask(101, long(0) + vector([None]) + vector([]) * 2)
    c.close()
    w.close()


# What is done to the path p, and below it, while others watch it.
CHANGES = {
    'life': lambda p: [(1, create(p)), set_data(p), (1, create(p + '/k')), set_data(p + '/k'), delete(p + '/k'), delete(p)],
}


@scene()
def cli_64_persistent_and_recursive_watches(t):
    for name, mode, want in (('persistent', PERSISTENT, ['1 p', '3 p', '4 p', '4 p', '2 p']),
                             ('recursive', RECURSIVE, ['1 p', '3 p', '1 p/k', '3 p/k', '2 p/k', '2 p'])):
        w, c = pair(t)
        w.must(*add_watch(t.path('p'), mode))
        for change in CHANGES['life'](t.path('p')):
            c.must(*change)
        heard(t, w, want)
        t.say(name)
        c.close()
        w.close()
    w, c = pair(t)
    w.must(*add_watch(t.root, RECURSIVE))
    for change in ((1, create(t.path('a'))), (1, create(t.path('a', 'b'), flags=2)), (14, multi((1, create(t.path('a', 'c'))), set_data(t.path('a')))),
                   (19, create(t.path('box'), flags=4)), (1, create(t.path('e'), flags=1)), set_data(t.root)):
        c.must(*change)
    c.close()
    heard(t, w, ['1 a', '1 a/b0000000000', '1 a/c', '3 a', '1 box', '1 e', '3 ', '2 e'])
    for mode in (2, -1, 7):
        w.ask(*add_watch(t.root, mode))
    w.ask(*add_watch('no/path', 0))
    w.ask(*add_watch('', 1))
    w.close()


@scene()
def cli_65_watches_of_one_path_take_each_others_mode(t):
    def play(name, requests, changes, want):
        w, c = pair(t)
        c.must(1, create(t.path(name)))
        w.must(9, string('/'))
        for request in requests:
            w.ask(*request)
        for change in changes:
            c.must(*change)
        heard(t, w, want)
        c.close()
        w.close()
    p = lambda n, *rest: t.path(n, *rest)  # noqa: E731
    play('a', [add_watch(p('a'), 0), get(p('a'), True)], [set_data(p('a')), set_data(p('a')), (1, create(p('a', 'k')))], ['3 a', '4 a'])
    play('b', [add_watch(p('b'), 1), exists(p('b'), True)], [(1, create(p('b', 'k'))), set_data(p('b')), set_data(p('b'))], ['3 b'])
    play('c', [add_watch(p('c'), 1), children(p('c'), True)], [(1, create(p('c', 'k'))), (1, create(p('c', 'l')))], ['1 c/k', '4 c', '1 c/l'])
    play('d', [add_watch(p('d'), 1), add_watch(p('d'), 0)], [(1, create(p('d', 'k'))), set_data(p('d', 'k'))], ['4 d'])
    play('e', [add_watch(p('e'), 0), add_watch(p('e'), 1)], [(1, create(p('e', 'k'))), set_data(p('e', 'k'))], ['1 e/k', '3 e/k'])
    play('f', [add_watch(p('f'), 1), exists(p('f', 'k'), True)], [(1, create(p('f', 'k'))), set_data(p('f', 'k')), set_data(p('f', 'k'))],
         ['1 f/k', '3 f/k', '3 f/k'])
    play('g', [get(p('g'), True), add_watch(p('g'), 0)], [set_data(p('g')), set_data(p('g'))], ['3 g', '3 g'])
    play('h', [add_watch(p('h'), 0), (18, string(p('h')) + integer(1))], [(1, create(p('h', 'k'))), set_data(p('h'))], ['3 h'])


@scene()
def cli_66_watches_are_checked_and_removed_by_their_type(t):
    setters = {'data': get, 'exists': exists, 'children': children}
    for name, setter in list(setters.items()) + [('persistent', None), ('recursive', None), ('none', None)]:
        for remove in (1, 2, 3):
            w, c = pair(t)
            n = t.path('%s-%d' % (name, remove))
            c.must(1, create(n))
            w.must(9, string('/'))
            if setter is not None:
                w.must(*setter(n, True))
            elif name != 'none':
                w.must(*add_watch(n, name == 'recursive'))
            for check in (1, 2, 3):
                w.ask(17, string(n) + integer(check))
            c.ask(17, string(n) + integer(3))  # anybody's watch counts in 3.8.0
            err, _ = w.ask(18, string(n) + integer(remove))
            assert (err == -121) == (name == 'none' or (name in ('data', 'exists') and remove == 1) or (name == 'children' and remove == 2)), \
                (name, remove, err)
            for check in (1, 2, 3):
                w.ask(17, string(n) + integer(check))
            for change in (set_data(n), (1, create(n + '/k')), delete(n + '/k'), delete(n)):
                c.must(*change)
            w.must(9, string('/'))
            w.events()
            w.ask(18, string(n) + integer(3))
            c.close()
            w.close()
    w = t.client('odd')
    for kind in (0, 4, -1, 0x7fffffff):
        for code in (17, 18):
            w.ask(code, string(t.root) + integer(kind))
    w.close()


@scene()
def cli_67_events_are_filtered_by_the_list_of_their_node(t):
    closed, bob = [(30, 'world', 'anyone')], [(31, 'digest', wire.digest_id('bob:pw'))]
    w, own, c = t.client('watches'), t.client('may'), t.client('writes')
    own.ask(*auth('bob:pw'))
    c.ask(*auth('bob:pw'))
    c.must(1, create(t.path('open')))
    for name, acl in (('closed', closed), ('bobs', bob)):
        c.must(1, create(t.path(name), b'', ANY))
        w.must(9, string('/'))
        own.must(9, string('/'))
        for client in (w, own):
            client.must(*exists(t.path(name), True))
            client.must(*get(t.path(name), True))
            client.must(*children(t.path(name), True))
        c.must(*set_acl(t.path(name), acl))
        c.must(*set_data(t.path(name)))
        c.must(1, create(t.path(name, 'kid')))
        c.must(*set_acl(t.path(name), ANY))
        c.must(*set_data(t.path(name)))
        c.must(*delete(t.path(name, 'kid')))
        for client in (w, own):
            client.must(9, string('/'))
            client.events()
    for client in (w, own):
        client.must(*add_watch(t.path('open'), RECURSIVE))
        client.must(*add_watch(t.path('bobs'), PERSISTENT))
    c.must(1, create(t.path('open', 'bobs'), b'', bob))
    c.must(*set_data(t.path('open', 'bobs')))
    c.must(1, create(t.path('open', 'bobs', 'kid'), b'', ANY))
    c.must(*set_data(t.path('open', 'bobs', 'kid')))
    c.must(*delete(t.path('open', 'bobs', 'kid')))
    c.must(*delete(t.path('open', 'bobs')))
    c.must(*set_acl(t.path('bobs'), bob))
    c.must(*set_data(t.path('bobs')))
    heard(t, w, ['1 open/bobs/kid', '3 open/bobs/kid', '2 open/bobs/kid'])
    heard(t, own, ['3 bobs', '4 bobs', '1 open/bobs', '3 open/bobs', '1 open/bobs/kid', '3 open/bobs/kid', '2 open/bobs/kid', '2 open/bobs', '3 bobs'])
    # What was missed is told without a look at lists.
    w.ask(101, long(0) + vector([t.path('bobs')]) + vector([]) + vector([t.path('bobs')]))
    for client in (w, own, c):
        client.close()


@scene(('alone',))
def cli_68_watches_on_the_root(t):
    w, c = pair(t)
    for path in ('/', ''):
        for request in (get(path, True), children(path, True), exists(path, True)):
            w.ask(*request)
        c.must(*set_data('/', b''))
        c.must(1, create(t.root + '-x'))
        c.must(*delete(t.root + '-x'))
        w.must(9, string('/'))
        w.events()
    for mode in (PERSISTENT, RECURSIVE):
        w.must(*add_watch('/', mode))
        c.must(*set_data('/', b''))
        c.must(1, create(t.root + '-x'))
        c.must(*set_data(t.root + '-x'))
        c.must(*delete(t.root + '-x'))
        w.must(9, string('/'))
        w.events()
        w.must(18, string('/') + integer(3))
    c.close()
    w.close()
