#!/usr/bin/env python3
"""Captures data directories of real Java ZooKeeper 3.8.0 peers, as they stand after kill -9, for tests/golden/data. Run it by
scripts/golden/capture_data.sh.

Three peers form an ensemble; clients send every kind of transaction; the leader is killed, so that a new epoch begins, and
comes back. The files of one follower are kept, each packed by itself, because a log is mostly zeros.
"""
import argparse
import gzip
import os
import re
import shutil
import struct
import sys
import tempfile
import time

from capture import Client, JavaPeer, running, server_lines

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, '..', '..', 'tests', 'golden', 'data')
CREATE, DELETE, SET_DATA, SET_ACL, CHECK, MULTI, CREATE2, CONTAINER, TTL = 1, 2, 5, 7, 13, 14, 15, 19, 21


class Writer(Client):
    """A client that can send every kind of write."""

    def may_fail(self, opcode, body):
        self.xid += 1
        self.send(struct.pack('>ii', self.xid, opcode) + body)
        return int.from_bytes(self.reply()[12:16], 'big', signed=True)

    def multi(self, *operations):
        body = b''.join(struct.pack('>i?i', opcode, False, -1) + record for opcode, record in operations)
        return self.may_fail(MULTI, body + struct.pack('>i?i', -1, True, -1))

    def every_kind(self, top):
        self.create(top, b'x' * 40)
        self.request(CREATE2, self.create_body(top + '/two', b'stat'))
        self.request(CREATE, self.create_body(top + '/sequence-', b'', flags=2))
        self.request(CONTAINER, self.create_body(top + '/container', b'', flags=4))
        self.request(TTL, self.create_body(top + '/ttl', b'soon', flags=5, ttl=3600000))
        self.create(top + '/mine', b'session', ephemeral=True)
        self.create(top + '/null', None)
        self.create(top + '/ümläut', '€'.encode())
        self.create(top + '/large', bytes(range(256)) * 40)
        self.set_data(top, b'changed')
        self.request(SET_ACL, self.bytes((top + '/two').encode()) + self.acl_list(((31, b'ip', b'10.0.0.1'), (1, b'world', b'anyone'))) +
                     struct.pack('>i', -1))
        self.delete(top + '/null')
        assert self.may_fail(CREATE, self.create_body(top)) == -110
        assert self.multi((CREATE, self.create_body(top + '/multi', b'a')),
                          (SET_DATA, self.bytes((top + '/multi').encode()) + self.bytes(b'b') + struct.pack('>i', 0)),
                          (CHECK, self.bytes(top.encode()) + struct.pack('>i', 1))) == 0
        self.multi((CREATE, self.create_body(top + '/never', b'a')),
                   (DELETE, self.bytes((top + '/missing').encode()) + struct.pack('>i', -1)))


def leader_of(peers):
    for peer in peers:
        if 'Mode: leader' in peer.word('srvr'):
            return peer
    return None


def wait_for_leader(peers, end):
    while time.monotonic() < end:
        try:
            leader = leader_of(peers)
            if leader is not None and all('Mode:' in peer.word('srvr') for peer in peers):
                return leader
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit('no leader')


def keep(peer, name, drop=()):
    """Packs the files of a peer that does not run into tests/golden/data/NAME."""
    target = os.path.join(DATA, name)
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    source = os.path.join(peer.data, 'version-2')
    for file in sorted(os.listdir(source)):
        if any(re.fullmatch(pattern, file) for pattern in drop):
            continue
        with open(os.path.join(source, file), 'rb') as f, open(os.path.join(target, file + '.gz'), 'wb') as raw, \
                gzip.GzipFile('', 'wb', 9, raw, 0) as packed:
            shutil.copyfileobj(f, packed)
    print('%s: %s' % (name, ' '.join(sorted(os.listdir(target)))))


def capture_epochs(work):
    """Three epochs in one directory: one log file over two of them, snapshots in the middle."""
    lines = server_lines() + ['preAllocSize=16', 'snapCount=30', 'extendedTypesEnabled=true']
    peers = [JavaPeer(work, sid, lines) for sid in (1, 2, 3)]
    end = time.monotonic() + 60
    leader = wait_for_leader(peers, end)
    Writer(1).every_kind('/first')
    leader.process.kill()
    leader.stop()
    others = [peer for peer in peers if peer is not leader]
    wait_for_leader(others, end)
    writer = Writer(others[0].sid)
    writer.every_kind('/second')
    gone = Writer(others[0].sid)
    gone.create('/second/gone', ephemeral=True)
    gone.may_fail(-11, b'')
    leader.start()
    wait_for_leader(peers, end)
    for i in range(25):
        writer.create('/second/n%d' % i, b'%d' % i)
    time.sleep(1)  # a snapshot may still be on its way
    kept = others[0]
    for peer in peers:
        peer.process.kill()
        peer.stop()
    keep(kept, 'epochs')
    # The same peer starts once more and writes into a third file.
    peers = [JavaPeer(work, sid, lines) for sid in (1, 2, 3)]
    wait_for_leader(peers, time.monotonic() + 60)
    Writer(1).every_kind('/third')
    time.sleep(1)
    for peer in peers:
        peer.process.kill()
        peer.stop()
    keep(peers[kept.sid - 1], 'restarted')


def capture_packed(work, method):
    """A server of its own that packs its snapshots; the second one is larger than a block of snappy's, 32 KiB."""
    peer = JavaPeer(work, 1, ['preAllocSize=16', 'snapshot.compression.method=' + method])
    peer.wait_log('Using checkIntervalMs=')
    writer = Writer(1)
    writer.create('/packed', b'x' * 1000)
    if method == 'snappy':
        writer.create('/lines', b''.join(b'%d\n' % line for line in range(8000)))
    peer.process.kill()
    peer.stop()
    peer.start()
    peer.wait_log('Using checkIntervalMs=')
    peer.process.kill()
    peer.stop()
    keep(peer, method)


def capture_gz(work):
    capture_packed(work, 'gz')


def capture_snappy(work):
    capture_packed(work, 'snappy')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--keep', action='store_true')
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix='zk-golden-data-')
    try:
        for capture in (capture_epochs, capture_gz, capture_snappy):
            place = os.path.join(work, capture.__name__)
            os.makedirs(place)
            capture(place)
    finally:
        for peer in list(running):
            peer.process.kill()
            peer.stop()
        if options.keep:
            print('the peers\' directories: %s' % work)
        else:
            shutil.rmtree(work)


if __name__ == '__main__':
    sys.exit(main())
