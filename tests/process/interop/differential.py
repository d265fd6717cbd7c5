#!/usr/bin/env python3
"""Plays the same conversations to a real Java peer and to a C peer and compares what each does. Run by differential.sh.

Each peer is server 2 of five, all alone and LOOKING; we are the others, never enough of them for a quorum. A peer's
behaviour is: is the connection kept or closed, whom does it call back and with which words, which frames does it send
(decoded; the same one twice in a row counts once; when, does not count). After every conversation server 4, who is
connected all the time, sends a vote of an old round, and both peers must give the same answer to it: so what a
conversation did to a peer's mind is compared as well. Two peers have different ports; in texts they are replaced by names.

A difference is looked at twice before it counts, the second time with more patience: the machine may be busy.

The conversations are those of conversations.txt, and random mutations of good ones. Those with a number (D-9) are known
departures (NOTES.md): each peer must do exactly what is written there, so that a departure that has gone is noticed too.
"""
import argparse
import codecs
import itertools
import os
import random
import re
import shlex
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "..", "..", "..", "scripts")
SELF, VOTER, WITNESS = 2, 5, 4
SERVERS = (1, 2, 3, 4, 5)
V1, V2 = -65536, -65535
STATES = {"LOOKING": 0, "FOLLOWING": 1, "LEADING": 2, "OBSERVING": 3}
STATE_NAMES = {number: name for name, number in STATES.items()}
NUMBERS = {"MAX": 2**63 - 1, "MIN": -2**63}
QUORUM_OFFSET, ELECTION_OFFSET, CALLBACK_OFFSET, PEER_PORTS = 10, 20, 29, 30
START_SECONDS, ANSWER_SECONDS = 240, 3
# Seconds of silence that end a step; for departures; for who disagrees at first.
QUIET, DEPARTURE_QUIET, PATIENT_QUIET, MOST_PATIENT_QUIET = 0.1, 0.5, 1.2, 6


# ---- bytes ----------------------------------------------------------------------------------------

def hello(sid, text, version=V1, length=None):
    return struct.pack(">qqi", version, sid, len(text) if length is None else length) + text


def vote(state, leader, zxid, rnd, epoch, config, version=2, length=None):
    return struct.pack(">iqqqqii", state, leader, zxid, rnd, epoch, version,
                       len(config) if length is None else length) + config


def frame(payload, length=None):
    return struct.pack(">i", len(payload) if length is None else length) + payload


def take_frames(data):
    """Whole frames of data, and what is left."""
    frames = []
    while len(data) >= 4:
        length = struct.unpack(">i", data[:4])[0]
        if length < 0 or len(data) < 4 + length:
            break
        frames.append(data[4:4 + length])
        data = data[4 + length:]
    return frames, data


def describe(payload):
    if len(payload) < 44:
        return "%d bytes %s" % (len(payload), payload.hex())
    state, leader, zxid, rnd, epoch, version, length = struct.unpack(">iqqqqii", payload[:44])
    rest = payload[44:]
    return "%s leader=%d zxid=0x%x round=%d epoch=%d version=%d config=%r%s" % (
        STATE_NAMES.get(state, state), leader, zxid & 2**64 - 1, rnd, epoch, version, rest.decode("latin-1"),
        "" if length == len(rest) else " configLength=%d" % length)


# ---- a peer under test ----------------------------------------------------------------------------

class Peer:
    def __init__(self, kind, directory, base):
        self.kind, self.base = kind, base
        self.directory = os.path.join(directory, kind)
        self.log = os.path.join(self.directory, "log")
        self.callback = b"127.0.0.1:%d" % (base + CALLBACK_OFFSET)
        self.process = self.witness = None
        os.makedirs(os.path.join(self.directory, "data"))

    def election_port(self, sid=SELF):
        return self.base + ELECTION_OFFSET + sid

    def config(self):
        lines = ["server.%d=127.0.0.1:%d:%d:participant\n" % (sid, self.base + QUORUM_OFFSET + sid,
                                                              self.election_port(sid)) for sid in SERVERS]
        return "".join(lines).encode() + b"version=7fffffffffffffff"

    def start(self):
        """The highest version: no text from outside can make the peer start its election anew. No repetitions within
        the minute that we need."""
        with open(os.path.join(self.directory, "data", "myid"), "w", encoding="ascii") as file:
            file.write("%d\n" % SELF)
        cfg = os.path.join(self.directory, "zoo.cfg")
        with open(cfg, "w", encoding="ascii") as file:
            file.write("tickTime=500\ninitLimit=10\nsyncLimit=5\ndataDir=%s/data\nadmin.enableServer=false\n"
                       "fastleader.minNotificationInterval=60000\nfastleader.maxNotificationInterval=60000\n%s\n" %
                       (self.directory, self.config().decode()))
        hosts = os.path.join(self.directory, "hosts")
        with open(hosts, "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost\n")
        command = [os.path.join(SCRIPTS, "node.sh"), cfg]
        if self.kind == "java":  # no name is asked for outside
            command = [os.path.join(SCRIPTS, "java-node.sh"), cfg, "-Djdk.net.hosts.file=" + hosts]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def dial(self):
        sock = socket.create_connection(("127.0.0.1", self.election_port()), timeout=ANSWER_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def await_election(self):
        """Until it answers server 4, and is in its first round."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.witness is None:
                    self.witness = self.dial()
                    self.witness.sendall(hello(WITNESS, self.callback))
                if "round=1 " in (self.answer_to_good_vote() or ""):
                    return
            except OSError:
                self.witness = None
            time.sleep(0.05)
        raise SystemExit("the %s peer does not look for a leader; its log: %s" % (self.kind, self.log))

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def normal(self, text):
        """Ports by name."""
        def name(match):
            offset = int(match.group(1)) - self.base
            if offset == CALLBACK_OFFSET:
                return ":<callback>"
            if QUORUM_OFFSET <= offset < QUORUM_OFFSET + 9:
                return ":<quorum %d>" % (offset - QUORUM_OFFSET)
            if ELECTION_OFFSET <= offset < ELECTION_OFFSET + 9:
                return ":<election %d>" % (offset - ELECTION_OFFSET)
            return match.group(0)
        return re.sub(r":(\d{5})\b", name, text)

    def answer_to_good_vote(self, wait=ANSWER_SECONDS):
        """The last frame after a vote of an old round from server 4; None: no answer."""
        receive(self.witness, 0.0)
        try:
            self.witness.sendall(frame(vote(0, WITNESS, 0, 0, 0, self.config())))
            data, _ = receive(self.witness, wait)
            more, _ = receive(self.witness, 0.04)
        except OSError:
            return None
        frames, _ = take_frames(data + more)
        return self.normal(describe(frames[-1])) if frames else None

    def is_deaf(self):
        try:
            self.dial().close()
            return False
        except OSError:
            return True


def receive(sock, quiet):
    """What comes until nothing has come for quiet seconds (or, having come, for 40 ms), and: is it closed?"""
    data = b""
    while True:
        sock.settimeout(min(quiet, 0.04) if data else quiet) if quiet > 0 else sock.setblocking(False)
        try:
            chunk = sock.recv(65536)
        except (socket.timeout, BlockingIOError):
            return data, False
        except ConnectionError:
            return data, True
        if not chunk:
            return data, True
        data += chunk


class Callbacks:
    """Who dials these ports of ours, and with which initial message."""

    def __init__(self, peer, ports):
        self.peer, self.heard, self.socks, self.listeners = peer, [], [], []
        for name, port in ports.items():
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(16)
            self.listeners.append((name, listener))

    def collect(self, quiet):
        """A dial takes a thread: wait for the first one, then for the rest of the time."""
        end = time.monotonic() + quiet
        while True:
            for name, listener in self.listeners:
                listener.setblocking(False)
                try:
                    sock, _ = listener.accept()
                except BlockingIOError:
                    continue
                self.socks.append(sock)
                sock.settimeout(ANSWER_SECONDS)
                data = b""
                try:
                    while len(data) < 20 or len(data) < 20 + struct.unpack(">i", data[16:20])[0]:
                        data += sock.recv(1) or b"\xff" * 2100
                except OSError:
                    pass
                version, sid, length = struct.unpack(">qqi", (data + bytes(20))[:20])
                text = data[20:20 + max(0, length)].decode("latin-1")
                self.heard.append("%s: version=%d sid=%d %s" % (name, version, sid, self.peer.normal(text)))
            if time.monotonic() >= end:
                return self.heard
            time.sleep(0.01)

    def close(self):
        for sock in self.socks:
            sock.close()
        for _, listener in self.listeners:
            listener.close()


# ---- conversations --------------------------------------------------------------------------------

class Conversation:
    """name, departure (None, or number and what each must do), steps (lists of words)."""

    def __init__(self, name, departure, steps):
        self.name, self.departure, self.steps = name, departure, steps


LINE = re.compile(r"^(?P<name>[a-z0-9-]+)(?: (?P<number>D-\d+) java=(?P<java>\S+) c=(?P<c>\S+))?: (?P<steps>.+)$")


def read_conversations(path):
    conversations = []
    with open(path, encoding="ascii") as file:
        for line in file.read().replace("\\\n", " ").split("\n"):
            if not line or line.startswith("#"):
                continue
            match = LINE.match(line)
            if not match:
                raise SystemExit("%s: not a conversation: %s" % (path, line))
            departure = (match["number"], {"java": match["java"], "c": match["c"]}) if match["number"] else None
            steps = [shlex.split(step) for step in match["steps"].split(";;")]
            conversations.append(Conversation(match["name"], departure, steps))
    return conversations


def number(word):
    return NUMBERS[word] if word in NUMBERS else int(word, 0)


def caller(word, stranger):
    return stranger if word == "STRANGER" else number(word)


def as_bytes(peer, word):
    text = codecs.decode(word, "unicode_escape").encode("latin-1")
    return text.replace(b"$CALLBACK", peer.callback).replace(b"$CONFIG", peer.config())


def options(words):
    return dict(word.split("=", 1) for word in words)


def bytes_of(peer, words, stranger):
    """The bytes of a step that sends some."""
    kind, arguments = words[0], words[1:]
    if kind == "hello":
        extra = options(arguments[2:])
        data = hello(caller(arguments[0], stranger), as_bytes(peer, arguments[1]), number(extra.get("version", str(V1))),
                     number(extra["length"]) if "length" in extra else None)
        return data[:int(extra["cut"])] if "cut" in extra else data
    if kind == "vote":
        extra = options(arguments[5:])
        state = STATES[arguments[0]] if arguments[0] in STATES else int(arguments[0])
        payload = vote(state, *(number(word) for word in arguments[1:5]), as_bytes(peer, extra.get("config", "$CONFIG")),
                       number(extra.get("version", "2")), number(extra["configLength"]) if "configLength" in extra else None)
        payload = payload[:int(extra["total"])] if "total" in extra else payload
        payload += bytes(int(extra.get("zeros", "0")))
        return frame(payload, number(extra["length"]) if "length" in extra else None)
    if kind == "long":
        return struct.pack(">q", number(arguments[0]))
    if kind == "int":
        return struct.pack(">i", number(arguments[0]))
    if kind == "text":
        return as_bytes(peer, arguments[0])
    if kind == "zeros":
        return bytes(int(arguments[0]))
    raise SystemExit("not a step: %s" % " ".join(words))


def joined(steps):
    """Steps that follow a '+' go out in the same write as the one before."""
    groups = []
    for words in steps:
        if words[0] == "+":
            groups[-1].append(words[1:])
        else:
            groups.append([words])
    return groups


def play(peer, conversation, quiet, stranger):
    """What the peer does: a list of lines."""
    ports = {"callback": peer.base + CALLBACK_OFFSET}
    if conversation.steps[0] == ["listen"]:
        ports["server 1"] = peer.election_port(1)
    callbacks = Callbacks(peer, ports)
    frames, data, closed = [], b"", False
    silent = peer.dial() if conversation.steps[0] == ["silent"] else None
    sock = peer.dial()
    try:
        for group in joined(words for words in conversation.steps if words not in (["listen"], ["silent"])):
            if group[0][0] == "pause":
                more, closed = receive(sock, float(group[0][1]) / 1000)
            elif group[0][0] == "end":
                sock.shutdown(socket.SHUT_WR)
                more, closed = receive(sock, quiet)
            else:
                sock.sendall(b"".join(bytes_of(peer, words, stranger) for words in group))
                more, closed = receive(sock, quiet)
            found, data = take_frames(data + more)
            frames += found
            if closed:
                break
    except ConnectionError:
        closed = True
    heard = callbacks.collect(quiet if closed else 0)
    sock.close()
    if silent is not None:
        silent.close()
    callbacks.close()
    lines = ["connection %s" % ("closed" if closed else "kept")] + ["calls back " + text for text in heard]
    for payload in frames:
        line = "sends " + peer.normal(describe(payload))
        if line != lines[-1]:
            lines.append(line)
    return lines + (["sends the bytes " + data.hex()] if data else [])


def summary(peer, lines):
    """In the words of a departure."""
    words = [lines[0].split()[1]]
    words += ["callback"] if any(line.startswith("calls back") for line in lines) else []
    words += ["speaks"] if any(line.startswith("sends") for line in lines) else []
    words += ["deaf"] if peer.is_deaf() else []
    words += ["mute"] if peer.answer_to_good_vote(1.5) is None else []
    return ",".join(words)


def both(peers, what):
    """what(peer) of both at once."""
    results = {}

    def run(peer):
        try:
            results[peer.kind] = what(peer)
        except OSError as error:
            results[peer.kind] = ["cannot be talked to: %s" % error]
    threads = [threading.Thread(target=run, args=(peer,)) for peer in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Report:
    def __init__(self):
        self.failed = False

    def test(self, name, found, lines=()):
        print("%s differential: %s" % ("ok" if found else "FAILED", name), flush=True)
        if not found:
            self.failed = True
            for line in lines:
                print("  | " + line)
        return found


# Each conversation has a stranger of its own: Java remembers for ever what it said last to one, we do not (D-23).
strangers = itertools.count(1000)


def behaviour(peer, conversation, quiet, stranger):
    lines = play(peer, conversation, quiet, stranger)
    return lines + ["then answers " + (peer.answer_to_good_vote() or "nothing")]


def is_same(peers, conversation):
    """True, or the two behaviours as lines."""
    for quiet in (QUIET, PATIENT_QUIET, MOST_PATIENT_QUIET):
        stranger = next(strangers)
        found = both(peers, lambda peer: behaviour(peer, conversation, quiet, stranger))
        if found["java"] == found["c"]:
            return True, []
        time.sleep(PATIENT_QUIET)  # what was under way ends
    return False, ["%s %s" % (kind, line) for kind in ("java", "c") for line in found[kind]]


def departs(peers, conversation):
    """Once only, for what ends a Java peer cannot be said twice; so with some patience."""
    expected, stranger = conversation.departure[1], next(strangers)
    found = both(peers, lambda peer: summary(peer, play(peer, conversation, DEPARTURE_QUIET, stranger)))
    return found == expected, ["%s does %s, not %s" % (kind, found[kind], expected[kind]) for kind in ("java", "c")]


# ---- mutations ------------------------------------------------------------------------------------

LONGS = (0, 1, 2, 3, 4, 5, 9, -1, 2**31, 2**32, 0x100000000, 2**62, "MAX", "MIN")
INTS = (0, 1, 2, 3, 4, -1, -2**31, 2**31 - 1, 43, 44, 200)
CONFIGS = ("$CONFIG", "", "version=0", "not a config", "server.1=127.0.0.1:1", "server.1=127.0.0.1:1:2\\nversion=3",
           "server.1=127.0.0.1:1:2\\nserver.2=127.0.0.1:3:4:observer\\nserver.3=127.0.0.1:5:6\\nversion=0",
           "server.1=127.0.0.1:1:2:x\\nversion=0", "tickTime=1\\nversion=0")


def mutated_text(rng):
    """An address with a few characters wrong; never a port out of range, which ends Java's listener (B1: D-11 shows it
    once)."""
    while True:
        text = list(rng.choice(("127.0.0.1:24383", "[::1]:24383", "127.0.0.1:1|127.0.0.2:2")))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text) + 1)
            what = rng.randrange(3)
            if what == 0 and text:
                del text[min(at, len(text) - 1)]
            elif what == 1:
                text.insert(at, rng.choice("0123456789.:|[]+ %"))
            elif text:
                text[min(at, len(text) - 1)] = rng.choice("0123456789.:|[]+ %x")
        if all(int(run) <= 65535 for run in re.findall(r"\d+", "".join(text))):
            return "".join(text)


def mutated_hello(rng):
    # A smaller sid is called back: its address stays, nobody else is to be dialled.
    sid = rng.choice((VOTER, "STRANGER", 2**62, 1, 0))
    words = ["hello", str(sid), "$CALLBACK" if sid in (0, 1) else mutated_text(rng)]
    what = rng.randrange(6)
    if what == 0:
        words.append("version=%d" % rng.choice((V1 - 1, V2, V2 + 1, -1, -2**63)))
    elif what == 1:
        words.append("length=%d" % rng.choice((0, -1, 2049, 2**31 - 1, -2**31)))
    elif what == 2:
        return [words + ["cut=%d" % rng.randrange(20)], ["end"]]
    return [words]


def mutated_vote(rng):
    words = ["vote", str(rng.choice((0, 0, 0, 1, 2, 3, 4, -1)))]
    words += [str(rng.choice(LONGS)) for _ in range(4)]
    words.append(shlex.quote("config=" + rng.choice(CONFIGS)))
    what = rng.randrange(8)
    if what == 0:
        words.append("total=%d" % rng.randrange(60))
    elif what == 1:
        words.append("version=%d" % rng.choice(INTS))
    elif what == 2:
        words.append("configLength=%d" % rng.choice(INTS))
    elif what == 3:
        words.append("zeros=%d" % rng.choice((1, 7, 5000)))
    elif what == 4:
        words.append("length=%d" % rng.choice((0, -1, 524289, 2**31 - 1, -2**31)))
    return shlex.split(" ".join(words))


def mutations(count, seed):
    for i in range(count):
        rng = random.Random("%s %d" % (seed, i))
        if rng.random() < 0.4:
            steps = mutated_hello(rng)
        else:
            steps = [["hello", str(rng.choice((VOTER, "STRANGER"))), "127.0.0.1:24383"]]
            steps += [mutated_vote(rng) for _ in range(rng.randint(1, 2))]
        yield Conversation("mutation %d of seed %s" % (i, seed), None, steps)


# ---- the play -------------------------------------------------------------------------------------

def compare_all(report, peers, conversations, mutation_count, seed):
    for conversation in conversations:
        if conversation.departure is None:
            report.test(conversation.name, *is_same(peers, conversation))
    bad = 0
    for conversation in mutations(mutation_count, seed):
        same, lines = is_same(peers, conversation)
        if not same:
            bad += 1
            report.test(conversation.name, False, [repr(conversation.steps)] + lines)
    if mutation_count > 0:
        report.test("%d mutations of seed %s" % (mutation_count, seed), bad == 0)
    for conversation in conversations:
        if conversation.departure is not None:
            report.test("%s: %s" % (conversation.departure[0], conversation.name), *departs(peers, conversation))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True)
    parser.add_argument("--base-port", type=int, required=True)
    parser.add_argument("--mutations", type=int, default=40)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", help="the conversation of this name alone")
    arguments = parser.parse_args()
    conversations = read_conversations(os.path.join(HERE, "conversations.txt"))
    if arguments.only:
        conversations = [one for one in conversations if one.name == arguments.only]
        arguments.mutations = 0
    peers = [Peer("java", arguments.directory, arguments.base_port),
             Peer("c", arguments.directory, arguments.base_port + PEER_PORTS)]
    report = Report()
    try:
        for peer in peers:
            peer.start()
        for peer in peers:
            peer.await_election()
        compare_all(report, peers, conversations, arguments.mutations, arguments.seed)
        report.test("the C peer still runs and answers", peers[1].process.poll() is None and
                    peers[1].answer_to_good_vote() is not None and not peers[1].is_deaf())
    finally:
        for peer in peers:
            peer.stop()
    return 1 if report.failed else 0


sys.exit(main())
