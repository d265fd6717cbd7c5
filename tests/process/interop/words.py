"""What a C and a Java follower tell of their clients while these are connected, word by word and command by command.

Usage: words.py C_PORT C_ADMIN_PORT JAVA_PORT JAVA_ADMIN_PORT. The same two clients come to each of the two: one has a node,
three watches and some requests behind it, the other has only come back to its session. Then all words about clients, and the
admin server's commands, are asked of both. In the answers addresses, ids, zxids and times are replaced by names, and the
order of lines is that of the alphabet, because Java's is that of hash tables; all else must be equal. Prints what differs,
and ends with 1 if something does."""

import difflib
import json
import re
import socket
import struct
import sys
import time
import urllib.request

TIMEOUT_MS = 40000  # as long as a server gives with this tick; nothing expires while both are asked
CREATE, EXISTS, GET_DATA, GET_CHILDREN2, CLOSE = 1, 3, 4, 12, -11
EPHEMERAL = 1
OPEN_ACL = struct.pack(">ii", 1, 31) + struct.pack(">i5s", 5, b"world") + struct.pack(">i6s", 6, b"anyone")
WORDS = ["cons", "stat", "wchs", "wchc", "wchp", "dump", "crst", "cons", "srst", "stat", "isro", "ruok"]
COMMANDS = ["connections", "stats", "dump", "watches", "watches_by_path", "watch_summary", "connection_stat_reset", "connections"]
# Figures that depend on the moment, on the past of the two servers, or on how fast they are.
MASKED = {"version": "V", "remote_socket_address": "ADDRESS", "established": "TIME", "last_response_time": "TIME",
          "last_latency": "MS",
          "min_latency": "MS", "avg_latency": "MS", "max_latency": "MS", "last_zxid": "ZXID", "last_processed_zxid": "ZXID",
          "uptime": "MS", "server_stats": "FIGURES", "client_response": "FIGURES"}


class Client:
    """One session on the raw protocol."""

    def __init__(self, port, session=0, passwd=bytes(16)):
        self.port, self.xid = port, 0
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.send(struct.pack(">iqiqi16s?", 0, 0, TIMEOUT_MS, session, 16, passwd, False))
        answer = self.receive()
        _, _, self.session, _, self.passwd = struct.unpack(">iiqi16s", answer[:36])
        assert self.session != 0, "the session was refused"

    def send(self, payload):
        self.sock.sendall(struct.pack(">i", len(payload)) + payload)

    def receive(self):
        return self.exactly(struct.unpack(">i", self.exactly(4))[0])

    def exactly(self, length):
        data = b""
        while len(data) < length:
            piece = self.sock.recv(length - len(data))
            assert piece, "the server has closed the connection"
            data += piece
        return data

    def ask(self, kind, body=b""):
        self.xid += 1
        self.send(struct.pack(">ii", self.xid, kind) + body)
        return struct.unpack(">iqi", self.receive()[:16])[2]


def path_of(text):
    return struct.pack(">i", len(text)) + text.encode()


def come(port, name):
    busy = Client(port)
    assert busy.ask(CREATE, path_of(name) + struct.pack(">i1s", 1, b"x") + OPEN_ACL + struct.pack(">i", EPHEMERAL)) == 0
    assert busy.ask(GET_DATA, path_of(name) + b"\1") == 0
    assert busy.ask(EXISTS, path_of("/words-none") + b"\1") == -101
    assert busy.ask(GET_CHILDREN2, path_of(name) + b"\1") == 0
    first = Client(port)
    first.sock.close()
    back = Client(port, first.session, first.passwd)
    end = time.monotonic() + 240
    # Until the server has noticed that the first connection is gone: these two are left, and the one that asks.
    while len(re.findall(r"^ /", word(port, "cons"), re.M)) != 3:
        assert time.monotonic() < end, word(port, "cons")
        time.sleep(0.05)
    return busy, back


def word(port, text):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        sock.sendall(text.encode())
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    return answer.decode()


class Side:
    """One of the two servers, and its clients."""

    def __init__(self, port, admin_port, node):
        self.port, self.admin_port, self.node = port, admin_port, node
        self.clients = come(port, node)


def named(text, side, other):
    """Without what two servers cannot have in common."""
    for client, letter in zip(side.clients + other.clients, "ABCD"):
        text = re.sub(f"0x{client.session & 2**64 - 1:x}|{client.session}", f"SESSION-{letter}", text)
    text = text.replace(side.node, "/NODE").replace(other.node, "/OTHER")
    for pattern, mask in ((r"/127\.0\.0\.1:\d+", "ADDRESS"), (r"(est|lresp|llat|minlat|avglat|maxlat)=\d+", r"\1=N"),
                          (r"lzxid=0x[0-9a-f]+", "lzxid=ZXID"), (r"Zxid: 0x[0-9a-f]+", "Zxid: ZXID"),
                          (r"min/avg/max: .*", "min/avg/max: N"), (r"(Received|Sent): \d+", r"\1: N"),
                          (r"version: .*", "version: V")):
        text = re.sub(pattern, mask, text)
    return text


def lines_of(what, side, other):
    lines = named(word(side.port, what), side, other).split("\n")
    if what == "dump":  # when something ends, in which company, depends on the moment; and D-281
        lines = [line for line in lines if not re.search(r"expire at|Sets \(|Sessions\(", line)]
    return sorted(lines)


def masked(value, key=""):
    if key in MASKED:
        return MASKED[key]
    if isinstance(value, dict):
        if key == "expiry_time_to_session_ids":  # as in dump
            return sorted(json.dumps(item) for items in value.values() for item in items)
        return {inner: masked(item, inner) for inner, item in value.items()}
    if isinstance(value, list):
        return sorted((masked(item) for item in value), key=json.dumps)
    return value


def members_of(what, side, other):
    with urllib.request.urlopen(f"http://127.0.0.1:{side.admin_port}/commands/{what}", timeout=60) as page:
        text = named(page.read().decode(), side, other)
    text = re.sub(r'"?(SESSION-[A-D])"?', r'"\1"', text)
    return json.dumps(masked(json.loads(text)), indent=1, sort_keys=True).split("\n")


def main():
    ports = [int(port) for port in sys.argv[1:]]
    ours, javas = Side(*ports[:2], "/words-of-one"), Side(*ports[2:], "/words-of-two")
    found = []
    for ask, questions in ((lines_of, WORDS), (members_of, COMMANDS)):
        for what in questions:
            here, there = ask(what, ours, javas), ask(what, javas, ours)
            found += [f"{what}: {line}" for line in difflib.unified_diff(there, here, "Java", "C", lineterm="", n=1)]
    for client in ours.clients + javas.clients:
        client.ask(CLOSE)
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


main()
