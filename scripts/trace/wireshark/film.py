#!/usr/bin/env python3
"""A capture of the server ports becomes a trace in the format of scripts/trace/FORMAT.md. film.sh calls this.

tshark and zkquorum.lua find the messages and number them; here they get their sender, their connection's name and
their thread. What no wire shows is not made up: no queue, no tally, no vote, no decision. What it shows indirectly,
the states, is marked with why = "seen on the wire".

    film.py filter DIR                              the capture filter for the cluster in DIR; empty if there is none
    film.py before DIR                              what there is before the film begins, as JSON
    film.py convert DIR CAPTURE TRACE [BEFORE]      BEFORE: that
"""

import bisect
import collections
import glob
import ipaddress
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import visits

DISSECTOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zkquorum.lua")
SEEN = "seen on the wire"
STATES = ("LOOKING", "FOLLOWING", "LEADING", "OBSERVING")
ANONYMOUS_OBSERVER = 2**63 - 1  # what an observer without an id calls itself
INTRODUCTIONS = {"FOLLOWERINFO": "FOLLOWING", "OBSERVERINFO": "OBSERVING"}
# The leader's handler writes these itself; the rest passes its queue and its Sender.
WRITTEN_BY_HANDLER = ("LEADERINFO", "SNAP")
# A message that one packet shows is received this much after it was sent, or half-way to what its receiver says next:
# that may have been caused by it.
FLIGHT_US = 40
# The kernel ends the connections of a dead process all at once; this much apart, at the most.
ALL_AT_ONCE_US = 100_000
# A peer whose kernel acknowledges what it is told, and which says nothing for this long, is frozen.
SILENCE_US = 400_000
# After that it is frozen, unless it leaves a message unread before.
SOON_US = 100_000
PORT_BLOCK = 100  # so many ports has a cluster (scripts/lib/lib.sh)


class Refusal(Exception):
    """What cannot be done, in one line for people."""


# ---- the ensemble -----------------------------------------------------------------------------


class Ensemble:
    """Who listens where: (ip, port) -> sid."""

    def __init__(self, directory):
        self.election = {}
        self.quorum = {}
        self.client = {}
        for path in sorted(glob.glob(os.path.join(glob.escape(directory), "*", "zoo.cfg"))):
            with open(path, encoding="utf-8") as stream:
                lines = [line.strip() for line in stream]
            for line in lines:
                self.read_line(line)
            self.read_client_port(os.path.basename(os.path.dirname(path)), lines)

    def read_line(self, line):
        """server.N=HOST:QUORUM:ELECTION[:ROLE][;CLIENT], and several of these joined by |."""
        match = re.match(r"server\.(\d+)\s*=\s*(.*)", line)
        if not match:
            return
        for address in match.group(2).split(";")[0].split("|"):
            parts = re.match(r"\[?([^\[\]]*?)\]?:(\d+):(\d+)(?::\w+)?$", address)
            if parts is None:
                raise Refusal(f"I cannot read the address in: {line}")
            for ip in addresses_of(parts.group(1)):
                self.quorum[ip, int(parts.group(2))] = int(match.group(1))
                self.election[ip, int(parts.group(3))] = int(match.group(1))

    def read_client_port(self, name, lines):
        """The directory of a server has its number."""
        port = next((line.split("=", 1)[1] for line in lines if re.match(r"clientPort\s*=", line)), "0").strip()
        host = next((line.split("=", 1)[1] for line in lines if re.match(r"clientPortAddress\s*=", line)), "127.0.0.1").strip()
        if name.isdigit() and port.isdigit() and port != "0":
            for ip in addresses_of(host):
                self.client[ip, int(port)] = int(name)

    def ports(self):
        return sorted({port for _, port in [*self.election, *self.quorum, *self.client]})

    def has_port(self):
        """As a filter of tshark."""
        return "(" + " or ".join(f"tcp.port=={port}" for port in self.ports()) + ")"

    def kind_of(self, address):
        return "election" if address in self.election else "quorum" if address in self.quorum else "client" if address in self.client else None

    def sid_at(self, address):
        return self.election.get(address, self.quorum.get(address, self.client.get(address)))


def addresses_of(host):
    try:
        return sorted({info[4][0] for info in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)})
    except OSError as error:
        raise Refusal(f"I cannot find {host}: {error}") from error


def address_text(address):
    """As our peers name it: Java's way to write IPv6."""
    ip = ipaddress.ip_address(address[0])
    if ip.version == 4:
        return f"{ip}:{address[1]}"
    return "[" + ":".join(f"{int(group, 16):x}" for group in ip.exploded.split(":")) + f"]:{address[1]}"


def capture_filter(directory):
    ports = Ensemble(directory).ports()
    return " or ".join(f"tcp port {port}" for port in ports)


# A film may begin before the ensemble is made; then film.sh has booked its ports. Or while it runs; then nobody
# introduces himself any more, but the kernel knows who he is.


def before(directory):
    begin = {"owners": owners(directory)}
    booked = os.path.join(directory, "film", "ports")
    if os.path.exists(booked):
        with open(booked, encoding="ascii") as stream:
            begin["ports"] = int(stream.read())
    return begin


def owners(directory):
    """"ip:port-ip:port" -> sid of the process that holds this end, for all connections of the peers."""
    found = {}
    for path in glob.glob(os.path.join(glob.escape(directory), "[0-9]*", "pid")):
        with open(path, encoding="ascii") as stream:
            process = f"/proc/{stream.read().strip()}"
        held = set()
        for link in glob.glob(f"{process}/fd/*"):
            try:
                held.add(os.readlink(link))
            except OSError:
                continue  # it has closed it meanwhile
        for table in (f"{process}/net/tcp", f"{process}/net/tcp6"):  # of its own network, if it has one
            if os.path.exists(table):
                with open(table, encoding="ascii") as stream:
                    for fields in (line.split() for line in stream.readlines()[1:]):
                        if f"socket:[{fields[9]}]" in held:
                            name = f"{kernel_address(fields[1])}-{kernel_address(fields[2])}"
                            found[name] = int(os.path.basename(os.path.dirname(path)))
    return found


def kernel_address(text):
    """127.0.0.1:8080 is 0100007F:1F90 there: words of four bytes in the machine's order."""
    words, port = text.split(":")
    data = b"".join(int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8))
    ip = ipaddress.ip_address(data)
    return address_text((str(getattr(ip, "ipv4_mapped", None) or ip), int(port, 16)))


# ---- what tshark sees -------------------------------------------------------------------------


def is_before(first, second):
    """The numbers of the bytes of TCP begin again behind 2**32."""
    return 0 < (second - first) % 2**32 < 2**31


class Packet:
    """One frame of the capture. t is in microseconds since 1970."""

    def __init__(self, row, times):
        seen = dict(zip(PACKET_FIELDS, row))
        seconds, _, fraction = seen["frame.time_epoch"].partition(".")
        self.number = int(seen["frame.number"])
        self.t = int(seconds) * 1000000 + int(fraction[:6].ljust(6, "0"))
        self.source = (seen["ip.src"] or seen["ipv6.src"], int(seen["tcp.srcport"]))
        self.target = (seen["ip.dst"] or seen["ipv6.dst"], int(seen["tcp.dstport"]))
        self.stream = int(seen["tcp.stream"])
        self.syn, self.ack, self.fin, self.rst = (
            seen[f"tcp.flags.{flag}"] in ("1", "True") for flag in ("syn", "ack", "fin", "reset")
        )
        segments = seen["tcp.segment"]
        self.seq, self.acknowledged = int(seen["tcp.seq_raw"]), int(seen["tcp.ack_raw"] or 0)
        # A SYN and a FIN have a number, too, as if they were a byte.
        self.size = int(seen["tcp.len"]) + self.syn + self.fin
        # Acknowledgements are the kernel's, not the peer's.
        self.by_kernel = seen["tcp.len"] == "0" and not (self.syn or self.fin or self.rst)
        times[self.number] = self.t
        # The first message in it may have begun in an earlier packet.
        self.begins = times.get(int(segments.split(",")[0]), self.t) if segments else self.t


PACKET_FIELDS = (
    "frame.number frame.time_epoch ip.src ipv6.src tcp.srcport ip.dst ipv6.dst tcp.dstport tcp.stream"
    " tcp.flags.syn tcp.flags.ack tcp.flags.fin tcp.flags.reset tcp.len tcp.segment"
    " tcp.seq_raw tcp.ack_raw"
).split()


def tshark(capture, ensemble, arguments):
    """Runs it with settings of its own, so that nobody's plugins and preferences change a film."""
    command = ["tshark", "-n", "-r", capture, "-X", "lua_script:" + DISSECTOR]
    named = (("zkelection", ensemble.election), ("zkquorum", ensemble.quorum), ("zkclient", ensemble.client))
    for name, listeners in named:
        command += ["-o", f"{name}.ports:" + ",".join(sorted({str(port) for _, port in listeners}))]
    command += ["-o", "tcp.reassemble_out_of_order:TRUE", *arguments]
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as words:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "WIRESHARK_CONFIG_DIR": home}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, env=environment) as process:
            yield from process.stdout
        words.seek(0)
        said = words.read().decode(errors="replace")
    # A capture that was cut off in its last packet is read up to there.
    if process.returncode != 0 and "cut short" not in said:
        raise Refusal(f"tshark cannot read {capture}: {said.strip()}")
    if "lua" in said.lower() and "error" in said.lower():
        raise Refusal(f"the dissector failed: {said.strip()}")


def read_packets(capture, ensemble):
    arguments = ["-Y", ensemble.has_port(), "-T", "fields", "-E", "separator=/t"]
    for field in PACKET_FIELDS:
        arguments += ["-e", field]
    times = {}
    return [Packet(line.decode().rstrip("\n").split("\t"), times) for line in tshark(capture, ensemble, arguments)]


class Stream:
    """The lines of a generator, for a parser that wants a file."""

    def __init__(self, lines):
        self.lines = lines

    def read(self, _size=0):
        return next(self.lines, b"")


def read_messages(capture, ensemble):
    """(number of the packet, protocol, {field: element}) of each message, in order."""
    protocols = "zkelection zkquorum zkclient"
    arguments = ["-Y", f"({protocols.replace(' ', ' or ')}) and {ensemble.has_port()}", "-T", "pdml", "-J", protocols]
    pdml = Stream(tshark(capture, ensemble, arguments))
    for _, element in xml.etree.ElementTree.iterparse(pdml):
        if element.tag != "packet":
            continue
        number = next(field.get("show") for field in element.iter("field") if field.get("name") == "num")
        for proto in element.findall("proto"):
            if proto.get("name") in ("zkelection", "zkquorum", "zkclient"):
                yield int(number), proto.get("name"), {field.get("name"): field for field in proto.iter("field")}
        element.clear()


# ---- what was said ----------------------------------------------------------------------------


def number_of(fields, name, default=None):
    return int(fields[name].get("show"), 0) if name in fields else default


def hex_of(fields, name):
    return hex(int(fields[name].get("value"), 16))


def election_message(fields):
    """(kind, m); None for what its receiver cannot read. m is what our peers write."""
    if "zkelection.sid" in fields:
        return "INITIAL", {"sid": number_of(fields, "zkelection.sid")}
    if "zkelection.odd" in fields or "zkelection.state" not in fields:
        return None
    state = number_of(fields, "zkelection.state")
    zxid = hex_of(fields, "zkelection.zxid")
    return "NOTIFICATION", {
        "state": STATES[state] if 0 <= state < len(STATES) else str(state),
        "leader": number_of(fields, "zkelection.leader"),
        "zxid": zxid,
        "round": number_of(fields, "zkelection.round"),
        "epoch": number_of(fields, "zkelection.epoch", int(zxid, 16) >> 32),
    }


def quorum_message(fields):
    name = re.search(r": (\w+) \(", fields["zkquorum.type"].get("showname")).group(1).upper()
    m = {"zxid": hex_of(fields, "zkquorum.zxid")}
    if number_of(fields, "zkquorum.data_length") >= 0:
        m["data"] = number_of(fields, "zkquorum.data_length")
    if number_of(fields, "zkquorum.authinfo") >= 0:
        m["authinfo"] = number_of(fields, "zkquorum.authinfo")
    return name, m


class Connection:
    """One TCP connection to a server port. The dialling side is known when it introduces itself."""

    def __init__(self, packet, ensemble):
        inbound = ensemble.kind_of(packet.target) is not None
        if packet.syn and packet.ack or (not packet.syn and ensemble.kind_of(packet.source)):
            inbound = False
        self.dialler_address, self.listener_address = (
            (packet.source, packet.target) if inbound else (packet.target, packet.source)
        )
        self.kind = ensemble.kind_of(self.listener_address)
        self.listener = ensemble.sid_at(self.listener_address)
        self.dialler = None
        self.name = f"{address_text(self.dialler_address)}-{address_text(self.listener_address)}"
        self.first = packet
        self.answered = None  # time of the packet that accepted it
        self.ended_by = {}  # address -> time of its FIN or RST
        self.live = False  # of a quorum connection: introduced, and not ended yet

    @property
    def began_before(self):
        return not self.first.syn

    def sids(self, source):
        """(speaker, hearer)"""
        if source == self.dialler_address:
            return self.dialler, self.listener
        return self.listener, self.dialler

    def address_of(self, sid):
        """The end that belongs to this peer, or None."""
        if sid == self.dialler:
            return self.dialler_address
        return self.listener_address if sid == self.listener else None

    def threads(self, source, kind):
        """Names of the threads that write and read this in a Java peer."""
        speaker, hearer = self.sids(source)
        if kind == "INITIAL":
            return self.first_threads()
        if self.kind == "election":
            return f"SendWorker:{hearer}", f"RecvWorker:{speaker}"
        learner = f"/{address_text(self.dialler_address)}"
        if source == self.dialler_address:
            return main_thread(speaker), f"LearnerHandler-{learner}"
        writer = "LearnerHandler" if kind in WRITTEN_BY_HANDLER else "Sender"
        return f"{writer}-{learner}", main_thread(hearer)

    def first_threads(self):
        """Who dials and who accepts."""
        there = f"/{address_text(self.listener_address)}"
        if self.kind == "election":
            return f"QuorumConnectionThread-[myid={self.dialler}]", f"ListenerHandler-{there}"
        return main_thread(self.dialler), f"LearnerCnxAcceptorHandler-{there}"


def main_thread(sid):
    return f"QuorumPeer[myid={sid}]"


class Message:
    def __init__(self, packet, begins, connection, number, said):
        self.packet, self.begins, self.connection, self.number = packet, begins, connection, number
        self.kind, self.m = said

    @property
    def reader_is_there(self):
        """Peers close both directions at once: who has ended its own reads no more."""
        return self.packet.target not in self.connection.ended_by


class Freeze:
    """A peer is frozen from one moment to another; `until` is infinite if it never speaks again."""

    def __init__(self, sid, since, until, thaws):
        self.sid, self.since, self.until, self.thaws = sid, since, until, thaws

    def covers(self, t):
        return self.since <= t < self.until


class Film:
    """Everything in a capture that concerns an ensemble."""

    def __init__(self, capture, ensemble, begin):
        self.ensemble = ensemble
        self.packets = read_packets(capture, ensemble)
        self.connections = {}
        for packet in self.packets:
            if packet.stream not in self.connections:
                self.connections[packet.stream] = Connection(packet, ensemble)
        self.visits = {key: visits.Visit(each) for key, each in self.connections.items() if each.kind == "client"}
        for packet in self.packets:
            if packet.stream in self.visits and (packet.fin or packet.rst):
                self.visits[packet.stream].end(packet)
        self.connections = {key: each for key, each in self.connections.items() if each.kind in ("election", "quorum")}
        visiting = {packet.number: packet for packet in self.packets if packet.stream in self.visits}
        self.packets = [packet for packet in self.packets if packet.stream in self.connections]
        self.malformed = 0
        self.closings = []  # (time, leader, session, cxid) of each closeSession that is proposed
        self.messages = collections.defaultdict(list)  # by number of the packet that completes them
        self.read(capture, visiting)
        for connection in self.connections.values():
            if connection.dialler is None:
                connection.dialler = begin["owners"].get(connection.name)
        self.speaks_at = collections.defaultdict(list)  # sid -> times of its packets
        for packet in self.packets:
            speaker, _ = self.connections[packet.stream].sids(packet.source)
            if not packet.by_kernel:
                self.speaks_at[speaker].append(packet.t)
        self.losses = self.find_losses()
        self.freezes = self.find_freezes()

    # ---- frozen peers -----------------------------------------------------------------------------

    def find_freezes(self):
        """A leader or a follower ends its quorum connection with a frozen peer when it has been silent for long. The
        kernel of the frozen one acknowledges that, and it says nothing still."""
        found = {}
        ended = set()
        for packet in self.packets:
            connection = self.connections[packet.stream]
            if connection.kind != "quorum" or not (packet.fin or packet.rst) or packet.stream in ended:
                continue
            ended.add(packet.stream)
            _, sid = connection.sids(packet.source)
            freeze = self.freeze_at(packet, connection, sid) if sid is not None else None
            if freeze:
                found.setdefault((sid, freeze.until), freeze)
        return list(found.values())

    def freeze_at(self, end, connection, sid):
        """Is it frozen when this packet ends the connection?"""
        t, times = end.t, self.speaks_at[sid]
        at = bisect.bisect_right(times, t)
        if not at or t - times[at - 1] < SILENCE_US:
            return None
        last, until = times[at - 1], times[at] if at < len(times) else float("inf")
        if until - t < SILENCE_US or not self.kernel_answers(sid, t, min(until, t + SILENCE_US)):
            return None
        if self.waits_for_network(sid, last, until) or self.was_cut_off(end, connection, last):
            return None
        unread = (
            message.begins
            for messages in self.messages.values()
            for message in messages
            if message.connection.sids(message.packet.source)[1] == sid and message.begins > last
        )
        thaws = at < len(times) and not self.ends_everything(sid, until)
        return Freeze(sid, min([*unread, last + SOON_US]), until, thaws)

    def find_losses(self):
        """sid -> times at which a packet shows that the network has swallowed words of this peer or for it. Each packet of
        TCP names the next byte of its sender; if that lies beyond what the other end has had, the rest is to come yet."""
        losses = collections.defaultdict(list)
        wanted = {}  # (stream, sender): its next byte that the other end has not had
        for packet in self.packets:
            mine, others = (packet.stream, packet.source), (packet.stream, packet.target)
            if mine in wanted and is_before(wanted[mine], packet.seq) and not packet.rst:
                for sid in self.connections[packet.stream].sids(packet.source):
                    losses[sid].append(packet.t)
            elif packet.size:
                end = (packet.seq + packet.size) % 2**32
                wanted[mine] = end if is_before(wanted.get(mine, packet.seq), end) else wanted[mine]
            if packet.ack and (others not in wanted or is_before(wanted[others], packet.acknowledged)):
                wanted[others] = packet.acknowledged
        return losses

    def waits_for_network(self, sid, last, until):
        """Were words of this peer, or for it, still to be sent once more while it was silent, between these moments? The
        timers of the kernels decide when: then its silence does not tell that it was frozen."""
        times = self.losses[sid]
        at = bisect.bisect_left(times, last)
        return at < len(times) and times[at] < until

    def was_cut_off(self, end, connection, last):
        """Did the network swallow what passed between the two ends of this connection? Then the end of it, which was
        sent long ago, arrives when the network heals, and the kernel acknowledges it while its peer still waits for a
        reason to speak. `last` is when that peer last spoke."""
        speaker, sid = connection.sids(end.source)
        silence = [
            message
            for messages in self.messages.values()
            for message in messages
            if last < message.begins < end.t - SOON_US and message.connection.sids(message.packet.source)[0] == speaker
        ]
        if sid == connection.dialler:
            # A leader pings each of its learners twice a tick until it gives it up, and the frozen one's kernel takes that.
            return all(message.connection is not connection for message in silence)
        # A learner ends the connection first, and looks for a leader then.
        if any(message.kind == "NOTIFICATION" and message.m["state"] == "LOOKING" for message in silence):
            return True
        # A leader that is frozen falls silent towards all its learners at once.
        here = max((p.t for p in self.packets if p.stream == end.stream and p.t <= last and self.speaks(p, sid)), default=0)
        return any(
            here + SILENCE_US < p.t <= last
            for p in self.packets
            if self.connections[p.stream].kind == "quorum" and self.speaks(p, sid)
        )

    def speaks(self, packet, sid):
        return not packet.by_kernel and self.connections[packet.stream].sids(packet.source)[0] == sid

    def kernel_answers(self, sid, since, until):
        return any(
            since < packet.t < until
            and packet.by_kernel
            and self.connections[packet.stream].sids(packet.source)[0] == sid
            for packet in self.packets
        )

    def ends_everything(self, sid, t):
        """Does the kernel end all its connections then? It was killed while it was frozen."""
        left = set()
        for packet in self.packets:
            connection = self.connections[packet.stream]
            if sid not in (connection.dialler, connection.listener):
                continue
            if packet.t < t or not (packet.fin or packet.rst):
                left.add(packet.stream) if packet.t < t else None
            elif packet.t - t <= ALL_AT_ONCE_US and connection.sids(packet.source)[0] == sid:
                left.discard(packet.stream)
        return not left

    # ---- messages ---------------------------------------------------------------------------------

    def read(self, capture, visiting):
        packets = {packet.number: packet for packet in self.packets}
        for number, protocol, fields in read_messages(capture, self.ensemble):
            if number in visiting:
                self.malformed += self.visits[visiting[number].stream].read(visiting[number], fields)
                continue
            packet = packets.get(number)
            if packet is None:
                continue
            connection = self.connections[packet.stream]
            if f"{protocol}.number" not in fields:
                self.malformed += 1
                continue
            said = election_message(fields) if protocol == "zkelection" else quorum_message(fields)
            if said is None:
                self.malformed += 1
                continue
            if said[0] == "PROPOSAL" and number_of(fields, "zkquorum.opcode") == visits.CLOSE_SESSION:
                session, cxid = visits.session_of(fields, "zkquorum.session"), number_of(fields, "zkquorum.cxid")
                self.closings.append((packet.t, connection.listener, session, cxid))
            # Only the first message of a packet can have begun in an earlier one.
            begins = packet.t if self.messages[number] else packet.begins
            seq = number_of(fields, f"{protocol}.number")
            self.messages[number].append(Message(packet, begins, connection, seq, said))
            if said[0] == "INITIAL" or said[0] in INTRODUCTIONS:
                connection.dialler = self.introduced(fields, protocol)

    def introduced(self, fields, protocol):
        sid = number_of(fields, f"{protocol}.sid")
        if sid == ANONYMOUS_OBSERVER and "zkelection.addresses" in fields:
            for text in fields["zkelection.addresses"].get("show").split("|"):
                host, _, port = text.rpartition(":")
                sid = self.ensemble.election.get((host.strip("[]"), int(port)), sid)
        return sid

    def arrives(self, message):
        """When its receiver may have had it; infinite if it never reads again."""
        _, hearer = message.connection.sids(message.packet.source)
        for freeze in self.freezes:
            if freeze.sid == hearer and freeze.covers(message.packet.t):
                return freeze.until - 1 if freeze.thaws else float("inf")
        times = self.speaks_at[hearer]
        at = bisect.bisect_right(times, message.packet.t)
        gap = times[at] - message.packet.t if at < len(times) else 2 * FLIGHT_US
        return message.packet.t + min(FLIGHT_US, gap // 2)


# ---- the trace --------------------------------------------------------------------------------


class Writer:
    """Goes through the packets in order and notes what they show."""

    def __init__(self, film):
        self.film = film
        self.events = []
        self.state = {}
        self.round = {}  # sid -> the newest round that it has named in this life
        self.alive = set()
        self.dead = set()
        self.last = {}  # sid -> time of its last packet, or of the first ending of a connection after that
        self.ending = set()  # sids for which it is the latter
        self.epoch = {}  # of the leader's term, by sid of the leader
        self.established = set()
        self.unknown = collections.Counter()  # messages by the connection whose dialler is not known

    def write(self):
        for packet in self.film.packets:
            connection = self.film.connections[packet.stream]
            self.note_death(packet, connection)
            self.note_life(packet, connection)
            self.note_beginning(packet, connection)
            for message in self.film.messages.get(packet.number, ()):
                self.note_message(message)
            self.note_end(packet, connection)
        self.note_freezes()
        self.events += visits.events_of(self.film.visits.values(), self.film.closings)
        self.events.sort(key=lambda event: event["t"])
        start = self.events[0]["t"] if self.events else 0
        return [{**event, "t": event["t"] - start} for event in self.events]

    def note(self, t, n, th, ev, **fields):
        self.events.append({"v": 1, "t": t, "n": n, "th": th, "ev": ev, **fields})

    def note_freezes(self):
        for freeze in self.film.freezes:
            why = f"{SEEN}: its kernel acknowledges what it is told, and it says nothing"
            self.note(freeze.since, freeze.sid, "", "freeze", why=why)
            if freeze.thaws:
                self.note(freeze.until - 2, freeze.sid, "", "thaw", why=f"{SEEN}: it speaks again")

    def note_conn(self, what, t, connection, n, thread, why=SEEN):
        if n is not None:
            peer = connection.dialler if n == connection.listener else connection.listener
            self.note(t, n, thread, "conn", what=what, peer=peer or 0, conn=connection.name, why=why)

    def note_beginning(self, packet, connection):
        if connection.answered is not None:
            return
        dialler, listener = connection.dialler, connection.listener
        if connection.began_before:
            connection.answered = packet.t
            for n in (dialler, listener):
                self.note_conn("keep", packet.t, connection, n, "", f"{SEEN}: it was there before the film")
        elif packet.syn and packet.ack:
            connection.answered = packet.t
            dials, accepts = connection.first_threads()
            self.note_conn("dial", packet.t, connection, dialler, dials)
            if connection.kind == "quorum":  # that port is open while its peer leads
                self.become(packet.t, listener, "LEADING")
            self.note_conn("accept", packet.t, connection, listener, accepts)

    def note_end(self, packet, connection):
        if not (packet.fin or packet.rst) or connection.answered is None or packet.source in connection.ended_by:
            return
        connection.ended_by[packet.source] = packet.t
        connection.live = False
        speaker, _ = connection.sids(packet.source)
        self.note_conn("close", packet.t, connection, speaker, "")
        if speaker in self.alive and self.state.get(speaker) != "LOOKING" and self.has_hung_up(speaker, packet.t):
            self.die(speaker, "all its connections end at once, and it is the one that ends them")

    def has_hung_up(self, sid, t):
        """Has it ended all its connections just now? One that only gives up its role keeps those for elections, and one
        whose leader dies is not the first to end the connection."""
        just_now = []
        for connection in self.film.connections.values():
            mine = connection.address_of(sid)
            other = connection.dialler if sid == connection.listener else connection.listener
            if mine is None or connection.answered is None or other in self.dead:
                continue
            if not connection.ended_by:
                return False
            first = min(connection.ended_by, key=connection.ended_by.get)
            if t - connection.ended_by[first] <= ALL_AT_ONCE_US:
                just_now.append((connection.kind, first == mine))
        return all(own for _, own in just_now) and {kind for kind, _ in just_now} == {"election", "quorum"}

    def note_life(self, packet, connection):
        """Only a process dials, accepts and speaks; the kernel ends its connections long after it."""
        speaker, _ = connection.sids(packet.source)
        if speaker is None:
            return
        if not (packet.by_kernel or packet.fin or packet.rst):
            self.alive.add(speaker)
            self.dead.discard(speaker)
            self.ending.discard(speaker)
            self.last[speaker] = packet.t
        elif not packet.by_kernel and speaker in self.alive and speaker not in self.ending:
            self.ending.add(speaker)
            self.last[speaker] = packet.t

    def note_death(self, packet, connection):
        """The election port is open as long as the process lives: a refused dial is the proof."""
        sid = connection.listener
        refused = packet.rst and packet.source == connection.listener_address and connection.answered is None
        if refused and connection.kind == "election" and sid in self.alive:
            self.die(sid, "nobody listens at its election port any more")

    def die(self, sid, why):
        """It did so when its connections ended, and that is the last that is told of it."""
        ends = [self.last[sid]]
        for connection in self.film.connections.values():
            ends.append(connection.ended_by.get(connection.address_of(sid), 0))
        self.alive.discard(sid)
        self.dead.add(sid)
        self.note(max(ends), sid, "", "crash", why=f"{SEEN}: {why}")
        self.state.pop(sid, None)
        self.round.pop(sid, None)

    def note_message(self, message):
        connection, packet = message.connection, message.packet
        speaker, hearer = connection.sids(packet.source)
        if speaker is None or hearer is None:
            self.unknown[connection.name] += 1
            return
        arrives = self.film.arrives(message)
        self.infer_before(message, speaker)
        writes, reads = connection.threads(packet.source, message.kind)
        common = {"conn": connection.name, "seq": message.number, "kind": message.kind, "m": message.m}
        self.note(message.begins, speaker, writes, "send", to=hearer, **common)
        if message.reader_is_there and arrives < float("inf"):
            self.note(arrives, hearer, reads, "recv", **{"from": speaker}, **common)
        self.infer_after(message, speaker, hearer, arrives)

    # ---- states -----------------------------------------------------------------------------------

    def infer_before(self, message, speaker):
        connection = message.connection
        if message.kind in INTRODUCTIONS:
            connection.live = True
            self.become(message.begins, speaker, INTRODUCTIONS[message.kind])
        elif connection.kind == "quorum" and connection.began_before and not (connection.live or connection.ended_by):
            connection.live = True
            self.become(message.packet.t, connection.listener, "LEADING")
            if self.state.get(connection.dialler) != "OBSERVING":
                self.become(message.packet.t, connection.dialler, "FOLLOWING")
        elif message.kind == "NOTIFICATION" and message.m["state"] in STATES:
            self.become_as_told(message, speaker)

    def become_as_told(self, message, speaker):
        """A notification tells its sender's state, but may be old: it has waited for a connection, or is said once
        more on a new one. Nobody looks who still follows or is followed, and nobody follows again without a word on the
        quorum port; so the quorum connections decide. But a newer round is a new election, also if the ends of those
        connections do not show: a peer that is cut off ends them alone."""
        told, said = message.m["state"], message.m["round"]
        # On a connection from before the film nothing can have waited for it.
        newest = self.round.get(speaker, -1 if message.connection.began_before else said)
        self.round[speaker] = max(newest, said)
        current = self.state.get(speaker)
        if told == "LOOKING" and current in ("FOLLOWING", "LEADING", "OBSERVING") and said <= newest:
            if any(each.live and speaker in (each.dialler, each.listener) for each in self.film.connections.values()):
                return
        self.become(message.begins, speaker, told)

    def become(self, t, n, state):
        current = self.state.get(n)
        if current == state:
            return
        if current not in (None, "LOOKING") and state != "LOOKING":
            self.note(t, n, main_thread(n), "state", s="LOOKING", why=f"{SEEN}: it must have looked in between")
        self.state[n] = state
        self.note(t, n, main_thread(n), "state", s=state, why=SEEN)

    def infer_after(self, message, speaker, hearer, arrives):
        """Established is, for a learner, that UPTODATE has come; a leader sends it when a quorum has its history."""
        if message.kind == "NEWLEADER":
            self.epoch[speaker] = int(message.m["zxid"], 16) >> 32
        elif message.kind == "UPTODATE" and speaker in self.epoch:
            epoch = self.epoch[speaker]
            if (speaker, epoch) not in self.established:
                self.established.add((speaker, epoch))
                self.note(message.begins, speaker, main_thread(speaker), "established", leader=speaker, epoch=epoch)
            if message.reader_is_there and arrives < float("inf"):
                self.note(arrives, hearer, main_thread(hearer), "established", leader=speaker, epoch=epoch)


def convert(directory, capture, trace, begin):
    ensemble = Ensemble(directory)
    if not ensemble.ports():
        raise Refusal(f"{directory} holds no */zoo.cfg with servers, so nobody knows whose ports these are")
    first = begin.get("ports")
    if first and not any(first <= port < first + PORT_BLOCK for port in ensemble.ports()):
        raise Refusal(f"ports {first} to {first + PORT_BLOCK - 1} were filmed, and the ensemble in {directory} has others: "
                      "let cluster.sh choose them, or make the ensemble before its film begins")
    film = Film(capture, ensemble, begin)
    writer = Writer(film)
    events = writer.write()
    names = os.path.join(directory, "clients.jsonl")  # play.sh --keep leaves that
    with open(trace, "w", encoding="utf-8") as stream:
        if os.path.isfile(names):
            with open(names, encoding="utf-8") as source:
                stream.write(source.read())
        for event in events:
            stream.write(json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n")
    report(film, writer, events)


def report(film, writer, events):
    sent = sum(event["ev"] == "send" for event in events)
    peers = {event["n"] for event in events}
    before = sum(connection.began_before for connection in film.connections.values())
    asked = sum(event["ev"] == "request" and event["op"] != "ping" for event in events)
    print(f"{sent} messages of {len(peers)} peers on {len(film.connections)} connections; {film.malformed} malformed")
    if asked:
        print(f"{asked} requests of clients, and the answers to them")
    if before:
        print(f"{before} connections are older than the film: their messages are counted from the first one in it")
    if writer.unknown:
        left_out = sum(writer.unknown.values())
        print(f"{left_out} messages are left out: nobody knows who dialled {', '.join(sorted(writer.unknown))}")


def main(words):
    verb, arguments = (words[0], words[1:]) if words else ("", [])
    if verb == "filter" and len(arguments) == 1:
        print(capture_filter(arguments[0]))
    elif verb == "before" and len(arguments) == 1:
        json.dump(before(arguments[0]), sys.stdout)
    elif verb == "convert" and len(arguments) in (3, 4):
        begin = {"owners": {}}
        if len(arguments) == 4:
            with open(arguments[3], encoding="utf-8") as stream:
                begin = json.load(stream)
        convert(*arguments[:3], begin)
    elif verb in ("-h", "--help"):
        print("Usage: film.py filter DIR | before DIR | convert DIR PCAP FILE [BEFORE] [-h, --help]\n\n"
              "What film.sh is made of; call me through it, and see film.sh --help.")
    else:
        print(f"film.py: I do not understand '{verb}'; I am a part of film.sh (try film.sh --help)", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refusal as refusal:
        sys.exit(f"film.sh: {refusal}")
    except KeyboardInterrupt:
        sys.exit(130)
