#!/usr/bin/env python3
"""The same random sessions to two servers, or ensembles; every answer must have the same bytes."""
import collections
import functools
import socket
import struct
import sys
import time

import command_line
import servers
import sessions
import wire

ANSWER_SECONDS = 240.0
NUDGE_SECONDS = 2.0
BARRIER = '/barrier'


class Closed(Exception):
    """The server has closed the connection."""


class Connection:
    """One socket, and what has been read from it."""

    def __init__(self, port, nudge=None, seconds=ANSWER_SECONDS):
        self.nudge = nudge  # called once when an answer is late
        self.seconds = seconds
        self.socket = socket.create_connection(('127.0.0.1', port), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(seconds)
        self.buffer = bytearray()
        self.at = 0

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # what the server has said before it closed is still to be read

    def frame(self):
        """Returns the next frame's body. Raises Closed, or socket.timeout."""
        while True:
            have = len(self.buffer) - self.at
            if have >= 4:
                size = struct.unpack_from('>i', self.buffer, self.at)[0]
                if have >= 4 + size:
                    body = bytes(self.buffer[self.at + 4:self.at + 4 + size])
                    self.at += 4 + size
                    return body
            if self.at:
                del self.buffer[:self.at]
                self.at = 0
            part = self.more()
            if not part:
                raise Closed
            self.buffer += part

    def more(self):
        """Returns the bytes that come next; none if the server has closed."""
        try:
            if self.nudge is None:
                return self.socket.recv(1 << 18)
            self.socket.settimeout(NUDGE_SECONDS)
            try:
                return self.socket.recv(1 << 18)
            except socket.timeout:
                self.socket.settimeout(self.seconds)
                self.nudge()
                return self.socket.recv(1 << 18)
        except ConnectionError:
            return b''

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.socket.close()


class Slot:
    """A session, on one of the two sides."""

    def __init__(self):
        self.connection = None
        self.session, self.password, self.xid = 0, bytes(16), 0


class Side:
    """One server or ensemble: sends, reads, masks."""

    def __init__(self, name, ports, kinds):
        self.name, self.ports, self.kinds = name, ports, kinds
        self.masker = wire.Masker()
        self.slots = []
        self.control = None
        self.nudging = []  # by server: a connection whose pings make a server of Java look into its queues
        self.nudges = 0

    # ---- rounds

    def open(self):
        """The session that makes what all rounds share."""
        self.control = Slot()
        self.connect(self.control, 0, {'timeout': 3600000})
        self.send(self.control, [(1, wire.create(BARRIER), None, None),
                                 (4, wire.string('/zookeeper/config') + b'\0', None, None)])
        frames = self.read(self.control, [1, 4], mask=False)
        config = wire.Reader(frames[-1], 16).buffer()
        if config:
            self.masker.words.append((config, b'=' * len(config)))
        if len(self.ports) > 1:
            nudging = [Slot() for _ in self.ports]
            for server, slot in enumerate(nudging):
                self.connect(slot, server, {'timeout': 3600000})
            self.nudging = nudging

    def nudge(self, server):
        """3.8.0's CommitProcessor may miss that a commit has come, until another request comes (ZOOKEEPER-4537).
        This is one; it changes nothing. A server of ours gets none: it must not need it."""
        self.nudges += 1
        self.send(self.nudging[server], [(11, b'', -2, None)])
        self.read(self.nudging[server], [11])

    def begin(self):
        self.slots = [Slot() for _ in range(sessions.SLOTS)]
        self.masker.sessions = {}
        self.send(self.control, [(5, wire.string(BARRIER) + wire.buffer(b'') + wire.integer(-1), None, None)])
        self.masker.base = wire.HEADER.unpack_from(self.read(self.control, [5], mask=False)[-1])[1]

    def end(self):
        """Closes all sessions; nobody compares any more."""
        for slot in self.slots:
            if slot.session and slot.connection is None:
                self.connect(slot, 0, {'session': slot.session, 'password': slot.password})
            if slot.connection is not None:
                slot.connection.send(wire.request(1, -11))
                try:
                    while True:
                        slot.connection.frame()
                except (Closed, OSError):
                    pass
                slot.connection.close()

    # ---- steps

    def connect(self, slot, server, options):
        old = slot.connection
        nudge = functools.partial(self.nudge, server) if self.nudging and self.kinds[server] == 'java' else None
        slot.connection = Connection(self.ports[server], nudge)
        if not options.get('session'):  # a session's xids go on, as with Java's client: they must not come twice (CLI-55)
            slot.xid = 0
        slot.connection.send(wire.connect_request(**options))
        try:
            data = slot.connection.frame()
        except Closed:
            slot.connection.close()
            slot.connection = old
            return ['closed without an answer']
        except OSError:
            slot.connection.close()
            slot.connection = old
            return ['no answer']
        r = wire.Reader(data)
        version, timeout, session, password = r.integer(), r.integer(), r.long(), r.buffer()
        out = ['version %d, timeout %d, then %s' % (version, timeout, data[r.at:].hex() or 'nothing')]
        if timeout > 0:
            slot.session, slot.password = session, password
            out.append('session %d' % self.masker.sessions.setdefault(session, len(self.masker.sessions) + 1))
            if password != wire.password_of(session):
                out.append('and a password that does not belong to its id')
        else:
            out.append('session %d, password %s' % (session, password.hex()))
            out += self.read_to_end(slot.connection)
            slot.connection.close()
            slot.connection = old
            if options.get('session'):
                old = None
        if old is not None and old is not slot.connection:
            old.half_close()
            old.close()
        return out

    def again(self, slot, server, how):
        options = {'timeout': 3000000, 'session': slot.session, 'password': slot.password}
        if how == 'password':
            options['password'] = b'\1' * 16
        elif how == 'unknown':
            options['session'] = 0x1234
            options['password'] = wire.password_of(0x1234)
        elif how == 'ahead':
            options['zxid'] = 1 << 60
        return self.connect(slot, server, options)

    def send(self, slot, ops):
        out = []
        for code, body, xid, zxid in ops:
            slot.xid += 1
            if zxid is not None:
                body = wire.long(self.masker.base + zxid if abs(zxid) < 1000000 else 0 if zxid < 0 else 1 << 62) + body
            out.append(wire.request(slot.xid if xid is None else xid, code, body))
        slot.connection.send(b''.join(out))

    def read(self, slot, codes, mask=True):
        """Reads one reply for each of these, and the events before them."""
        out, connection = [], slot.connection
        codes = collections.deque(codes)
        try:
            while codes:
                data = connection.frame()
                if data[:4] == b'\xff\xff\xff\xff':
                    code = None
                else:
                    code = codes.popleft()
                    if code == -10 and len(data) in (36, 37) and data[:4] == b'\0\0\0\0':
                        data = self.second_answer(data)
                out.append(self.masker.mask(code, data) if mask and isinstance(data, bytes) else data)
        except Closed:
            out.append('closed')
            self.gone(slot)
        except OSError as error:
            out.append('no answer (%s)' % type(error).__name__)
            self.gone(slot)
        return out

    def second_answer(self, data):
        r = wire.Reader(data)
        version, timeout, session, password = r.integer(), r.integer(), r.long(), r.buffer()
        return 'version %d, timeout %d, session %d, %s password, %s' % (
            version, timeout, self.masker.sessions.get(session, session),
            'its' if password == wire.password_of(session) else 'another', data[r.at:].hex())

    def read_to_end(self, connection):
        out = []
        try:
            while True:
                out.append(self.masker.mask(None, connection.frame()))
        except Closed:
            out.append('closed')
        except OSError:
            out.append('stays open')
        return out

    def gone(self, slot):
        slot.connection.close()
        slot.connection = None


class Player:
    """Plays actions on both sides at once and compares what comes."""

    def __init__(self, sides, several):
        self.sides, self.several = sides, several
        self.last = None  # the slot that acted last
        self.tally = collections.defaultdict(collections.Counter)  # opcode: error: how often
        self.events = 0

    def play(self, actions):
        """Returns None, or (index of the action, what the sides said) of the first difference."""
        for side in self.sides:
            side.begin()
        self.last = None
        try:
            for index, action in enumerate(actions):
                said = self.step(action)
                if said is not None and said[0] != said[1]:
                    return index, said
            return None
        finally:
            for side in self.sides:
                side.end()

    def step(self, action):
        kind, number = action[0], action[1]
        slots = [side.slots[number] for side in self.sides]
        if kind == 'connect':
            self.barrier(number, slots)
            return [side.connect(slot, action[2], action[3]) for side, slot in zip(self.sides, slots)]
        if kind == 'again':
            if any(slot.session == 0 for slot in slots):
                return None
            first = self.barrier(number, slots)
            said = [side.again(slot, action[2], action[3]) for side, slot in zip(self.sides, slots)]
            self.last = None
            return [a + b for a, b in zip(first, said)]
        if any(slot.connection is None for slot in slots):
            # Only for parts of a round, and after a server has closed what it should not have.
            if all(slot.connection is None for slot in slots):
                return None
            return ['closed' if slot.connection is None else 'open' for slot in slots]
        if kind == 'batch':
            return self.batch(number, slots, action[2])
        first = self.barrier(number, slots)
        if kind == 'raw':
            for slot in slots:
                if slot.connection is not None:
                    slot.connection.send(action[2])
        out = []
        for side, slot, before in zip(self.sides, slots, first):
            if slot.connection is not None:
                if kind == 'drop':
                    slot.connection.half_close()
                before = before + side.read_to_end(slot.connection)
                side.gone(slot)
            out.append(before)
        return out

    def batch(self, number, slots, ops):
        if ops[0][0] in (100, 102) or ops[0][0] not in wire.NAMES:
            # Its answer overtakes others: the barrier must have been answered before it is sent.
            first = self.barrier(number, slots)
            return [a + b for a, b in zip(first, self.exchange(slots, ops))]
        return self.exchange(slots, self.barrier_ops(number) + ops)

    def exchange(self, slots, ops):
        if any(slot.connection is None for slot in slots):
            return [[] for _ in slots]
        codes = [op[0] for op in ops]
        for side, slot in zip(self.sides, slots):
            side.send(slot, ops)
        said = [side.read(slot, codes) for side, slot in zip(self.sides, slots)]
        self.count(codes, said[0])
        # An op that ends the connection has been answered; the end comes behind it.
        if codes[-1] == -11 or codes[-1] not in wire.NAMES or self.refused(said):
            for side, slot, out in zip(self.sides, slots, said):
                if slot.connection is not None:
                    out += side.read_to_end(slot.connection)
                    side.gone(slot)
                if codes[-1] == -11:
                    slot.session = 0
        return said

    def count(self, codes, answers):
        replies = [a for a in answers if is_reply(a) and len(a) >= 16]
        self.events += sum(1 for a in answers if isinstance(a, bytes) and not is_reply(a))
        for code, answer in zip(codes, replies):
            self.tally[code][wire.HEADER.unpack_from(answer)[2]] += 1

    def refused(self, said):
        """Whether the last answer is the one after which a server hangs up: authentication failed."""
        last = said[0][-1] if said[0] else b''
        return isinstance(last, bytes) and len(last) >= 16 and wire.HEADER.unpack_from(last)[2] == -115

    def barrier_ops(self, number):
        """What makes a server show all that others have written: it is behind them for this session."""
        if number == self.last:
            return []
        self.last = number
        if self.several:
            return [(5, wire.string(BARRIER) + wire.buffer(b'') + wire.integer(-1), None, None)]
        return [(11, b'', -2, None)]

    def barrier(self, number, slots):
        ops = self.barrier_ops(number)
        if not ops or any(slot.connection is None for slot in slots):
            self.last = None
            return [[] for _ in slots]
        for side, slot in zip(self.sides, slots):
            side.send(slot, ops)
        return [side.read(slot, [op[0] for op in ops]) for side, slot in zip(self.sides, slots)]


# ---- telling -----------------------------------------------------------------------------------

def tell_action(action):
    kind, number = action[0], action[1]
    if kind == 'batch':
        return ['session %d:' % number] + ['    %s%s%s' % (
            wire.describe_request(code, (wire.long(0) if zxid is not None else b'') + body),
            '' if xid is None else ', xid %d' % xid, '' if zxid is None else ', zxid of round + %d' % zxid)
            for code, body, xid, zxid in action[2]]
    if kind == 'raw':
        return ['session %d sends the bytes %s' % (number, action[2].hex())]
    if kind == 'drop':
        return ['session %d: the client hangs up' % number]
    if kind == 'connect':
        return ['session %d: connect to server %d %s' % (number, action[2] + 1, action[3])]
    return ['session %d: connect again to server %d, %s' % (number, action[2] + 1, action[3])]


def tell_answers(action, said, names):
    """The answers of the action in which the sides differ, side by side, up to the first difference."""
    codes = [op[0] for op in action[2]] if action[0] == 'batch' else []
    out = []
    for name, answers in zip(names, said):
        todo = collections.deque(codes)
        todo.extendleft([None] * (sum(1 for a in answers if is_reply(a)) - len(codes)))
        lines = []
        for answer in answers:
            code = (todo.popleft() if todo else None) if is_reply(answer) else None
            name_of_request = '' if code is None else '%s: ' % wire.NAMES.get(code, code)
            lines.append(name_of_request + wire.describe_reply(code, answer))
        out.append((name, lines))
    same = 0
    while all(len(answers) > same for answers in said) and said[0][same] == said[1][same]:
        same += 1
    text = ['    %d answers are the same, the last of them: %s' % (same, out[0][1][same - 1])] if same else []
    for (name, lines), answers in zip(out, said):
        text.append('    %s: %s' % (name, lines[same] if same < len(lines) else 'nothing more'))
        if same < len(answers) and isinstance(answers[same], bytes):
            text.append('        %s' % wire.short(answers[same].hex(), 1000))
    return text


def is_reply(answer):
    return isinstance(answer, bytes) and answer[:4] != b'\xff\xff\xff\xff'


def shrink(player, actions, seconds, fresh):
    """Leaves out what the difference does not need. fresh(actions): the same below a root that nobody has used."""
    end = time.monotonic() + seconds

    def fails(candidate):
        try:
            return player.play(fresh(candidate)) is not None
        except (OSError, struct.error):
            return False

    def reduce(items, test):
        size = max(1, len(items) // 2)
        while time.monotonic() < end:
            at = 0
            while at < len(items) and time.monotonic() < end:
                candidate = items[:at] + items[at + size:]
                if test(candidate):
                    items = candidate
                else:
                    at += size
            if size == 1:
                return items
            size //= 2
        return items

    if not fails(actions):
        return actions
    actions = reduce(actions, fails)
    for index in range(len(actions) - 1, -1, -1):
        if actions[index][0] == 'batch':
            before, slot, behind = actions[:index], actions[index][1], actions[index + 1:]
            ops = reduce(actions[index][2],
                         lambda some: bool(some) and fails(before + [('batch', slot, some)] + behind))
            actions = before + [('batch', slot, ops)] + behind
    return actions


def rename(value, old, new):
    """Returns the same actions below another root, which is as long."""
    if isinstance(value, bytes):
        return value.replace(old, new)
    if isinstance(value, (list, tuple)):
        return type(value)(rename(part, old, new) for part in value)
    return value


# ---- main --------------------------------------------------------------------------------------

def report(options, names, player, seed, number, actions, index, said):
    print('FAILED %s: round %d of seed %d differs in action %d' % (options.label, number, seed, index + 1))
    used = [90000]
    old = sessions.ROOT % (number % 100000)

    def fresh(candidate):
        used[0] += 1
        return rename(candidate, old.encode(), (sessions.ROOT % used[0]).encode())

    prefix = actions[:index + 1]
    small = shrink(player, prefix, options.shrink, fresh) if options.shrink > 0 else prefix
    found = player.play(fresh(small)) if small is not prefix else None
    if found is None:
        print('  played again below another root it does not differ; these were the last actions:')
        small, found = prefix[-8:], (len(prefix[-8:]) - 1, said)
    for action in small[:found[0] + 1]:
        for line in tell_action(action):
            print('  ' + line)
    print('  and then:')
    for line in tell_answers(small[found[0]], found[1], names):
        print('  ' + line)
    switches = ''.join(' --' + name for name in ('alone', 'extended', 'quotas') if getattr(options, name))
    print('  again: differential.py --a %s --b %s --seed %d --first %d --rounds 1%s' % (
        *options.names, seed, number, switches))


def parse_options():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('--a', default='java', metavar='KINDS', type=command_line.kinds,
                        help="one side: 'java', 'c,c,c' ... (default: java)")
    parser.add_argument('--b', default='c', metavar='KINDS', type=command_line.kinds, help='the other side (default: c)')
    parser.add_argument('--alone', action='store_true', help='servers without a quorum (only one on each side)')
    parser.add_argument('--requests', type=int, default=10000, metavar='N', help='so many requests (default: 10000)')
    parser.add_argument('--round', type=int, default=1500, metavar='N', help='so many in a round (default: 1500)')
    parser.add_argument('--seed', type=int, default=1, metavar='S', help='what is sent (default: 1)')
    parser.add_argument('--first', type=int, default=1, metavar='K', help='begin with round K (default: 1)')
    parser.add_argument('--rounds', type=int, default=0, metavar='N', help='so many rounds, whatever --requests says')
    parser.add_argument('--shrink', type=float, default=60, metavar='S',
                        help='seconds for making a failure small; 0: not at all (default: 60)')
    parser.add_argument('--failures', type=int, default=1, metavar='N', help='end when so many rounds differ (default: 1)')
    parser.add_argument('--extended', action='store_true', help='with extendedTypesEnabled: TTL nodes')
    parser.add_argument('--quotas', action='store_true', help='with enforceQuota, and limits that are reached; writes are waited for')
    parser.add_argument('--without', default='', metavar='CODES', help='leave out these requests: 100,101 ...')
    parser.add_argument('--tally', action='store_true', help='also print how often each request had which answer')
    options = parser.parse_args()
    options.kinds = [options.a, options.b]
    options.names = [','.join(kinds) for kinds in options.kinds]
    if len(options.kinds[0]) != len(options.kinds[1]):
        parser.error('both sides must have as many servers')
    if options.alone and len(options.kinds[0]) != 1:
        parser.error('--alone is for one server on each side')
    for name in ('requests', 'round', 'failures'):
        if getattr(options, name) < 1:
            parser.error('--%s needs a number above 0' % name)
    try:
        options.without = [int(code) for code in options.without.split(',') if code]
    except ValueError:
        parser.error("--without needs numbers, as 100,101, not '%s'" % options.without)
    options.label = 'differential %s, %s%s' % (*options.names, ' alone' if options.alone else '')
    return options


def play_rounds(options, names, player):
    """Plays until there were enough requests, rounds or differences, each of which it reports. Returns how many of all
    three there were."""
    sent, number, failures = 0, options.first, 0
    while (number < options.first + options.rounds) if options.rounds else sent < options.requests:
        actions = sessions.Round(options.seed, number, options.round, len(options.kinds[0]), options.without,
                                 quotas=options.quotas).actions()
        found = player.play(actions)
        sent += sum(len(action[2]) if action[0] == 'batch' else 1 for action in actions)
        if found is not None:
            failures += 1
            report(options, names, player, options.seed, number, actions, *found)
            if failures == options.failures:
                break
        number += 1
        sys.stdout.flush()
    return sent, number - options.first, failures


def tell_tally(player):
    print('%d events, and of each request these answers:' % player.events)
    for code, errors in sorted(player.tally.items()):
        counts = ', '.join('%d: %d' % error for error in errors.most_common())
        print('  %-20s %s' % (wire.NAMES.get(code, code), counts))


def main():
    options = parse_options()
    settings = {'extendedTypesEnabled': 'true'} if options.extended else {}
    if options.quotas:
        settings['enforceQuota'] = 'true'
    names = options.names
    if names[0] == names[1]:
        names = [names[0] + ' (first)', names[1] + ' (second)']
    with servers.Ensemble(options.kinds[0], options.alone, settings) as first, \
            servers.Ensemble(options.kinds[1], options.alone, settings) as second:
        sides = [Side(name, ensemble.ports(), ensemble.kinds) for name, ensemble in zip(names, (first, second))]
        for side in sides:
            side.open()
        player = Player(sides, len(options.kinds[0]) > 1)
        started = time.monotonic()
        sent, rounds, failures = play_rounds(options, names, player)
        seconds = time.monotonic() - started
        if options.tally:
            tell_tally(player)
        for side in sides:
            if side.nudges:
                print('(a CommitProcessor of %s slept %d times until another request woke it: ZOOKEEPER-4537)' % (
                    side.name, side.nudges))
    if failures:
        return 1
    print('ok %s: %d requests, %d rounds, seed %d: the same answers (%.0f requests a second)' % (
        options.label, sent, rounds, options.seed, sent / seconds))
    return 0


if __name__ == '__main__':
    command_line.run(main)
