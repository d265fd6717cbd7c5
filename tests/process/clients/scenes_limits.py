"""Scenarios of limits, of words with clients, and of what ends a connection."""
import re
import time

import servers
import tape as tapes
import wire
from scenes import scene
from scenes_requests import auth, create, exists, get, set_data
from wire import integer, string


def word(t, text, client=None):
    return servers.ask(t.side.ports[t.at], text)


# ---- words -------------------------------------------------------------------------------------

def masked(t, text, clients):
    """A word's answer without what two servers cannot have in common; lines whose order is that of a hash are sorted."""
    names = {}
    for client in clients:
        names['%d' % client.connection.socket.getsockname()[1]] = client.name
        names['0x%x' % client.session] = client.name
    for word, name in sorted(names.items(), key=lambda item: -len(item[0])):
        text = re.sub(r'\b%s\b' % word, '<%s>' % name, text)
    text = re.sub(r'127\.0\.0\.1:\d+\[', '127.0.0.1:<asks>[', text)
    text = re.sub(r'((?:queued|recved|sent|est|lresp|llat|minlat|avglat|maxlat|lzxid|to)=)(0x)?[0-9a-f]+', r'\1N', text)
    text = re.sub(r'expire at [^\n]*', 'expire at T', text)
    text = re.sub(r'Latency[^\n]*|Received:[^\n]*|Sent:[^\n]*|Zxid:[^\n]*|Zookeeper version[^\n]*|Node count[^\n]*|Proposal sizes[^\n]*', '', text)
    return text


@scene()
def cli_83_words_with_clients(t):
    one, two = t.client('one'), t.client('two', timeout=500000)
    one.must(1, create(t.path('e'), flags=1))
    one.must(*get(t.path('e'), True))
    one.ask(*exists(t.path('missing'), True))
    two.must(9, string('/'))
    two.must(*get(t.path('e'), True))
    two.must(106, string(t.path('p')) + integer(1))
    clients = (one, two)
    # A server of either kind shows 0 in place of what it waits for while a thread is still busy with a connection, and the
    # client may have its answer by then.
    assert tapes.until(lambda: not re.search(r'<(one|two)>\[0\]', masked(t, word(t, 'cons'), clients)))
    for text in ('cons', 'stat', 'wchs', 'wchc', 'wchp', 'dump', 'crst', 'cons', 'srst'):
        found = masked(t, word(t, text), clients)
        if text in ('cons', 'stat', 'wchc', 'wchp', 'dump'):
            mine = sorted(line for line in found.split('\n') if '<one>' in line or '<two>' in line)
            assert mine or text == 'stat' or text == 'wchp', (text, found)
            t.say('%s: %s' % (text, mine))
        else:
            t.say('%s: %s' % (text, found))
    by_path = re.findall(r'^(/\S+)\n((?:\t\S+\n)+)', word(t, 'wchp'), re.M)
    own = {path: sorted(masked(t, rest, clients).split()) for path, rest in by_path if path.startswith(t.root)}
    assert own == {t.path('e'): ['<one>', '<two>'], t.path('missing'): ['<one>'], t.path('p'): ['<two>']}, own
    for client in clients:
        client.close()


@scene()
def cli_84_words_where_none_is_expected(t):
    c = t.client('behind a session')
    c.send_bytes(b'ruok')
    c.ends()
    for text in (b'ruok', b'ruok\n', b'RUOK', b'ruo', b'xxxx', b'ruokruok', b'statstat', b'isro', b'gtmk', b'stmk', b'stmk' + bytes(8), b'hash',
                 b'dirs', b'conf', b'envi', b'lsnp', b'lead', b'obsr', b'sysp'):
        c = t.client('word %r' % text, send=False)
        c.send_bytes(text)
        if len(text) < 4:
            c.connection.half_close()
        data = b''
        while True:
            part = c.connection.more()
            if not part:
                break
            data += part
        if text[:4] in (b'ruok', b'RUOK', b'ruo', b'xxxx', b'isro', b'gtmk', b'stmk'):
            t.say('%r: %r' % (text, data))
        else:
            t.say('%r: %s' % (text, bool(data)))
        c.connection.close()


# ---- limits ------------------------------------------------------------------------------------

def gets_in(t, name):
    """A place becomes free when a server has seen that somebody is gone: a four-letter word of before, too."""
    mark, clients = t.hush(), []

    def tries():
        try:
            clients.append(t.client(name))
        except OSError:
            return False  # it was closed before the request was written
        return clients[-1].session != 0
    assert tapes.until(tries), '%s: no place becomes free' % name
    t.silent(mark)
    return clients[-1]


def is_refused(t, name):
    """Connections count when a selector has them, which may be a moment after they are there."""
    mark = t.hush()

    def tries():
        try:
            c = t.client(name)
        except OSError:
            return True  # it was closed before the request was written
        if c.session != 0:
            c.close()
        return c.session == 0
    assert tapes.until(tries), '%s: gets in' % name
    t.silent(mark)
    t.say('%s: is refused' % name)


@scene(('alone',), house='few callers', prepared=False)
def cli_48_callers_of_one_address(t):
    keep = [gets_in(t, 'client %d' % n) for n in range(4)]
    for _ in range(3):
        is_refused(t, 'one too many')
    keep[0].close()
    again = gets_in(t, 'again')
    mark = t.hush()
    for c in keep[1:] + [again]:
        c.must(*exists('/'))
    t.silent(mark)


@scene(('alone',), house='few connections', prepared=False)
def cli_49_connections_of_all(t):
    keep = [gets_in(t, 'client %d' % n) for n in range(3)]
    silent = t.client('says nothing', send=False)
    is_refused(t, 'one too many')
    silent.connection.close()
    again = gets_in(t, 'again')
    mark = t.hush()
    for c in keep + [again]:
        c.must(*exists('/'))
    t.silent(mark)


@scene(('alone', 'leader', 'follower'), house='narrow')
def cli_50_a_flood_is_served_and_nobody_starves(t):
    flood, other = t.client('flood'), t.client('other')
    ops = [set_data(t.root, b'%d' % n) if n % 2 else get(t.root) for n in range(600)]
    flood.send(*ops)
    mark = t.hush()
    for _ in range(20):
        other.must(*exists('/'))
    t.silent(mark)
    t.lines = t.lines[:0]
    answers = flood.read(*[op[0] for op in ops])
    for number in range(2, len(ops), 2):
        assert answers[number][1].buffer() == b'%d' % (number - 1)
    other.close()
    flood.close()


@scene(('alone',), house='tokens', prepared=False)
def cli_51_no_token_no_session(t):
    got = []
    for number in range(6):
        c = t.client('client %d' % number)
        got.append(c.session != 0)
    assert got == [True] * got.count(True) + [False] * got.count(False) and got.count(False) >= 3, got
    t.clients[0].must(*exists('/'))


# CLI-45
@scene(('alone',), house='impatient', prepared=False)
def cli_46_a_silent_caller_is_closed(t):
    served = t.client('served')
    began = time.monotonic()
    silent = t.client('silent', send=False)
    half = t.client('half a frame', send=False)
    half.send_bytes(wire.connect_request()[:20])
    slow = t.client('a byte at a time', send=False)
    frame = wire.connect_request()
    for at in range(len(frame)):  # each byte is a sign of life, so this one gets in
        slow.send_bytes(frame[at:at + 1])
        time.sleep(0.05)
    slow.opened()
    assert slow.session
    silent.ends()
    assert time.monotonic() - began >= 4.0
    half.ends()
    mark = t.hush()
    served.must(*exists('/'))
    t.silent(mark)
    slow.close()


# ---- who one is --------------------------------------------------------------------------------

@scene(house='strict', prepared=False)
def cli_74_clients_that_must_say_who_they_are(t):
    for code, body in (exists('/'), (11, b''), (107, b''), (1, create('/x')), (-11, b''), (14, wire.multi())):
        c = t.client('nobody')
        err, _ = c.ask(code, body)
        assert err == -124, err
        c.ends()
    c = t.client('bob')
    assert c.ask(*auth('bob:pw'))[0] == 0
    mark = t.hush()
    c.must(*exists('/'))
    t.silent(mark)
    mark = t.hush()
    c.close()
    t.silent(mark)


# ---- local sessions ----------------------------------------------------------------------------

@scene(('leader', 'follower'), house='local')
def cli_85_local_sessions_take_no_zxid_and_are_upgraded(t):
    c = t.client('local')
    c.must(*exists(t.root))
    c.must(1, create(t.path('n')))
    gone = t.client('elsewhere', server=t.other(), session=c.session, password=c.password)
    assert gone.session == 0
    gone.ends()
    c.must(*set_data(t.path('n')))
    passing = t.client('passing')
    passing.close()
    c.must(*set_data(t.path('n')))
    c.must(1, create(t.path('e'), flags=1))
    c.must(*exists(t.path('e')))
    # Java drops what a session asks of a server that has not applied its upgrade yet (D-322).
    there = t.client('there', server=t.other())
    there.must(9, string('/'))
    there.close()
    moved = t.client('elsewhere', server=t.other(), session=c.session, password=c.password)
    assert moved.session == c.session
    moved.xid = 1000
    moved.must(9, string('/'))
    moved.must(*exists(t.path('e')))
    moved.close()
    multi = t.client('by a multi')
    multi.must(14, wire.multi((1, create(t.path('m'), flags=1))))
    multi.close()


@scene(('leader', 'follower'), house='local only')
def cli_85_local_sessions_make_no_ephemeral_node(t):
    c = t.client('local')
    for code, body in ((1, create(t.path('e'), flags=1)), (15, create(t.path('e'), flags=3)), (14, wire.multi((1, create(t.path('e'), flags=1))))):
        c.ask(code, body)
    assert c.ask(1, create(t.path('e'), flags=1))[0] == -120
    c.must(1, create(t.path('n')))
    c.must(*exists(t.path('n')))
    c.close()
