#!/usr/bin/env python3
"""Captures the golden bytes of tests/golden from real Java ZooKeeper 3.8.0 peers. Run it by scripts/golden/capture.sh.

Real peers run on fixed ports of 127.0.0.1 and speak with a fake peer (which only listens, dials and records) or
through a tap that passes every byte on unchanged. What was captured is then cut into fields; the fields of a file,
joined, are checked to be the captured bytes, and every length, count and checksum in them is checked as well.
Fields whose value differs from capture to capture have [varies] in their comment.
"""
import argparse
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, '..', '..', 'tests', 'golden')
JAVA_NODE = os.path.join(HERE, '..', 'java-node.sh')

CLIENT_PORT, QUORUM_PORT, ELECTION_PORT, TAP_PORT = 24180, 24280, 24380, 24290  # each plus the sid
LOOKING, FOLLOWING, LEADING, OBSERVING = range(4)
STATES = ('LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING')
PACKETS = {3: 'ACK', 5: 'PING', 10: 'NEWLEADER', 11: 'FOLLOWERINFO', 12: 'UPTODATE', 13: 'DIFF', 15: 'SNAP',
           16: 'OBSERVERINFO', 17: 'LEADERINFO', 18: 'ACKEPOCH'}
WORDS = ('ruok', 'srvr', 'stat', 'mntr', 'conf', 'envi', 'isro')
SECONDS = 20  # how long anything is waited for


# ---- cutting bytes into fields -----------------------------------------------------------------

def hexed(value, bits=64):
    return '0x%x' % (value & (1 << bits) - 1)


class Fields:
    """A cursor over captured bytes that keeps (bytes, comment) for each field it passes."""

    def __init__(self, raw):
        self.raw, self.at, self.lines = bytes(raw), 0, []

    def take(self, count, comment):
        if count < 0 or self.at + count > len(self.raw):
            raise EOFError('%s: %d bytes wanted, %d left' % (comment, count, len(self.raw) - self.at))
        chunk = self.raw[self.at:self.at + count]
        self.at += count
        if count:
            self.lines.append([chunk, comment])
        return chunk

    def number(self, count, name, meaning):
        chunk = self.take(count, name)
        value = int.from_bytes(chunk, 'big', signed=True)
        self.lines[-1][1] = '%s, %s' % (name, meaning(value) if callable(meaning) else meaning)
        return value

    def int(self, name, meaning=str):
        return self.number(4, name, meaning)

    def long(self, name, meaning=str):
        return self.number(8, name, meaning)

    def text(self, name, meaning='bytes'):
        """A jute string or the like: length, then the text."""
        length = self.int(name + ' length', lambda v: '%d %s' % (v, meaning))
        text = self.take(length, '').decode()
        if length:
            self.lines[-1][1] = '%s, "%s"' % (name, text)
        return text

    def config(self, length):
        """A config text, a line of it on each line of the file."""
        end = self.at + length
        while self.at < end:
            stop = self.raw.find(b'\n', self.at, end)
            chunk = self.take((end if stop < 0 else stop + 1) - self.at, '')
            self.lines[-1][1] = 'config, "%s"' % chunk.decode().replace('\n', '\\n')

    def part(self, start_line):
        """A Fields of what was passed since line start_line, for a file of its own."""
        part = Fields(b''.join(chunk for chunk, _ in self.lines[start_line:]))
        part.lines = self.lines[start_line:]
        part.at = len(part.raw)
        return part


def initial_message(raw):
    f = Fields(raw)
    version = f.long('protocolVersion', lambda v: '%d, %s' % (v, {-65536: 'V1', -65535: 'V2'}[v]))
    f.long('sid', 'the caller is server %d'.__mod__)
    f.text('addresses', 'bytes' if version == -65536 else 'bytes, all addresses joined by |')
    return f


def notification(raw):
    f = Fields(raw)
    assert f.int('length', 'bytes that follow (%d)'.__mod__) == len(raw) - 4
    f.int('state', lambda v: STATES[v])
    f.long('leader', lambda v: 'server %d' % v if v > 0 else 'none: an observer proposes nobody')
    f.long('zxid', hexed)
    f.long('electionEpoch', 'round %d'.__mod__)
    f.long('peerEpoch', lambda v: '%d' % v if v >= 0 else 'none')
    f.int('version', str)
    f.config(f.int('configLength', 'bytes of the config text (%d)'.__mod__))
    return f


def quorum_packet(f):
    """Passes one QuorumPacket; returns its name."""
    name = PACKETS[f.int('type', lambda v: PACKETS[v])]
    f.long('zxid', hexed)
    length = f.int('data length', lambda v: 'null' if v == -1 else '%d bytes' % v)
    if name in ('FOLLOWERINFO', 'OBSERVERINFO'):
        f.long('data: serverid', 'the learner is server %d'.__mod__)
        f.int('data: protocolVersion', lambda v: hexed(v, 32))
        f.long('data: configVersion', hexed)
    elif name == 'LEADERINFO':
        f.int('data: protocolVersion', lambda v: hexed(v, 32))
    elif name == 'ACKEPOCH':
        f.int('data: currentEpoch', lambda v: '-1, do not count me again' if v == -1 else '%d' % v)
    elif name == 'NEWLEADER':
        f.config(length)
    else:
        assert length <= 0, '%s has data' % name
    assert f.int('authinfo count', lambda v: 'null' if v == -1 else '%d' % v) == -1
    return name


def acl_list(f):
    for i in range(f.int('ACL entries', str)):
        f.int('ACL[%d] perms' % i, lambda v: {1: '1, read', 31: '31, all'}[v])
        f.text('ACL[%d] scheme' % i)
        f.text('ACL[%d] id' % i)


def snapshot_body(f):
    """Sessions, ACLs and nodes, as they stand in a snapshot file and behind a SNAP packet."""
    for _ in range(f.int('session count', str)):
        f.long('session', 'made from the time [varies]')
        f.int('timeout', lambda v: '%d ms' % v)
    for _ in range(f.int('ACL list count', str)):
        f.long('ACL list id', str)
        acl_list(f)
    while True:
        path = f.text('path', 'bytes; the path of the next node, or the end mark')
        if path == '/':
            f.lines[-1][1] += ', no more nodes'
            return
        length = f.int('%s data length' % (path or 'root'), str)
        if path == '/zookeeper/config':
            f.config(length)
        elif length > 0:
            f.take(length, 'data')
        f.long('acl', lambda v: '-1, everybody may do everything' if v == -1 else 'list %d' % v)
        czxid = f.long('czxid', hexed)
        mzxid = f.long('mzxid', hexed)
        f.long('ctime', 'ms [varies]' if czxid else str)
        if path == '/zookeeper/config':
            f.long('mtime', 'ms, when this peer put its config here [varies]')
        else:
            f.long('mtime', 'ms [varies]' if mzxid else str)
        for name in ('version', 'cversion', 'aversion'):
            f.int(name, str)
        owner = f.long('ephemeralOwner', 'none')
        if owner != 0:
            mark = {0x80: 'a container', 0xff: 'a TTL'}.get(owner >> 56 & 0xff)
            f.lines[-1][1] = 'ephemeralOwner, %s' % (mark or 'a session [varies]')
        f.long('pzxid', hexed)


def seal(f):
    want = zlib.adler32(f.raw[:f.at])
    assert f.long('seal', 'Adler-32 of all bytes so far, mtime included [varies]') == want
    assert f.text('end of seal') == '/'


def snapshot_file(raw):
    f = Fields(raw)
    f.take(4, 'magic, "ZKSN"')
    f.int('version', str)
    f.long('dbid', str)
    snapshot_body(f)
    seal(f)
    zxid = f.long('digest zxid', hexed)
    f.int('digest version', str)
    f.long('digest of the tree', 'after that transaction [varies]' if zxid
           else '0, no transaction was applied since the load')
    seal(f)
    return f


TYPES = {1: 'create', 2: 'delete', 5: 'setData', 7: 'setACL', 13: 'check', 14: 'multi', 15: 'create2', 16: 'reconfig',
         19: 'createContainer', 20: 'deleteContainer', 21: 'createTTL', -1: 'error', -10: 'createSession',
         -11: 'closeSession'}


def type_name(number):
    return '%d, %s' % (number, TYPES[number])


def buffer(f, name):
    length = f.int('%s length' % name, str)
    if length > 0:
        f.take(length, name)


def txn_record(f, kind):
    """The record of a transaction or of an operation of a multi."""
    kind = TYPES[kind]
    if kind == 'createSession':
        f.int('timeOut', lambda v: '%d ms' % v)
    elif kind == 'closeSession':
        for _ in range(f.int('paths to delete', str)):
            f.text('path')
    elif kind == 'error':
        f.int('err', str)
    elif kind == 'multi':
        for _ in range(f.int('operations', str)):
            inner = f.int('type', type_name)
            end = f.int('operation length', str) + f.at
            txn_record(f, inner)
            assert f.at == end
    else:
        f.text('path')
        if kind.startswith('create') or kind in ('setData', 'reconfig'):
            buffer(f, 'data')
        if kind.startswith('create') or kind == 'setACL':
            acl_list(f)
        if kind in ('create', 'create2'):
            f.take(1, 'ephemeral')
        if kind.startswith('create'):
            f.int('parentCVersion', str)
        if kind == 'createTTL':
            f.long('ttl', lambda v: '%d ms' % v)
        if kind in ('setData', 'reconfig', 'setACL', 'check'):
            f.int('version', str)


def log_file(raw):
    """The header and all entries; what is preallocated behind them is left out."""
    f = Fields(raw)
    f.take(4, 'magic, "ZKLG"')
    f.int('version', str)
    f.long('dbid', str)
    while int.from_bytes(raw[f.at + 8:f.at + 12], 'big') != 0:
        crc = f.long('checksum', 'Adler-32 of the transaction [varies]')
        length = f.int('length', str)
        end = f.at + length
        assert crc == zlib.adler32(raw[f.at:end])
        f.long('session', 'made from the time [varies]')
        f.int('cxid', str)
        f.long('zxid', hexed)
        f.long('time', 'ms [varies]')
        txn_record(f, f.int('type', type_name))
        if f.at < end:
            f.int('digest version', str)
            f.long('digest of the tree', 'behind this transaction [varies]')
        assert f.at == end
        f.take(1, 'end of the entry, "B"')
    f.raw = f.raw[:f.at]
    return f


# ---- the wire ----------------------------------------------------------------------------------

def listen(port, host='127.0.0.1'):
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen(50)
    s.settimeout(SECONDS)
    return s


def accept(server):
    s, _ = server.accept()
    s.settimeout(SECONDS)
    return s


def receive(s, count):
    data = b''
    while len(data) < count:
        more = s.recv(count - len(data))
        if not more:
            raise EOFError('closed after %d of %d bytes' % (len(data), count))
        data += more
    return data


def receive_initial_message(s):
    head = receive(s, 20)
    return head + receive(s, struct.unpack('>i', head[16:])[0])


def receive_notification(s):
    length = receive(s, 4)
    return length + receive(s, struct.unpack('>i', length)[0])


def dial_election(sid, as_sid):
    """Connects to the election port of server sid and introduces us as a server with a larger id."""
    s = socket.create_connection(('127.0.0.1', ELECTION_PORT + sid), SECONDS)
    address = b'127.0.0.1:%d' % (ELECTION_PORT + as_sid)
    s.sendall(struct.pack('>qqi', -65536, as_sid, len(address)) + address)
    return s


def ask(sid, as_sid, state):
    """Sends server sid a LOOKING vote and returns its first answer in the given state and with an epoch."""
    with dial_election(sid, as_sid) as s:
        vote = struct.pack('>iqqqqii', LOOKING, as_sid, 0, 1, 0, 2, 0)
        s.sendall(struct.pack('>i', len(vote)) + vote)
        while True:
            raw = receive_notification(s)
            got_state, epoch = struct.unpack('>i', raw[4:8])[0], struct.unpack('>q', raw[32:40])[0]
            if got_state == state and epoch > 0:
                return raw


class Tap:
    """Passes bytes between a learner that dials tap_port and the leader, unchanged, and keeps a copy.

    `sessions` holds one (learner's bytes, leader's bytes) for every connection."""

    def __init__(self, tap_port, leader_port):
        self.sessions, self.leader_port, self.server = [], leader_port, listen(tap_port)
        self.server.settimeout(None)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                learner, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.pass_on, args=(learner,), daemon=True).start()

    def pass_on(self, learner):
        end = time.monotonic() + SECONDS
        while True:  # the learner may be faster than the leader's bind; it must not see us hang up for that
            try:
                leader = socket.create_connection(('127.0.0.1', self.leader_port))
                break
            except OSError:
                if time.monotonic() > end:
                    learner.close()
                    return
                time.sleep(0.02)
        session = (bytearray(), bytearray())
        self.sessions.append(session)
        threading.Thread(target=self.pump, args=(learner, leader, session[0]), daemon=True).start()
        self.pump(leader, learner, session[1])

    @staticmethod
    def pump(source, sink, copy):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                copy += data
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


def cut_stream(raw):
    """All whole packets of one direction, as (name, Fields); a SNAP's body comes as ('body', Fields)."""
    f, packets = Fields(raw), []
    try:
        while f.at < len(f.raw):
            start = len(f.lines)
            name = quorum_packet(f)
            packets.append((name, f.part(start)))
            if name == 'SNAP':
                start = len(f.lines)
                snapshot_body(f)
                assert f.text('signature') == 'BenWasHere'
                packets.append(('body', f.part(start)))
    except EOFError:
        pass  # the connection ended inside a packet
    return packets


def pick(packets, name, nth=0):
    return [f for got, f in packets if got == name][nth]


# ---- Java peers --------------------------------------------------------------------------------

def server_lines(observers=(), tapped=None):
    """The server lines of servers 1, 2 and 3; `tapped` is the sid whose quorum port is replaced by the tap's."""
    return ['server.%d=127.0.0.1:%d:%d%s' % (
        sid, (TAP_PORT if sid == tapped else QUORUM_PORT) + sid, ELECTION_PORT + sid,
        ':observer' if sid in observers else '') for sid in (1, 2, 3)]


class JavaPeer:
    """A Java peer under `work`/<sid>, in the foreground of a process of its own."""

    def __init__(self, work, sid, lines, *jvm_options):
        self.sid, self.dir = sid, os.path.join(work, str(sid))
        self.data, self.log = os.path.join(self.dir, 'data'), os.path.join(self.dir, 'log')
        os.makedirs(self.data, exist_ok=True)
        with open(os.path.join(self.data, 'myid'), 'w') as f:
            f.write('%d\n' % sid)
        with open(os.path.join(self.dir, 'zoo.cfg'), 'w') as f:
            f.write('tickTime=500\ninitLimit=10\nsyncLimit=5\ndataDir=%s\nclientPort=%d\n' % (
                self.data, CLIENT_PORT + sid))
            f.write('clientPortAddress=127.0.0.1\nadmin.enableServer=false\n4lw.commands.whitelist=*\n')
            f.write('\n'.join(lines) + '\n')
        self.process, self.jvm_options = None, jvm_options
        self.start()

    def start(self):
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen([JAVA_NODE, os.path.join(self.dir, 'zoo.cfg'), *self.jvm_options],
                                            cwd=self.dir, stdout=log, stderr=log, start_new_session=True)
        running.append(self)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        if self in running:
            running.remove(self)

    def wait_log(self, pattern):
        """Waits until the log has such a line: to ask the peer itself would change its counters."""
        end = time.monotonic() + SECONDS
        while True:
            with open(self.log) as log:
                if re.search(pattern, log.read()):
                    return
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit('peer %d never said "%s"; its log: %s' % (self.sid, pattern, self.log))
            time.sleep(0.02)

    def word(self, word):
        with socket.create_connection(('127.0.0.1', CLIENT_PORT + self.sid), SECONDS) as s:
            s.sendall(word.encode())
            answer = b''
            while True:
                more = s.recv(65536)
                if not more:
                    return answer.decode()
                answer += more

    def file(self, name):
        with open(os.path.join(self.data, 'version-2', name), 'rb') as f:
            return f.read()


running = []  # peers that must not survive us


# ---- golden files ------------------------------------------------------------------------------

class Golden:
    """Writes the files of one capture to a directory."""

    def __init__(self, directory):
        self.directory = directory

    def write(self, name, title, fields):
        assert b''.join(chunk for chunk, _ in fields.lines) == fields.raw and fields.at == len(fields.raw), name
        width = max(16, min(40, max(2 * len(chunk) for chunk, _ in fields.lines)))
        with open(os.path.join(self.directory, name + '.hex'), 'w') as f:
            f.write('# %s\n# %d bytes from Java ZooKeeper 3.8.0; README.md says how they were captured.\n' % (
                title, len(fields.raw)))
            for chunk, comment in fields.lines:
                f.write('%-*s   # %s\n' % (width, chunk.hex(), comment))
        print('%s.hex: %d bytes' % (name, len(fields.raw)))

    def write_words(self, role, peer):
        os.makedirs(os.path.join(self.directory, '4lw'), exist_ok=True)
        for word in WORDS:
            text = neutral(peer.word(word), peer)
            with open(os.path.join(self.directory, '4lw', '%s.%s.txt' % (role, word)), 'w', newline='') as f:
                f.write(text)
        print('4lw/%s.*.txt: %d words' % (role, len(WORDS)))


def neutral(text, peer):
    """Takes this machine out of a text; README.md lists what is replaced."""
    text = text.replace(peer.data, '/data').replace('user.dir=' + peer.dir, 'user.dir=/')
    for key, value in (('host.name', 'localhost'), ('os.version', '6.1.0'), ('user.name', 'zookeeper'),
                       ('user.home', '/home/zookeeper')):
        text = re.sub(r'(?m)^%s=.*$' % re.escape(key), '%s=%s' % (key, value), text)
    return re.sub(r'(?m)^ /127\.0\.0\.1:\d+\[', ' /127.0.0.1:50000[', text)


# ---- the captures ------------------------------------------------------------------------------

def capture_looking_peer(work, golden):
    """Server 1 of three, alone: it dials server 3 (us, listening), then we dial it as server 3."""
    with listen(ELECTION_PORT + 3) as server:
        peer = JavaPeer(work, 1, server_lines())
        with accept(server) as s:
            raw = receive_initial_message(s)
    golden.write('initial_message_v1', 'Initial message of server 1, protocol V1, IPv4.', initial_message(raw))
    with dial_election(1, as_sid=3) as s:
        golden.write('notification_looking', 'Server 1 of three, LOOKING, votes for itself in its first round.',
                     notification(receive_notification(s)))
    golden.write_words('looking', peer)
    peer.stop()


def capture_dialled(work, golden, name, title, lines, *jvm_options, host='127.0.0.1'):
    """Server 2 dials server 1 (us, listening): its initial message."""
    with listen(ELECTION_PORT + 1, host) as server:
        peer = JavaPeer(work, 2, lines, *jvm_options)
        with accept(server) as s:
            golden.write(name, title, initial_message(receive_initial_message(s)))
    peer.stop()


def capture_vote(work, golden, name, title, lines, as_sid):
    """We dial server 1, which is alone and LOOKING: its vote, for the config text."""
    peer = JavaPeer(work, 1, lines)
    peer.wait_log('Notification: my state:LOOKING; n.sid:1,')
    with dial_election(1, as_sid) as s:
        golden.write(name, title, notification(receive_notification(s)))
    peer.stop()


def capture_initial_messages(work, golden):
    capture_dialled(os.path.join(work, 'ipv6'), golden, 'initial_message_v1_ipv6',
                    'Initial message of server 2, protocol V1, configured as [::1].',
                    [line.replace('127.0.0.1', '[::1]') for line in server_lines()], host='::1')
    capture_dialled(os.path.join(work, 'v2_single'), golden, 'initial_message_v2_single',
                    'Initial message of server 2 with multiAddress.enabled=true, protocol V2, one address.',
                    ['multiAddress.enabled=true'] + server_lines())
    three = server_lines()  # Java reads a list only if the JVM option says so, too
    three[1] = 'server.2=127.0.0.1:24282:24382|127.0.0.2:24284:24384|127.0.0.3:24286:24386'
    capture_dialled(os.path.join(work, 'v2_three'), golden, 'initial_message_v2_three',
                    'Initial message of server 2, protocol V2, three addresses configured as .1|.2|.3: hash order.',
                    ['multiAddress.enabled=true'] + three, '-Dzookeeper.multiAddress.enabled=true')


def capture_config_texts(work, golden):
    capture_vote(os.path.join(work, 'hierarchical'), golden, 'notification_hierarchical',
                 'Vote of server 1, LOOKING; groups 1:2 and 3, weight.1=2 given, the others filled in by Java.',
                 server_lines() + ['group.1=1:2', 'group.2=3', 'weight.1=2'], as_sid=3)
    capture_vote(os.path.join(work, 'hash_order'), golden, 'notification_hash_order',
                 'Vote of server 1, LOOKING; members 1, 2, 16, 17, 33 in the order of a Java HashMap.',
                 ['server.%d=127.0.0.1:%d:%d' % (sid, 24281 + i, 24381 + i) for i, sid in
                  enumerate((1, 2, 16, 17, 33))], as_sid=33)


def capture_observer_looking(work, golden):
    """Server 3, an observer, dials server 1 (us, listening) and sends its first vote."""
    with listen(ELECTION_PORT + 1) as server:
        peer = JavaPeer(work, 3, server_lines(observers=(3,)))
        with accept(server) as s:
            receive_initial_message(s)
            golden.write('notification_observer_looking', 'First vote of server 3, an observer, LOOKING: it votes for '
                         'nobody.', notification(receive_notification(s)))
    peer.stop()


def capture_ensemble(work, golden):
    """Servers 1 and 2 form an ensemble; we ask as server 3; then a real server 3 joins late and gets a snapshot."""
    peers = {sid: JavaPeer(work, sid, server_lines()) for sid in (1, 2)}
    peers[2].wait_log('Peer state changed: leading - broadcast')
    peers[1].wait_log('Peer state changed: following - broadcast')
    golden.write('notification_following', 'Answer of server 1, FOLLOWING server 2, to a LOOKING server 3.',
                 notification(ask(1, 3, FOLLOWING)))
    golden.write('notification_leading', 'Answer of server 2, LEADING, to a LOOKING server 3.',
                 notification(ask(2, 3, LEADING)))
    peers[3] = JavaPeer(work, 3, server_lines())
    peers[3].wait_log('Peer state changed: following - broadcast')
    golden.write_words('leader', peers[2])
    golden.write_words('follower', peers[1])
    golden.write('snapshot.0', 'File version-2/snapshot.0 of server 1: the empty tree, written at its first start.',
                 snapshot_file(peers[1].file('snapshot.0')))
    golden.write('snapshot.100000000', 'File version-2/snapshot.100000000 of server 3: written after it joined late '
                 'and got SNAP.', snapshot_file(peers[3].file('snapshot.100000000')))
    for name in ('acceptedEpoch', 'currentEpoch'):
        raw = peers[3].file(name)
        fields = Fields(raw)
        fields.take(len(raw), 'epoch, decimal text without a line end, "%s"' % raw.decode())
        golden.write(name, 'File version-2/%s of server 3 in epoch 1.' % name, fields)
    for peer in peers.values():
        peer.stop()


def capture_observer(work, golden):
    """Server 3 observes servers 1 and 2: its words and its answer; then once more from nothing, through a tap."""
    peers = [JavaPeer(work, sid, server_lines(observers=(3,))) for sid in (1, 2, 3)]
    observer = peers[2]
    observer.wait_log('Peer state changed: observing - broadcast')
    golden.write_words('observer', observer)
    golden.write('notification_observing', 'Answer of server 3, an observer, OBSERVING server 2, to a stranger 9 that '
                 'is LOOKING.', notification(ask(3, 9, OBSERVING)))
    observer.stop()
    shutil.rmtree(os.path.join(observer.data, 'version-2'))
    tap = Tap(TAP_PORT + 2, QUORUM_PORT + 2)
    peers[2] = JavaPeer(work, 3, server_lines(observers=(3,), tapped=2))
    peers[2].wait_log('Peer state changed: observing - broadcast')
    golden.write('observerinfo', 'OBSERVERINFO of server 3, an observer that never accepted an epoch.',
                 pick(cut_stream(tap.sessions[0][0]), 'OBSERVERINFO'))
    tap.close()
    for peer in peers:
        peer.stop()


def wait_for_packet(tap, session, direction, name):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if len(tap.sessions) > session:
            packets = cut_stream(bytes(tap.sessions[session][direction]))
            if any(got == name for got, _ in packets):
                return packets
        time.sleep(0.05)
    raise SystemExit('no %s was seen on connection %d' % (name, session))


def capture_quorum_packets(work, golden):
    """Servers 1 and 3 form an ensemble, 1 through a tap; 2 joins; 1 is restarted in the same epoch."""
    tap = Tap(TAP_PORT + 3, QUORUM_PORT + 3)
    leader = JavaPeer(work, 3, server_lines())
    learner = JavaPeer(work, 1, server_lines(tapped=3))
    from_learner = wait_for_packet(tap, 0, 0, 'PING')
    from_leader = wait_for_packet(tap, 0, 1, 'PING')
    for name, title, packets, kind, nth in (
            ('followerinfo', 'FOLLOWERINFO of server 1, which never accepted an epoch.', from_learner, 'FOLLOWERINFO', 0),
            ('leaderinfo', 'LEADERINFO for epoch 1.', from_leader, 'LEADERINFO', 0),
            ('ackepoch', 'ACKEPOCH of a new server, last zxid 0.', from_learner, 'ACKEPOCH', 0),
            ('diff', 'DIFF at formation: both have nothing.', from_leader, 'DIFF', 0),
            ('newleader', 'NEWLEADER of epoch 1 with the config text.', from_leader, 'NEWLEADER', 0),
            ('ack_newleader', 'ACK of NEWLEADER.', from_learner, 'ACK', 0),
            ('uptodate', 'UPTODATE.', from_leader, 'UPTODATE', 0),
            ('ack_uptodate', 'ACK of UPTODATE: the same bytes as the ACK of NEWLEADER.', from_learner, 'ACK', 1),
            ('ping', 'PING of the leader.', from_leader, 'PING', 0),
            ('ping_reply', 'PING as a learner answers it: data is empty, never null.', from_learner, 'PING', 0)):
        golden.write(name, title, pick(packets, kind, nth))

    other = JavaPeer(work, 2, server_lines())
    other.wait_log('Peer state changed: following - broadcast')
    learner.stop()
    learner.start()
    from_learner = wait_for_packet(tap, 1, 0, 'PING')
    from_leader = cut_stream(tap.sessions[1][1])
    golden.write('followerinfo_epoch_1', 'FOLLOWERINFO of server 1, which accepted epoch 1.',
                 pick(from_learner, 'FOLLOWERINFO'))
    golden.write('ackepoch_same_epoch', 'ACKEPOCH of a server that had accepted this very epoch before.',
                 pick(from_learner, 'ACKEPOCH'))
    golden.write('snap', 'SNAP, the packet before the snapshot body.', pick(from_leader, 'SNAP'))
    golden.write('snap_body_empty_tree', 'What follows SNAP, unframed: the empty tree, then the signature.',
                 pick(from_leader, 'body'))
    tap.close()
    for peer in (leader, learner, other):
        peer.stop()


class Client:
    """A session that writes, as far as capture_writes needs one."""

    def __init__(self, sid):
        self.socket, self.xid = socket.create_connection(('127.0.0.1', CLIENT_PORT + sid), SECONDS), 0
        self.send(struct.pack('>iqiqi', 0, 0, 8000, 0, 16) + bytes(16) + b'\0')
        self.reply()

    def send(self, request):
        self.socket.sendall(struct.pack('>i', len(request)) + request)

    def reply(self):
        return receive(self.socket, int.from_bytes(receive(self.socket, 4), 'big'))

    def code(self, opcode, body):
        self.xid += 1
        self.send(struct.pack('>ii', self.xid, opcode) + body)
        return int.from_bytes(self.reply()[12:16], 'big', signed=True)

    def request(self, opcode, body, err=0):
        assert self.code(opcode, body) == err, body

    def wait_gone(self, path):
        end, xid = time.monotonic() + SECONDS, self.xid
        while self.code(3, self.bytes(path.encode()) + b'\0') != -101:
            assert time.monotonic() < end, path
            time.sleep(0.02)
            self.xid = xid  # the next write has the same number each time

    @staticmethod
    def bytes(value):
        return struct.pack('>i', -1) if value is None else struct.pack('>i', len(value)) + value

    @classmethod
    def acl_list(cls, acl):
        return struct.pack('>i', len(acl)) + b''.join(
            struct.pack('>i', perms) + cls.bytes(scheme) + cls.bytes(who) for perms, scheme, who in acl)

    @classmethod
    def create_body(cls, path, data=b'', acl=((31, b'world', b'anyone'),), flags=0, ttl=None):
        return (cls.bytes(path.encode()) + cls.bytes(data) + cls.acl_list(acl) + struct.pack('>i', flags)
                + (b'' if ttl is None else struct.pack('>q', ttl)))

    @classmethod
    def path_body(cls, path, data=b'', version=-1):
        """Of setData, and of delete and check, which have no data."""
        return cls.bytes(path.encode()) + data + struct.pack('>i', version)

    @staticmethod
    def multi_body(*operations):
        return b''.join(struct.pack('>ibi', opcode, 0, -1) + body for opcode, body in operations) + struct.pack(
            '>ibi', -1, 1, -1)

    def create(self, path, data=b'', acl=((31, b'world', b'anyone'),), ephemeral=False):
        self.request(1, self.create_body(path, data, acl, int(ephemeral)))

    def set_data(self, path, data):
        self.request(5, self.path_body(path, self.bytes(data)))

    def delete(self, path):
        self.request(2, self.path_body(path))


def capture_writes(work, golden):
    """A server of its own gets all kinds of nodes, is killed, and takes a snapshot of them when it starts again."""
    peer = JavaPeer(work, 1, [])
    peer.wait_log('Using checkIntervalMs=')
    client = Client(1)
    client.create('/many')
    for i in range(14):  # the hash table of the children grows from 8 to 32
        client.create('/many/n%d' % i, b'%d' % i)
    for i in range(4):  # lists 3, 4, 5, 6, of which 4 is given up again
        client.create('/acl%d' % i, acl=((31, b'ip', b'10.0.0.%d' % i), (1, b'world', b'anyone')))
    client.delete('/acl1')
    client.create('/\u00fcml\u00e4ut', '\u20ac'.encode())
    for path in ('/a', '/a/b', '/a/b/c'):
        client.create(path)
    client.set_data('/a/b', b'once')
    client.set_data('/a/b', b'twice')
    client.set_data('/a', None)
    others = [Client(1) for _ in range(2)]
    for i, other in enumerate([client] + others):
        other.create('/ephemeral%d' % i, ephemeral=True)
    peer.process.kill()  # a server that is told to stop has time to close the sessions
    peer.stop()
    peer.start()
    peer.wait_log('Using checkIntervalMs=')
    last = max(int(name.split('.')[1], 16) for name in os.listdir(os.path.join(peer.data, 'version-2'))
               if name.startswith('snapshot.'))
    golden.write('snapshot_with_writes', 'File version-2/snapshot.%x of a server of its own: sessions, ACLs, children '
                 'in hash order, ephemerals, null data.' % last, snapshot_file(peer.file('snapshot.%x' % last)))
    peer.stop()


def capture_transactions(work, golden):
    """An ensemble of one writes transactions of every type into its log, each with its digest."""
    peer = JavaPeer(work, 1, ['server.1=127.0.0.1:%d:%d;127.0.0.1:%d' % (QUORUM_PORT + 1, ELECTION_PORT + 1,
                                                                         CLIENT_PORT + 1),
                              'standaloneEnabled=false', 'reconfigEnabled=true'],
                    '-Dzookeeper.extendedTypesEnabled=true', '-Dzookeeper.skipACL=yes', '-Dznode.container.checkIntervalMs=250')
    peer.wait_log('leading - broadcast')
    client = Client(1)
    client.create('/a', b'one')
    client.request(1, client.create_body('/a'), -110)  # an error
    client.set_data('/a', b'two')
    client.set_data('/a', None)
    client.request(15, client.create_body('/a/b', None, ((31, b'ip', b'10.0.0.1'), (1, b'world', b'anyone'))))
    client.request(1, client.create_body('/a/sequence-', b'', flags=2))
    client.request(7, client.bytes(b'/a/b') + client.acl_list(((1, b'world', b'anyone'),)) + struct.pack('>i', -1))
    client.request(21, client.create_body('/a/ttl', b'soon', flags=5, ttl=3600000))
    client.request(19, client.create_body('/box', b'', flags=4))
    client.create('/box/child')
    client.create('/a/mine', b'ephemeral', ephemeral=True)
    client.request(15, client.create_body('/a/mine-too', b'', flags=1))
    client.request(14, client.multi_body((13, client.path_body('/a', version=2)), (1, client.create_body('/m', b'1')),
                                         (5, client.path_body('/m', client.bytes(b'2'))), (1, client.create_body('/m/n')),
                                         (2, client.path_body('/m/n')), (1, client.create_body('/m/e', flags=1)),
                                         (19, client.create_body('/m/box', flags=4)),
                                         (21, client.create_body('/m/ttl', flags=5, ttl=1000000))))
    client.request(14, client.multi_body((1, client.create_body('/f', b'never')), (2, client.path_body('/none')),
                                         (2, client.path_body('/a'))))
    client.delete('/a/b')
    client.delete('/box/child')
    client.wait_gone('/box')  # a container goes when its last child has gone
    other = Client(1)
    other.create('/theirs', ephemeral=True)
    other.request(-11, b'')
    for path, data in (('', b''), ('/zookeeper_limits', b'count=9,bytes=-1'), ('/zookeeper_stats', b'count=0,bytes=0')):
        client.create('/zookeeper/quota/a' + path, data)
    client.create('/a/counted', b'12345')
    client.request(16, client.bytes(b'server.9=127.0.0.1:%d:%d:observer;127.0.0.1:%d' % (
        QUORUM_PORT + 9, ELECTION_PORT + 9, CLIENT_PORT + 9)) + client.bytes(None) * 2 + struct.pack('>q', -1))
    client.create('/last')
    client.request(-11, b'')
    peer.stop()
    log = peer.file('log.100000001')
    peer.start()
    peer.wait_log('leading - broadcast')
    peer.stop()
    last = 'snapshot.10000001c'
    golden.write('snapshot_of_every_type', 'File version-2/%s of the same server, which has replayed that log.' % last,
                 snapshot_file(peer.file(last)))
    golden.write('log_with_every_type', 'File version-2/log.100000001 of an ensemble of one, without the zeros behind its '
                 'last entry: transactions of every type that 3.8.0 writes.', log_file(log))


CAPTURES = (('looking', capture_looking_peer), ('initial_messages', capture_initial_messages),
            ('config_texts', capture_config_texts), ('observer_looking', capture_observer_looking),
            ('ensemble', capture_ensemble), ('observer', capture_observer),
            ('quorum_packets', capture_quorum_packets), ('writes', capture_writes), ('transactions', capture_transactions))


# ---- comparing with what is there --------------------------------------------------------------

def essence(path):
    """What must not differ from capture to capture: bytes that do not vary; of texts, the names of the lines."""
    with open(path, newline='') as f:
        lines = f.read().split('\n')
    if path.endswith('.hex'):
        return [line for line in lines if '[varies]' not in line]
    # A leader knows how long a learner's packets take only when that learner has sent one.
    return [re.split('[\t=:]', line)[0] for line in lines if 'learner_handler_qp_time_ms' not in line]


def compare(old, new):
    """Prints every file that differs; returns how many."""
    def names(top):
        return {os.path.relpath(os.path.join(d, f), top) for d, _, files in os.walk(top) for f in files
                if f.endswith(('.hex', '.txt'))}
    bad = 0
    for name in sorted(names(old) | names(new)):
        paths = [os.path.join(top, name) for top in (old, new)]
        if not all(os.path.exists(p) for p in paths):
            verdict = 'only in %s' % (old if os.path.exists(paths[0]) else 'the new capture')
        elif essence(paths[0]) != essence(paths[1]):
            verdict = 'differs'
        else:
            continue
        bad += 1
        print('%s: %s' % (name, verdict))
    return bad


def main():
    parser = argparse.ArgumentParser(prog='capture.sh', description='Captures golden bytes from Java ZooKeeper 3.8.0 '
                                     'into tests/golden. Takes about 20 seconds; needs ports 24181-24393 of 127.0.0.1.')
    parser.add_argument('--check', action='store_true', help='write nothing; say whether a new capture agrees with '
                        'the files that are there, but for the fields marked [varies]')
    parser.add_argument('--keep', action='store_true', help='keep the peers\' directories and say where they are')
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = tempfile.mkdtemp(prefix='zkpeer-capture.')
    out = os.path.join(work, 'golden') if options.check else GOLDEN
    os.makedirs(out, exist_ok=True)
    bad = 0
    try:
        for name, capture in CAPTURES:
            capture(os.path.join(work, name), Golden(out))
        if options.check:
            bad = compare(GOLDEN, out)
            print('%d files differ' % bad if bad else 'the new capture agrees with tests/golden')
    except KeyboardInterrupt:
        bad = 130
    except (OSError, EOFError) as error:
        print('capture.sh: %s: %s' % (name, error), file=sys.stderr)
        bad = 1
    finally:
        for peer in list(running):
            peer.stop()
        if options.keep:
            print('kept: ' + work)
        else:
            shutil.rmtree(work)
    return 130 if bad == 130 else min(bad, 1)


if __name__ == '__main__':
    sys.exit(main())
