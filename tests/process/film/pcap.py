"""Captures, without any tool: written for the tests, and read again for a recount that owes nothing to tshark."""

import collections
import glob
import os
import re
import struct

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "golden")
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16
PACKETS = (
    "- REQUEST PROPOSAL ACK COMMIT PING REVALIDATE SYNC INFORM COMMITANDACTIVATE NEWLEADER FOLLOWERINFO UPTODATE DIFF"
    " TRUNC SNAP OBSERVERINFO LEADERINFO ACKEPOCH INFORMANDACTIVATE"
).split()


def golden(name):
    with open(os.path.join(GOLDEN, name + ".hex"), encoding="ascii") as stream:
        return bytes.fromhex("".join(line.split("#")[0].strip() for line in stream))


def golden_names(prefix):
    return sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(GOLDEN, prefix + "*.hex")))


# ---- writing ----------------------------------------------------------------------------------


class Capture:
    """A pcap file of IPv4 packets between ports of 127.0.0.1, a millisecond apart where nobody pauses."""

    def __init__(self, snaplen=262144):
        self.snaplen = snaplen
        self.packets = []
        self.times = []  # of the packets, in milliseconds
        self.now = 0
        self.next_port = 40000

    def connect(self, port):
        self.next_port += 1
        return Connection(self, self.next_port, port)

    def add(self, source, target, seq, ack, flags, data=b""):
        tcp = struct.pack(">HHIIBBHHH", source, target, seq, ack, 5 << 4, flags, 65535, 0, 0)
        here = bytes((127, 0, 0, 1))
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), len(self.packets) & 0xFFFF, 0, 64, 6, 0, here, here)
        self.packets.append(ip + tcp + data)
        self.times.append(self.now)
        self.now += 1

    def pause(self, milliseconds):
        self.now += milliseconds

    def write(self, path):
        with open(path, "wb") as stream:
            stream.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, self.snaplen, 101))
            for time, packet in zip(self.times, self.packets):
                kept = packet[: self.snaplen]
                at = 1700000000000 + time
                stream.write(struct.pack("<IIII", at // 1000, at % 1000 * 1000, len(kept), len(packet)) + kept)


class Connection:
    """One TCP connection in a Capture. Data goes in segments of the given sizes, all the rest in the last one."""

    def __init__(self, capture, dialler, listener):
        self.capture, self.dialler, self.listener = capture, dialler, listener
        self.seq = {dialler: 1000, listener: 5000}  # of the next byte that is sent
        self.arrived = dict(self.seq)  # of the next byte that the other end wants
        self.swallowed = {dialler: [], listener: []}
        self.packet(dialler, SYN)
        self.packet(listener, SYN | ACK)
        self.packet(dialler, ACK)

    def packet(self, source, flags, data=b""):
        target = self.listener if source == self.dialler else self.dialler
        self.capture.add(source, target, self.seq[source], self.arrived[target], flags, data)
        self.seq[source] += len(data) + (1 if flags & (SYN | FIN) else 0)
        if not self.swallowed[source]:
            self.arrived[source] = self.seq[source]

    def swallow(self, source, data):
        """It is sent, and the network loses it."""
        self.swallowed[source].append(data)
        self.seq[source] += len(data)
        return self

    def repeat(self, source):
        """What was swallowed is sent again, and arrives. Nothing may have been sent behind it."""
        target = self.listener if source == self.dialler else self.dialler
        for data in self.swallowed[source]:
            self.capture.add(source, target, self.arrived[source], self.arrived[target], PSH | ACK, data)
            self.arrived[source] += len(data)
        assert self.arrived[source] == self.seq[source]
        self.swallowed[source] = []
        return self

    def send(self, source, data, sizes):
        for size in sizes:
            if data:
                self.packet(source, PSH | ACK, data[:size])
                data = data[size:]
        if data:
            self.packet(source, PSH | ACK, data)
        return self

    def dialler_says(self, data, sizes=()):
        return self.send(self.dialler, data, sizes)

    def listener_says(self, data, sizes=()):
        return self.send(self.listener, data, sizes)

    def close(self):
        self.packet(self.dialler, FIN | ACK)
        self.packet(self.listener, FIN | ACK)


# ---- reading ----------------------------------------------------------------------------------


def read_blocks(data):
    """Packets of a pcapng file as loopback and dumpcap write it: Ethernet, this machine's byte order."""
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            length = struct.unpack_from("<I", data, at + 20)[0]
            yield data[at + 28 : at + 28 + length]
        at += size


def read_segments(path):
    with open(path, "rb") as stream:
        data = stream.read()
    for frame in read_blocks(data):
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        header = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack_from(">H", frame, 16)[0]
        source, target, seq, _, offset, flags = struct.unpack_from(">HHIIBB", frame, header)
        yield source, target, seq, flags, frame[header + (offset >> 4) * 4 : end]


class Stream:
    """One connection: data is {source port: its bytes}."""

    def __init__(self, dialler, listener):
        self.dialler, self.listener = dialler, listener
        self.pieces = collections.defaultdict(dict)
        self.start = {}
        self.ended = False

    def take(self, source, seq, flags, data):
        if flags & SYN:
            self.start[source] = seq + 1
        self.start.setdefault(source, seq)
        self.ended = self.ended or bool(flags & (FIN | RST))
        if data:
            self.pieces[source][(seq - self.start[source]) & 0xFFFFFFFF] = data

    @property
    def data(self):
        return {port: join(parts) for port, parts in self.pieces.items()}


def streams(path, ports):
    """The connections to these ports, by own reassembly."""
    found, current = [], {}
    for source, target, seq, flags, data in read_segments(path):
        if source not in ports and target not in ports:
            continue
        key = frozenset((source, target))
        dials = flags & SYN and not flags & ACK
        if dials or key not in current:
            inbound = dials or target in ports
            current[key] = Stream(source, target) if inbound else Stream(target, source)
            found.append(current[key])
        current[key].take(source, seq, flags, data)
    return found


def join(parts):
    whole = b""
    for at in sorted(parts):
        if at > len(whole):
            raise ValueError(f"the capture lacks bytes {len(whole)} to {at} of a connection")
        whole = whole[:at] + parts[at]
    return whole


def split_election(data):
    """[(number, kind, m)], and what is left over."""
    found, number = [], 1
    if data[:4] == b"\xff\xff\xff\xff":
        size = 20 + struct.unpack_from(">i", data, 16)[0]
        found.append((0, "INITIAL", {"sid": struct.unpack_from(">q", data, 8)[0]}))
        data = data[size:]
    while len(data) >= 4 and len(data) >= 4 + struct.unpack_from(">i", data)[0]:
        size = 4 + struct.unpack_from(">i", data)[0]
        state, leader, zxid, round_number, epoch = struct.unpack_from(">iqQqq", data, 4)
        name = ("LOOKING", "FOLLOWING", "LEADING", "OBSERVING")[state]
        m = {"state": name, "leader": leader, "zxid": hex(zxid), "round": round_number, "epoch": epoch}
        found.append((number, "NOTIFICATION", m))
        number += 1
        data = data[size:]
    return found, data


def split_quorum(data):
    found, number = [], 1
    while len(data) >= 20:
        kind, zxid, length = struct.unpack_from(">iQi", data)
        at = 16 + max(length, 0)
        if struct.unpack_from(">i", data, at)[0] != -1:
            raise ValueError("authinfo: these tests make no requests")
        at += 4
        if PACKETS[kind] == "SNAP":
            end = data.index(b"\0\0\0\nBenWasHere", at)
            at = end + 14
        m = {"zxid": hex(zxid)}
        if length >= 0:
            m["data"] = length
        found.append((number, PACKETS[kind], m))
        number += 1
        data = data[at:]
    return found, data


def recount(path, directory):
    """({(conn, sent by the dialler, seq): (kind, m)}, what is left over) of a film of a cluster in directory.

    A peer may end a connection between its two writes of a message, the length and the rest (Java's SendWorker does
    two): then a head without its body stands at the end. Anything else that is left over is wrong."""
    election, quorum = set(), set()
    for name in glob.glob(os.path.join(directory, "*", "zoo.cfg")):
        with open(name, encoding="ascii") as stream:
            for first, second in re.findall(r"^server\.\d+=127\.0\.0\.1:(\d+):(\d+)", stream.read(), re.MULTILINE):
                quorum.add(int(first))
                election.add(int(second))
    found, left = {}, []
    for stream in streams(path, election | quorum):
        name = f"127.0.0.1:{stream.dialler}-127.0.0.1:{stream.listener}"
        for source, data in stream.data.items():
            messages, rest = (split_election if stream.listener in election else split_quorum)(data)
            if rest and not (stream.ended and stream.listener in election and is_head(rest)):
                left.append((name, source, rest))
            for number, kind, m in messages:
                found[name, source == stream.dialler, number] = (kind, m)
    return found, left


def is_head(data):
    """The length of a notification, and nothing else."""
    return len(data) == 4 and 40 <= struct.unpack(">i", data)[0] < 4096
