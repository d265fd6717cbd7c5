"""Scenarios of requests: what each does, which error wins, and what is wrong with a frame."""
import re
import struct

import servers
import sessions
import wire
from scenes import SUPER, scene
from wire import acls, boolean, buffer, create, integer, long, multi, string, vector

ANY = wire.ANY
READ_ONLY = [(1, 'world', 'anyone')]


def exists(path, watch=False):
    return 3, string(path) + boolean(watch)


def get(path, watch=False):
    return 4, string(path) + boolean(watch)


def children(path, watch=False):
    return 8, string(path) + boolean(watch)


def delete(path, version=-1):
    return 2, string(path) + integer(version)


def set_data(path, data=b'x', version=-1):
    return 5, string(path) + buffer(data) + integer(version)


def set_acl(path, acl, version=-1):
    return 7, string(path) + acls(acl) + integer(version)


def check(path, version=-1):
    return 13, string(path) + integer(version)


def auth(text, scheme='digest'):
    return 100, integer(0) + string(scheme) + buffer(text.encode()), -4


def every_request(t, prefix=''):
    """Each opcode that a client may send to 3.8.0, once, in an order in which each succeeds. [(opcode, body)]"""
    p = lambda name: t.path(prefix + name)  # noqa: E731
    return [
        (1, create(p('a'), b'data')), (15, create(p('b'), b'data')), (19, create(p('c'), b'', flags=4)),
        (1, create(p('s'), flags=2)), (1, create(p('e'), flags=1)), (15, create(p('f'), flags=3)), (5, set_data(p('a'), b'new')[1]),
        (3, string(p('a')) + b'\1'), (4, string(p('a')) + b'\1'), (6, string(p('a'))), (7, set_acl(p('b'), ANY)[1]),
        (8, string(t.root) + b'\1'), (12, string(t.root) + b'\1'), (9, string(p('a'))), (11, b''),
        (14, multi((1, create(p('m'))), (13, check(p('m'), 0)[1]), (5, set_data(p('m'))[1]), (2, delete(p('m'), 1)[1]))),
        (22, multi((4, get(p('a'))[1]), (8, children(t.root)[1]), (4, get(p('missing'))[1]))),
        (106, string(p('a')) + integer(0)), (106, string(p('b')) + integer(1)), (17, string(p('a')) + integer(3)),
        (18, string(p('a')) + integer(3)), (100, auth('bob:pw')[1]), (107, b''),
        (101, long(0) + vector([p('a')]) + vector([p('missing')]) + vector([t.root])),
        (105, long(0) + vector([p('a')]) + vector([]) + vector([]) + vector([p('b')]) + vector([t.root])),
        (103, string(t.root)), (104, string(t.root)), (102, buffer(b'')), (16, string(None) * 3 + long(-1)),
        (21, create(p('ttl'), flags=5) + long(1000)), (20, p('a').encode()), (2, delete(p('a'), 1)[1]), (11, b''),
    ]


@scene()
def cli_12_every_request_once(t):
    c = t.client('client')
    for code, body in every_request(t):
        c.ask(code, body)
    c.close()


# CLI-01
@scene()
def cli_13_requests_in_flight_are_answered_in_order(t):
    c = t.client('client')
    ops, want = [], []
    for number in range(1000):
        kind, path = number % 5, t.path('n%d' % (number // 5))
        ops.append(((1, create(path, b'%d' % number)), get(path), set_data(path, b'+%d' % number), get(path), exists(path))[kind])
        want.append(None if kind not in (1, 3) else b'%d' % (number - 1) if kind == 1 else b'+%d' % (number - 1))
    c.send(*ops)
    for (err, r), data in zip(c.read(*[op[0] for op in ops]), want):
        assert err == 0
        assert data is None or r.buffer() == data, data
    xids = [struct.unpack_from('>i', line[2])[0] for line in t.lines if isinstance(line, tuple)]
    assert xids == list(range(1, 1001))
    c.close()


@scene()
def cli_14_all_eleven_fields_of_a_stat(t):
    c = t.client('client')
    path = t.path('n')

    def stat():
        err, r = c.ask(*exists(path))
        assert err == 0
        return r.stat()
    c.must(1, create(path, b'abc'))
    made = stat()
    assert made['czxid'] == made['mzxid'] == made['pzxid'] and made['length'] == 3
    c.must(*set_data(path, b'abcde'))
    now = stat()
    assert (now['version'], now['length'], now['czxid']) == (1, 5, made['czxid']) and now['mzxid'] > made['mzxid']
    c.must(1, create(path + '/a'))
    c.must(1, create(path + '/b', flags=1))
    now = stat()
    assert (now['cversion'], now['children']) == (2, 2) and now['pzxid'] > now['mzxid']
    c.must(*delete(path + '/a'))
    now = stat()
    assert (now['cversion'], now['children']) == (3, 1)
    c.must(*set_acl(path, ANY))
    assert stat()['aversion'] == 1
    err, r = c.ask(*exists(path + '/b'))
    assert r.stat()['owner'] == c.session
    c.close()


@scene()
def cli_15_sequential_names(t):
    c = t.client('client')
    path = t.path('q')
    c.must(1, create(path))

    def next_name():
        return c.must(1, create(path + '/s', flags=2)).string().rsplit('/s', 1)[1]
    assert [next_name() for _ in range(3)] == ['0000000000', '0000000001', '0000000002']
    c.must(*delete(path + '/s0000000001'))
    assert next_name() == '0000000003'
    assert c.ask(14, multi((1, create(path + '/s', flags=2)), check('/missing')))[0] == 0
    assert next_name() == '0000000004'
    c.must(14, multi((1, create(path + '/s', flags=2)), (1, create(path + '/s', flags=3)), (15, create(path + '/', flags=2))))
    assert next_name() == '0000000008'
    c.ask(1, create(path + '/', flags=2))
    c.ask(1, create(t.path('none') + '/s', flags=2))
    c.ask(1, create('//', flags=2))
    c.ask(15, create(path + '/x//', flags=2))
    c.close()


@scene()
def cli_16_which_error_wins(t):
    c = t.client('client')
    closed, gone, ephemeral = t.path('closed'), t.path('none'), t.path('e')
    c.must(1, create(closed, b'', [(1, 'world', 'anyone')]))
    c.must(1, create(t.path('kid')))
    c.must(1, create(t.path('kid', 'kid')))
    c.must(1, create(ephemeral, flags=1))
    cases = [
        (-8, 1, create(gone + '/x', flags=7)), (-5, 1, create(gone, flags=7)[:-5]), (-6, 1, create(None, flags=5)),
        (-6, 21, create(gone + '/x', flags=5) + long(-1)), (-5, 1, create(None, acl=[])), (-8, 1, create('x', acl=[])),
        (-114, 1, create(gone + '/x', acl=[])), (-101, 1, create(gone + '//x')), (-102, 1, create(closed + '/.')),
        (-101, 1, create(t.root + '//x')), (-110, 1, create(closed)), (-110, 1, create(ephemeral)), (-108, 1, create(ephemeral + '/x')),
        (-8, 1, create(ephemeral + '/.')), (-110, 1, create('/')), (-8, 1, create('')), (-8, 1, create('//')),
        (-8, 2, delete('/')[1]), (-8, 2, delete('/zookeeper')[1]), (-8, 2, delete('/zookeeper/config')[1]), (-8, 2, delete('')[1]),
        (-101, 2, delete(gone + '/x', 9)[1]), (-102, 2, delete(closed + '/x', 9)[1]), (-101, 2, delete(gone, 9)[1]),
        (-103, 2, delete(t.path('kid'), 9)[1]), (-111, 2, delete(t.path('kid'))[1]), (-5, 2, string(gone)),
        (-8, 5, set_data(gone + '/', b'', 9)[1]), (-101, 5, set_data(gone, b'', 9)[1]), (-102, 5, set_data(closed, b'', 9)[1]),
        (-103, 5, set_data(t.root, b'', 9)[1]), (-8, 7, set_acl(gone + '/', [])[1]), (-114, 7, set_acl(gone, [])[1]),
        (-101, 7, set_acl(gone, ANY, 9)[1]), (-102, 7, set_acl(closed, ANY, 9)[1]), (-103, 7, set_acl(t.root, ANY, 9)[1]),
        (-102, 7, set_acl('/zookeeper/config', ANY)[1]), (-102, 5, set_data('/zookeeper/config')[1]),
        (-8, 3, string('/a\0b') + b'\0'), (-101, 3, string('a') + b'\0'), (-101, 4, string(gone + '/') + b'\0'),
        (-8, 20, b'x'), (-123, 16, string('x') + string(None) * 2 + long(5)), (-5, 6, b'\0'),
    ]
    for want, code, body in cases:
        err, _ = c.ask(code, body)
        assert err == want, '%s is answered %d, not %d' % (wire.describe_request(code, body), err, want)
    c.close()


@scene()
def cli_17_paths_that_are_refused(t):
    c = t.client('client')
    refused = 0
    for end in sessions.ODD_ENDS + ['/\ufff0', '/x y', '/a\u2028', '/a\u0300', '/\u0080']:
        for body in (create(t.root + end), create(t.path('x') + end), create(t.root + end, flags=2)):
            refused += c.ask(1, body)[0] != 0
        for code, body in (set_data(t.root + end), delete(t.root + end), exists(t.root + end), get(t.root + end),
                           (9, string(t.root + end)), (104, string(t.root + end)), (106, string(t.root + end) + integer(0))):
            c.ask(code, body)
    for raw in sessions.ODD_BYTES:
        c.ask(1, create(t.root.encode() + raw))
    assert refused > 40
    c.ask(1, create('/' + 'x' * 60000))
    c.ask(*delete('/' + 'x' * 60000))
    c.ask(*children(t.root))
    c.close()


@scene()
def cli_18_versions(t):
    c = t.client('client')
    for code, make in ((5, lambda v: set_data(t.root, b'', v)[1]), (7, lambda v: set_acl(t.root, ANY, v)[1]),
                       (14, lambda v: multi(check(t.root, v))), (2, lambda v: delete(t.path('n'), v)[1])):
        if code == 2:
            c.must(1, create(t.path('n')))
        for version in (-2, 5, 0x7fffffff, -0x80000000, 0, 1, -1):
            c.ask(code, make(version))
    c.close()


# ---- multi -------------------------------------------------------------------------------------

@scene()
def cli_19_a_multi_happens_whole_or_not(t):
    c, w = t.client('client'), t.client('watches')
    w.must(9, string('/'))
    w.must(106, string(t.root) + integer(1))
    good = [(1, create(t.path('a'))), set_data(t.root), (15, create(t.path('b'))), check(t.path('a'), 0), delete(t.path('a'), 0)]
    bad = check(t.path('missing'))
    for at in (0, 2, len(good)):
        err, _ = c.ask(14, multi(*(good[:at] + [bad] + good[at:])))
        assert err == 0
        assert c.ask(*exists(t.path('b')))[0] == -101
    assert w.events() == []
    c.must(14, multi(*good))
    w.must(9, string('/'))
    heard = [line for line in t.lines if isinstance(line, tuple) and line[0] == 'watches' and line[1] is None]
    assert len(heard) == 4, heard
    c.must(*exists(t.path('b')))
    for ops in ([], [get('/')], [get('/'), bad], [(7, b'')], [(99, b'')], [(1, create(t.path('x'), flags=5))],
                [(1, create(t.path('x'), flags=99))], [(3, string('/') + b'\0')]):
        c.ask(14, multi(*ops))
    c.ask(14, wire.multi_header(1) + create(t.path('x')))
    c.ask(14, b'')
    c.close()
    w.close()


@scene()
def cli_20_a_multi_sees_what_it_has_done(t):
    c = t.client('client')
    n = t.path('n')
    c.must(14, multi((1, create(n)), (1, create(n + '/k')), (5, set_data(n)[1]), check(n, 1)))
    c.ask(14, multi((1, create(t.path('twice'))), (1, create(t.path('twice')))))
    c.must(14, multi(delete(n + '/k'), delete(n), (1, create(n, b'again'))))
    c.ask(14, multi(delete(n), check(n)))
    c.ask(14, multi((1, create(t.path('e'), flags=1)), (1, create(t.path('e', 'k')))))
    c.ask(14, multi(set_data(n, b'', 0), set_data(n, b'', 1), set_data(n, b'', 1)))
    err, r = c.ask(*get(n))
    assert r.buffer() == b'again'
    assert c.ask(*exists(t.path('twice')))[0] == -101
    c.close()


@scene()
def cli_80_several_reads_in_one_request(t):
    c = t.client('client')
    c.must(1, create(t.path('closed'), b'', [(2, 'world', 'anyone')]))
    err, r = c.ask(22, multi(get(t.root, True), children(t.root, True), get(t.path('none')), get(t.path('closed')), get('/')))
    assert err == 0 and [op[1] for op in r.results()] == [0, 0, -101, -102, 0]
    c.must(*set_data(t.root))  # no watch was set
    c.must(1, create(t.path('kid')))
    assert c.events() == []
    for ops in ([], [get(t.root), (1, create(t.path('x')))], [(3, string('/') + b'\0')], [check('/')], [get(t.root)] * 200):
        c.ask(22, multi(*ops))
    c.close()


# ---- frames that are wrong ---------------------------------------------------------------------

@scene()
def cli_11_lengths_of_frames(t):
    for length in (-1, 0, 1048576, 0x7fffffff, -0x80000000):
        c = t.client('length %d' % length)
        c.send_bytes(integer(length) + b'\0' * 8)
        c.ends()
    c = t.client('the longest')
    size = 1048575 - 8 - 4 - len(t.root) - 4 - 4
    c.must(*set_data(t.root, b'x' * size))
    err, r = c.ask(*get(t.root))
    assert err == 0 and len(r.buffer()) == size
    c.must(*set_data(t.root, b''))
    c.send_bytes(wire.request(9, *set_data(t.root, b'x' * (size + 1)))[:4])
    c.ends()


@scene()
def cli_39_a_body_that_ends_anywhere(t):
    c = t.client('client')
    for code, body in every_request(t, 'cut-'):
        if code in (11, 16, 20, 102, 107, 100):
            continue  # without a body; 16 ruins Java; 20 takes any; 100 ends the connection
        for at in range(len(body)):
            c.ask(code, body[:at])
    c.must(*exists('/'))
    for size in range(1, 8):  # the header itself is cut
        cut = t.client('a header of %d bytes' % size)
        cut.send_bytes(wire.frame(bytes(size)))
        cut.ends()
    c.close()


@scene()
def cli_40_a_body_that_is_too_long(t):
    c = t.client('client')
    for code, body in every_request(t, 'long-'):
        if code not in (20, 102):
            c.ask(code, body + b'and more')
    c.close()


@scene()
def cli_41_operations_that_nobody_knows(t):
    for code in (0, 10, 23, 99, 108, 999, -1, -12, 0x7fffffff, -0x80000000):
        for body in (b'', string('/') + b'\0'):
            c = t.client('opcode %d' % code)
            err, _ = c.ask(code, body)
            assert err == -6
            c.ends()


@scene()
def cli_42_a_null_path_in_any_request(t):
    c = t.client('client')
    none = string(None)
    for code, body in ((1, create(None)), (15, create(None)), (19, create(None, flags=4)), (1, create(None, flags=3)),
                       (2, none + integer(-1)), (3, none + b'\0'), (3, none + b'\1'), (4, none + b'\1'), (8, none + b'\1'),
                       (12, none + b'\1'), (5, none + buffer(b'') + integer(-1)), (6, none), (7, none + acls(ANY) + integer(-1)),
                       (9, none), (103, none), (104, none), (17, none + integer(3)), (18, none + integer(1)),
                       (22, multi((4, none + b'\0'))), (21, create(None, flags=5) + long(1000))):
        c.ask(code, body)
        c.must(*exists('/'))
    c.close()


@scene()
def cli_43_a_length_or_a_count_that_lies(t):
    c = t.client('client')
    for lie in (0x7fffffff, 0x10000000, 1 << 20, -2, -0x80000000):
        for code, body in ((1, integer(lie) + b'/x'), (4, integer(lie) + b'/'), (5, string(t.root) + integer(lie)),
                           (7, string(t.root) + integer(lie)), (1, string(t.path('x')) + buffer(b'') + integer(lie)),
                           (101, long(0) + integer(lie)), (105, long(0) + vector([]) + integer(lie)), (9, integer(lie))):
            c.ask(code, body)
        c.must(*exists('/'))
    c.close()


# ---- ACLs and ids ------------------------------------------------------------------------------

@scene()
def cli_69_lists_that_can_be_set(t):
    c = t.client('client')
    c.ask(*auth('bob:pw'))
    taken = 0
    lists = sessions.ODD_ACLS + [[(31, 'auth', 'x')], [(31, 'digest', ':b')], [(0, 'auth', '')], [(1, 'auth', ''), (2, 'auth', '')],
                                 ANY * 3, [(1, 'world', 'anyone'), (31, 'ip', '127.0.0.1')] * 2, [(31, 'ip', '1.2.3.4.5')],
                                 [(31, 'ip', '256.1.1.1')], [(31, 'ip', '1.2.3.4/')], [(31, 'ip', '1.2.3.4/-1')]]
    for number, acl in enumerate(lists):
        path = t.path('n%d' % number)
        if c.ask(1, create(path, b'', acl))[0] == 0:
            taken += 1
            c.ask(6, string(path))
            c.ask(*set_acl(path, acl))
    assert 0 < taken < len(lists)
    nobody = t.client('nobody')
    nobody.ask(1, create(t.path('auth'), b'', [(31, 'auth', '')]))
    nobody.close()
    c.close()


@scene()
def cli_70_whom_a_list_lets_do_what(t):
    # Java holds a write against the list that its leader has applied, and a follower may have answered the one before sooner.
    maker, nobody, bob = t.client('maker'), t.client('nobody'), t.client('bob')
    leader = t.client('at the leader', server=t.leader())
    bob.ask(*auth('bob:pw'))
    ids = [('world', 'anyone'), ('ip', '127.0.0.1'), ('ip', '127.0.0.0/8'), ('ip', '10.0.0.0/8'), ('ip', '0.0.0.0/0'),
           ('digest', wire.digest_id('bob:pw'))]
    number = 0
    for scheme, name in ids:
        for perms in (1, 2, 4, 8, 16, 31, 0):
            number += 1
            path = t.path('n%d' % number)
            maker.must(1, create(path))
            maker.must(1, create(path + '/kid'))
            maker.must(*set_acl(path, [(perms, scheme, name)]))
            leader.catches_up(maker)
            for c in (nobody, bob):
                c.must(9, string('/'))
                for code, body in (exists(path), get(path), children(path), (12, string(path) + b'\0'), (6, string(path)),
                                   (104, string(path)), set_data(path), (1, create(path + '/new')), delete(path + '/new'),
                                   (14, multi(check(path))), (22, multi(get(path), children(path))), set_acl(path, [], -1)):
                    c.ask(code, body)
    for c in (maker, nobody, bob, leader):
        c.close()


@scene()
def cli_71_ids_in_the_order_of_javas_map(t):
    for users in (['bob:pw'], ['u1:a', 'u2:b'], ['u2:b', 'u1:a'], [SUPER, 'bob:pw'], ['a%d:x' % n for n in range(11)],
                  ['a%d:x' % n for n in range(30)], ['\u00fc:\u00e9', 'nocolon', ':']):
        c = t.client('client')
        for user in users:
            c.ask(*auth(user))
        c.ask(107)
        path = t.path('n%d' % len(t.lines))
        c.ask(1, create(path, b'', [(31, 'auth', '')]))
        c.ask(6, string(path))
        c.ask(*auth(users[0]))
        c.ask(107)
        c.close()


@scene()
def cli_72_digests_are_hidden_from_readers(t):
    bob, eve = t.client('bob'), t.client('eve')
    bob.ask(*auth('bob:pw'))
    eve.ask(*auth('eve:x'))
    for number, acl in enumerate(([(31, 'auth', ''), (1, 'world', 'anyone')], [(31, 'auth', '')], [(17, 'world', 'anyone'), (1, 'auth', '')],
                                  [(1, 'digest', ':b'), (1, 'world', 'anyone')], [(16, 'digest', wire.digest_id('eve:x'))] + READ_ONLY)):
        path = t.path('n%d' % number)
        bob.must(1, create(path, b'', acl))
        eve.must(9, string('/'))
        for c in (bob, eve):
            c.ask(6, string(path))
    bob.close()
    eve.close()


@scene()
def cli_73_a_client_that_cannot_say_who_it_is(t):
    for scheme, data in (('foo', b'x'), ('sasl', b'x'), ('', b'x'), (None, b'x'), ('world', b'x'), ('auth', b''), ('super', b'x')):
        c = t.client('scheme %s' % scheme)
        err, _ = c.ask(100, integer(0) + string(scheme) + buffer(data), -4)
        assert err == -115
        c.ends()
    c = t.client('good ones')
    for scheme, data in (('ip', b'x'), ('ip', None), ('digest', b''), ('digest', b'bob:pw'), ('digest', b'a:b:c')):
        assert c.ask(100, integer(9) + string(scheme) + buffer(data), -4)[0] == 0
    c.ask(100, integer(0) + string('digest') + buffer(b'x:y'), 7)
    c.ask(107)
    c.close()
    c = t.client('null')
    c.send((100, integer(0) + string('digest') + buffer(None), -4))
    c.ends()


@scene()
def cli_75_the_superuser(t):
    bob, c = t.client('bob'), t.client('super')
    bob.ask(*auth('bob:pw'))
    bob.must(1, create(t.path('mine'), b'', [(31, 'auth', '')]))
    c.must(9, string('/'))
    assert c.ask(*get(t.path('mine')))[0] == -102
    c.ask(*auth(SUPER))
    c.ask(107)
    for code, body in (get(t.path('mine')), (6, string(t.path('mine'))), set_data(t.path('mine')), (1, create(t.path('mine', 'x'))),
                       delete(t.path('mine', 'x')), set_acl('/zookeeper/config', READ_ONLY), delete('/zookeeper/config'),
                       delete('/zookeeper/quota'), delete('/zookeeper'), delete('/'), (1, create(t.path('s'), b'', [(31, 'super', '')])),
                       (1, create(t.path('a'), b'', [(31, 'auth', '')])), (6, string(t.path('a')))):
        c.ask(code, body)
    bob.close()
    c.close()


# ---- the rest of the surface -------------------------------------------------------------------

@scene()
def cli_77_ttl_nodes_are_off(t):
    c = t.client('client')
    for flags in (5, 6):
        for ttl in (1, 0, -1, 1 << 40):
            assert c.ask(21, create(t.path('t'), flags=flags) + long(ttl))[0] == -6
        assert c.ask(1, create(t.path('t'), flags=flags))[0] == -6
    for ttl in (0, 1, 1 << 62):
        c.ask(21, create(t.path('t%d' % ttl), flags=0) + long(ttl))
    c.ask(14, multi((21, create(t.path('m'), flags=5) + long(1000))))
    c.close()


# CFG-03
@scene(house='extended')
def cli_77_ttls_that_can_be(t):
    c = t.client('client')
    for number, ttl in enumerate((1 << 39, (1 << 40) - 1, 1 << 40, 0, -1, -1 << 63)):
        for flags in (5, 6):
            err, _ = c.ask(21, create(t.path('t%d' % number), flags=flags) + long(ttl))
            assert err == (0 if 0 < ttl < 1 << 40 else -8)
    c.ask(1, create(t.path('x'), flags=5))
    c.must(14, multi((21, create(t.path('m'), flags=5) + long(1 << 39)), (21, create(t.path('m', 's'), flags=6) + long(1 << 39))))
    for name in ('t0', 't1', 'm'):
        err, r = c.ask(*exists(t.path(name)))
        assert err == 0 and r.stat()['owner'] == 0
    c.ask(1, create(t.path('t0', 'kid')))
    c.close()


@scene(house='extended')
def cli_76_containers_and_ttl_nodes_are_reaped(t):
    c = t.client('client')
    mark = t.hush()  # the reaper's zxids come in between
    for name in ('empty', 'used', 'full'):
        c.must(19, create(t.path(name), flags=4))
    c.must(1, create(t.path('plain'), flags=4))
    for name in ('used', 'full', 'plain'):
        c.must(1, create(t.path(name, 'kid')))
    c.must(14, multi((21, create(t.path('ttl-full'), flags=5) + long(1)), (1, create(t.path('ttl-full', 'kid')))))
    c.must(*exists(t.path('used'), True))
    c.must(*delete(t.path('plain', 'kid')))
    c.must(*delete(t.path('used', 'kid')))  # the last one: the event comes behind its answer, and before no other
    assert c.event() == (2, t.path('used'))
    c.send((21, create(t.path('ttl'), flags=5) + long(1)), exists(t.path('ttl'), True))
    if c.read(21, 3)[1][0] == 0:  # it may be gone already
        assert c.event() == (2, t.path('ttl'))
    found = {name: c.ask(*exists(t.path(name)))[0] for name in ('empty', 'full', 'plain', 'ttl-full', 'used', 'ttl')}
    assert found == {'empty': 0, 'full': 0, 'plain': 0, 'ttl-full': 0, 'used': -101, 'ttl': -101}, found
    for name in ('ttl-full', 'full'):
        c.must(*exists(t.path(name), True))
        c.must(*delete(t.path(name, 'kid')))
        assert c.event() == (2, t.path(name))
    c.close()
    t.silent(mark)


@scene(house='extended')
def cli_78_quotas_count_and_hold(t):
    # Java holds a write against the stats that its leader has applied, and a follower may have answered the one before sooner.
    c, leader = t.client('client'), t.client('at the leader', server=t.leader())
    quota = '/zookeeper/quota' + t.root
    c.must(1, create(quota))
    stats, limits = quota + '/zookeeper_stats', quota + '/zookeeper_limits'
    c.must(1, create(limits, b'count=3,bytes=10=;byteHardLimit=20;countHardLimit=4'))
    c.must(1, create(stats, b'count=0,bytes=0'))
    c.ask(*get(stats))
    leader.catches_up(c)
    for code, body in ((1, create(t.path('a'), b'12345')), (15, create(t.path('b'), b'12345')), set_data(t.path('a'), b'1234567890'),
                       (1, create(t.path('c'), b'')), (1, create(t.path('d'), b'')), set_data(t.path('a'), b'1' * 16), delete(t.path('c')),
                       (14, multi((1, create(t.path('c'))), delete(t.path('c')))), (14, multi((1, create(t.path('c'))), (1, create(t.path('d'))))),
                       set_data(t.path('b'), b''), (1, create(t.path('e'), flags=1)), set_data(limits, b'count=-1,bytes=-1'),
                       (1, create(t.path('f'), b'x' * 100)), set_data(limits, b'count=1,bytes=1'), (1, create(t.path('g'))),
                       set_data(limits, b'nonsense'), delete(limits), (1, create(t.path('h'))), delete(stats), (1, create(t.path('i')))):
        c.ask(code, body)
        leader.catches_up(c)
        c.ask(*get(stats))
    c.close()
    leader.close()


@scene()
def cli_79_nodes_below_a_path_and_a_sessions_own(t):
    c = t.client('client')
    for number in range(20):
        c.must(1, create(t.path('n%d' % number), flags=number % 2))
    c.must(1, create(t.path('n0', 'kid')))
    for path in (t.root, t.path('n'), t.path('n1'), t.path('n0'), t.path('none'), '', t.root + '/'):
        c.ask(103, string(path))
        if path:
            c.ask(104, string(path))
    assert wire.Reader(c.ask(104, string(t.root))[1].take(4)).integer() == 21
    c.close()


@scene()
def cli_81_an_answer_larger_than_any_request(t):
    c = t.client('client')
    for part in range(6):
        c.send(*[(1, create(t.path('%s-%04d' % ('x' * 195, part * 1000 + n)))) for n in range(1000)])
        c.read(*[1] * 1000)
    t.lines = []
    err, r = c.ask(*children(t.root))
    assert err == 0 and len(t.lines[-1][2]) > 1200000
    c.ask(12, string(t.root) + b'\0')
    for part in range(60):
        c.send((14, multi(*[delete(t.path('%s-%04d' % ('x' * 195, part * 100 + n))) for n in range(100)])))
        c.read(14)
    c.close()


# CLI-01, BRD-03
@scene(('leader', 'follower'))
def cli_29_a_write_is_read_at_once_and_elsewhere_behind_a_sync(t):
    # A leader answers the sync of a client of its own when it has committed, perhaps before it has applied: 3.8.0's way.
    follower = next(n for n, server in enumerate(t.side.ensemble.servers) if n != t.at and server.mode() == 'follower')
    c, other = t.client('client'), t.client('other', server=follower)
    for number in range(200):
        c.send(set_data(t.root, b'%d' % number), get(t.root))
        assert c.read(5, 4)[1][1].buffer() == b'%d' % number
        other.send((9, string('/')), get(t.root))
        assert other.read(9, 4)[1][1].buffer() == b'%d' % number
    other.close()
    c.close()


@scene()
def cli_88_a_reconfiguration_is_refused_while_it_is_off(t):
    c = t.client('client')
    for joining, leaving, members, version in ((None, None, None, -1), ('x', None, None, -1), (None, '1', None, 5),
                                               (None, None, 'server.1=a:1:2', 0), ('', '', '', 1 << 40)):
        assert c.ask(16, string(joining) + string(leaving) + string(members) + long(version))[0] == -123
    c.close()


@scene(house='changing')
def cli_88_a_reconfiguration_is_refused_for_its_version_or_for_want_of_rights(t):
    """reconfigEnabled=true in zoo.cfg. A client with rights would change the members on Java (NOTES.md D-159)."""
    c = t.client('client')
    stale, forbidden = (-6, -6) if t.side.ensemble.alone else (-103, -102)
    for joining, leaving, version, code in ((None, '9', 1 << 40, stale), ('x', None, 77, stale), (None, '9', -1, forbidden),
                                            ('server.9=127.0.0.1:1:2;3', None, -1, forbidden)):
        assert c.ask(16, string(joining) + string(leaving) + string(None) + long(version))[0] == code
    mark = t.hush()
    text = c.ask(4, string('/zookeeper/config') + boolean(False))[1].buffer()
    t.silent(mark)
    version = int(re.search(rb'version=([0-9a-f]+)', text).group(1), 16) if text else 0
    assert c.ask(16, string(None) + string('9') + string(None) + long(version))[0] == forbidden
    c.close()


# ---- digests -----------------------------------------------------------------------------------

def mismatches(t):
    """How often each server has found that a transaction's digest is not its tree's."""
    return [int(re.search(r'zk_digest_mismatches_count\s+(\d+)', servers.ask(port, 'mntr')).group(1)) for port in t.side.ports]


# In the last house nobody compares the stat of the root, which changes here on some sides only.
@scene(('leader',), house='last', same=False)
def cli_90_no_server_finds_a_wrong_digest(t):
    """Each server holds the digest that the leader has put into a transaction against its own tree. Two kinds of changes a
    leader of Java gets wrong (NOTES.md D-153, D-154)."""
    before = mismatches(t)
    c, other = t.client('client'), t.client('other')
    for number in range(20):
        leaving = t.client('leaves')
        names = [t.path('e%d-%d' % (number, kid)) for kid in range(4)]
        leaving.send(*([(1, create(name, flags=1)) for name in names[:3]] + [delete(names[0]), (1, create(names[3], flags=1)), (-11, b'')]))
        other.send(delete(names[1]), (14, multi(delete(names[2]), (1, create(t.path('half'))), check(t.path('none')))),
                   set_data(t.root, b'%d' % number))
        other.read(2, 14, 5)
        leaving.read(1, 1, 1, 2, 1, -11)
        leaving.ends()
    if t.side.ensemble.kinds[t.at] == 'c':
        c.send((1, create(t.path('plain'), flags=4)), (19, create(t.path('container'), flags=0)), (1, create(t.path('container/kid'))),
               set_data('/', b'x'), (1, create(t.root + '-root')), set_data('/', b'y'), delete(t.root + '-root'), set_data('/', b''))
        c.read(1, 19, 1, 5, 1, 5, 2, 5)
    for server in range(len(t.side.ports)):
        reader = t.client('reader', server=server)
        reader.sees(t.root)
        reader.must(9, string('/'))
        reader.close()
    assert mismatches(t) == before, '%s, and before %s' % (mismatches(t), before)
    for client in (c, other):
        client.close()
