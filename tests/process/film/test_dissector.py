#!/usr/bin/env python3
"""The dissector over bytes that real Java peers sent, cut in every way, and over bytes that no peer should send."""

import os
import re
import struct
import subprocess
import sys
import tempfile

import pcap
import runner

REPO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
LUA = os.path.join(REPO, "scripts", "trace", "wireshark", "zkquorum.lua")
ELECTION, QUORUM, CLIENT, OTHER = 3888, 2888, 2181, 14321
NULL = struct.pack(">i", -1)
HOME_DIRECTORY = tempfile.TemporaryDirectory()
HOME = HOME_DIRECTORY.name
ENVIRONMENT = {**os.environ, "HOME": HOME, "XDG_CONFIG_HOME": HOME, "WIRESHARK_CONFIG_DIR": HOME}


def tshark(arguments):
    done = subprocess.run(["tshark", "-n", *arguments], capture_output=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def dissect(capture, *fields):
    """Rows of lists: the values of each field, by packet that has something of ours. Read once and, as Wireshark does
    when somebody clicks, twice: both must agree."""
    path = os.path.join(HOME, "test.pcap")
    capture.write(path)
    arguments = ["-r", path, "-X", "lua_script:" + LUA, "-Y", "zkelection or zkquorum or zkclient", "-T", "fields"]
    arguments += ["-E", "separator=/t", "-E", "aggregator=;", "-o", "tcp.reassemble_out_of_order:TRUE"]
    for field in ("tcp.stream", *fields):
        arguments += ["-e", field]
    once, twice = tshark(arguments), tshark([*arguments, "-2"])
    assert "Lua Error" not in once, once
    assert once == twice, f"a second look differs:\n{once}\n{twice}"
    rows = [[part.split(";") if part else [] for part in line.split("\t")] for line in once.splitlines()]
    return [[int(row[0][0]), *row[1:]] for row in rows]


def conversations(port, all_data):
    """A capture with one connection for each, on which the dialler says it in one segment."""
    capture = pcap.Capture()
    for data in all_data:
        capture.connect(port).dialler_says(data)
    return capture


def column(capture, field):
    """All values of one field, in order."""
    return [value for row in dissect(capture, field) for value in row[1]]


def by_stream(capture, *fields):
    """stream -> the values of all these fields, joined over its packets."""
    found = {}
    for stream, *values in dissect(capture, *fields):
        lists = found.setdefault(stream, [[] for _ in fields])
        for target, more in zip(lists, values):
            target += more
    return found


def equal(found, wanted):
    assert found == wanted, f"found  {found}\nwanted {wanted}"


def packet(kind, zxid=0, data=None, auth=None):
    body = NULL if data is None else text(data)
    return struct.pack(">iq", kind, zxid) + body + (NULL if auth is None else auth)


def text(value):
    return struct.pack(">i", len(value)) + value


def snapshot(nodes):
    body = struct.pack(">i", 0) + struct.pack(">i", 0)
    for path, data in nodes:
        body += text(path) + text(data) + struct.pack(">q", -1) + bytes(60)
    return body + text(b"/") + text(b"BenWasHere")


# ---- the election port ------------------------------------------------------------------------


def test_initial_messages_of_java_are_read():
    messages = [pcap.golden(name) for name in pcap.golden_names("initial_message")]
    assert len(messages) == 4
    fields = ("zkelection.number", "zkelection.protocol", "zkelection.sid", "zkelection.addresses")
    found = dissect(conversations(ELECTION, messages), *fields)
    for stream, data in enumerate(messages):
        protocol, sid = struct.unpack_from(">qq", data)
        equal(found[stream], [stream, ["0"], [str(protocol)], [str(sid)], [data[20:].decode()]])


def test_notifications_of_java_are_read():
    fields = "state leader zxid round epoch version config_length".split()
    messages = [pcap.golden(name) for name in pcap.golden_names("notification")]
    assert len(messages) == 7
    capture = conversations(ELECTION, messages)
    found = dissect(capture, *("zkelection." + field for field in fields), "_ws.expert.message")
    for stream, data in enumerate(messages):
        state, leader, zxid, round_number, epoch, version, length = struct.unpack_from(">iqQqqii", data, 4)
        wanted = [state, leader, f"0x{zxid:016x}", round_number, epoch, version, length]
        equal(found[stream], [stream, *([str(value)] for value in wanted), []])
        equal(length, len(data) - 48)
    assert column(capture, "zkelection.config")[0].startswith("server.1=127.0.0.1:24281:24381:participant")


def test_the_old_forms_of_a_notification_are_read():
    oldest = struct.pack(">iqqq", 0, 3, 0x500000007, 9)
    older = oldest + struct.pack(">qi", 5, 1)
    capture = pcap.Capture()
    capture.connect(ELECTION).dialler_says(struct.pack(">q", 2) + text(oldest) + text(older))
    fields = ("zkelection.number", "zkelection.sid", "zkelection.round", "zkelection.epoch", "_ws.expert.message")
    equal(dissect(capture, *fields), [[0, ["0", "1", "2"], ["2"], ["9", "9"], ["5"], []]])


def test_messages_are_counted_per_direction():
    say = pcap.golden("notification_looking")
    capture = pcap.Capture()
    conversation = capture.connect(ELECTION).dialler_says(pcap.golden("initial_message_v1"))
    conversation.dialler_says(say).listener_says(say).dialler_says(say).listener_says(say)
    capture.connect(ELECTION).dialler_says(pcap.golden("initial_message_v1") + say)
    found = dissect(capture, "zkelection.number", "zkelection.dialler")
    equal([row[1] for row in found], [["0"], ["1"], ["1"], ["2"], ["2"], ["0", "1"]])
    equal({value for row in found for value in row[2]}, {"1"})


def test_election_messages_are_found_wherever_segments_end():
    data = pcap.golden("initial_message_v1") + pcap.golden("notification_looking") + pcap.golden("notification_leading")
    capture = pcap.Capture()
    for cut in range(1, len(data)):
        capture.connect(ELECTION).dialler_says(data, (cut,))
    capture.connect(ELECTION).dialler_says(data, (1,) * len(data))
    found = by_stream(capture, "zkelection.number", "zkelection.state", "_ws.expert.message")
    equal(len(found), len(data))
    for stream, values in found.items():
        equal((stream, values), (stream, [["0", "1", "2"], ["0", "2"], []]))


def test_segments_that_come_in_the_wrong_order_make_no_message_twice():
    data = pcap.golden("initial_message_v1") + pcap.golden("notification_looking") * 3
    capture = pcap.Capture()
    capture.connect(ELECTION).dialler_says(data, (100, 200))
    capture.packets[-1], capture.packets[-2] = capture.packets[-2], capture.packets[-1]
    capture.packets.append(capture.packets[-1])  # and one of them once more
    equal(column(capture, "zkelection.number"), ["0", "1", "2", "3"])


# ---- the quorum port --------------------------------------------------------------------------


def test_packets_of_java_are_read():
    names = (
        "followerinfo followerinfo_epoch_1 observerinfo leaderinfo ackepoch ackepoch_same_epoch diff newleader"
        " ack_newleader uptodate ack_uptodate ping ping_reply"
    ).split()
    messages = [pcap.golden(name) for name in names]
    fields = ("zkquorum.type", "zkquorum.zxid", "zkquorum.data_length", "zkquorum.authinfo", "_ws.expert.message")
    found = dissect(conversations(QUORUM, messages), *fields)
    for stream, data in enumerate(messages):
        kind, zxid, length = struct.unpack_from(">iQi", data)
        equal(found[stream], [stream, [str(kind)], [f"0x{zxid:016x}"], [str(length)], ["-1"], []])


def test_the_data_of_packets_is_read():
    cases = (
        ("followerinfo", "zkquorum.sid", "1"),
        ("followerinfo", "zkquorum.protocol", "0x00010000"),
        ("observerinfo", "zkquorum.learner", "3"),
        ("leaderinfo", "zkquorum.protocol", "0x00010000"),
        ("ackepoch_same_epoch", "zkquorum.current_epoch", "-1"),
    )
    capture = conversations(QUORUM, [pcap.golden(name) for name, _, _ in cases])
    for stream, (_, field, wanted) in enumerate(cases):
        equal((stream, by_stream(capture, field)[stream]), (stream, [[wanted]]))
    capture = pcap.Capture()
    capture.connect(QUORUM).listener_says(pcap.golden("newleader"))
    assert "server.1=127.0.0.1:24281:24381:participant" in column(capture, "zkquorum.config")[0]


def every_type():
    header = struct.pack(">qiqqi", 0x10000ABCD, 7, 0x100000002, 1700000000000, 1)
    auth = struct.pack(">i", 1) + text(b"digest") + text(b"me")
    data = {
        1: struct.pack(">qii", 0x10000ABCD, 7, 1) + b"request",
        2: header + b"txn",
        5: struct.pack(">qi", 0x10000ABCD, 4000),
        6: struct.pack(">q?", 0x10000ABCD, True),
        8: header + b"txn",
        9: struct.pack(">q", 3),
        10: b"version=0",
        11: struct.pack(">qiq", 1, 0x10000, 0),
        16: struct.pack(">q", 2),
        17: struct.pack(">i", 0x10000),
        18: struct.pack(">i", 4),
        19: struct.pack(">q", 3) + header,
    }
    packets = []
    for kind in range(1, 20):
        body = packet(kind, 0x100000000 + kind, data.get(kind), auth if kind == 1 else None)
        packets.append(body + (snapshot([(b"", b"")]) if kind == 15 else b""))
    return packets


def test_every_type_is_known_by_its_name():
    capture = pcap.Capture()
    capture.connect(QUORUM).dialler_says(b"".join(every_type()))
    info = column(capture, "_ws.col.Info")[0]
    equal(re.findall(r"([A-Z]+) zxid=0x1000000([0-9a-f]+)", info),
          [(name, f"{kind:02x}") for kind, name in enumerate(pcap.PACKETS) if kind])
    equal(column(capture, "zkquorum.session"), ["0x000000010000abcd"] * 6)
    equal(column(capture, "zkquorum.authinfo.scheme"), ["digest"])
    equal(column(capture, "zkquorum.leader"), ["3", "3"])


def test_packets_are_found_wherever_segments_end():
    data = b"".join(every_type())
    capture = pcap.Capture()
    for cut in range(1, len(data)):
        capture.connect(QUORUM).dialler_says(data, (cut,))
    capture.connect(QUORUM).dialler_says(data, (1,) * len(data))
    wanted = [[str(kind) for kind in range(1, 20)]] * 2 + [[]]
    found = by_stream(capture, "zkquorum.number", "zkquorum.type", "_ws.expert.message")
    equal(len(found), len(data))
    for stream, values in found.items():
        equal((stream, values), (stream, wanted))


def test_a_snapshot_of_java_is_read_to_its_end_wherever_segments_end():
    data = pcap.golden("snap") + pcap.golden("snap_body_empty_tree") + pcap.golden("uptodate")
    capture = pcap.Capture()
    for cut in range(1, len(data)):
        capture.connect(QUORUM).listener_says(data, (cut,))
    capture.connect(QUORUM).listener_says(data, (1,) * len(data))
    capture.connect(QUORUM).listener_says(data)
    paths = ["", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"]
    fields = ("type", "number", "snapshot.nodes", "snapshot.acls", "snapshot.signature")
    found = by_stream(capture, *("zkquorum." + field for field in fields), "_ws.expert.message")
    equal(len(found), len(data) + 1)
    for stream, values in found.items():
        equal((stream, values), (stream, [["15", "12"], ["1", "2"], ["4"], ["1"], ["BenWasHere"], []]))
    one = pcap.Capture()
    one.connect(QUORUM).listener_says(data)
    equal(sorted(column(one, "zkquorum.snapshot.path")), paths)


def test_the_signature_inside_of_a_node_ends_no_snapshot():
    data = packet(15) + snapshot([(b"", b""), (b"/trap", text(b"/") + text(b"BenWasHere")), (b"/BenWasHere", b"")])
    capture = pcap.Capture()
    capture.connect(QUORUM).listener_says(data + packet(12), (150,))
    found = by_stream(capture, "zkquorum.type", "zkquorum.snapshot.nodes", "_ws.expert.message")
    equal(found, {0: [["15", "12"], ["3"], []]})


def test_sessions_and_access_control_lists_of_a_snapshot_are_passed_over():
    acl = struct.pack(">qi", 1, 2) + (struct.pack(">i", 31) + text(b"digest") + text(b"a:b")) * 2
    sessions = struct.pack(">i", 2) + struct.pack(">qi", 0x1000, 4000) * 2
    body = sessions + struct.pack(">i", 2) + acl + struct.pack(">qi", 2, -1)
    capture = pcap.Capture()
    capture.connect(QUORUM).listener_says(packet(15) + body + snapshot([(b"", b"")])[8:] + packet(12))
    fields = ("zkquorum.type", "zkquorum.snapshot.sessions", "zkquorum.snapshot.acls", "zkquorum.snapshot.nodes")
    equal(dissect(capture, *fields), [[0, ["15", "12"], ["2"], ["2"], ["1"]]])


def test_a_large_snapshot_is_read():
    data = packet(15) + snapshot([(b"/n%d" % i, b"x" * (i % 300)) for i in range(20000)]) + packet(12)
    capture = pcap.Capture()
    capture.connect(QUORUM).listener_says(data, (8192,) * (len(data) // 8192))
    equal(by_stream(capture, "zkquorum.type", "zkquorum.snapshot.nodes", "_ws.expert.message"),
          {0: [["15", "12"], ["20000"], []]})


# ---- what no peer should send -----------------------------------------------------------------


def test_malformed_election_messages_are_told_and_nothing_after_them_is_read():
    say = pcap.golden("notification_looking")
    initial = pcap.golden("initial_message_v1")
    cases = (
        (say + struct.pack(">i", 0) + say, ["1"], "a notification of 0 bytes"),
        (say + struct.pack(">i", -1) + say, ["1"], "a notification of -1 bytes"),
        (say + struct.pack(">i", 524289) + say, ["1"], "a notification of 524289 bytes"),
        (struct.pack(">qqi", -65538, 1, 3) + b"a:1" + say, [], "no protocol version of an initial message"),
        (struct.pack(">qqi", -65536, 1, 0) + say, [], "addresses of 0 bytes"),
        (struct.pack(">qqi", -65536, 1, 2049) + say, [], "addresses of 2049 bytes"),
        (initial + initial + say, ["0"], "a notification of -1 bytes"),
    )
    capture = pcap.Capture()
    for data, _, _ in cases:
        capture.connect(ELECTION).dialler_says(data).dialler_says(say)
    capture.connect(ELECTION).dialler_says(say)
    found = by_stream(capture, "zkelection.number", "_ws.expert.message")
    for stream, (_, numbers, reason) in enumerate(cases):
        rest = f"what follows a malformed message (frame {5 * stream + 4})"
        equal((stream, found[stream]), (stream, [numbers, [reason, rest]]))
    equal(found[len(cases)], [["1"], []])


def test_malformed_packets_are_told_and_nothing_after_them_is_read():
    ping = packet(5)
    cases = (
        (ping + struct.pack(">iqi", 5, 0, -2) + ping, "data of -2 bytes"),
        (ping + struct.pack(">iqi", 5, 0, 0x7FFFFFFF) + ping, "data of 2147483647 bytes"),
        (ping + struct.pack(">iqii", 5, 0, -1, -2) + ping, "-2 authentications"),
        (ping + struct.pack(">iqiii", 5, 0, -1, 1, -7) + ping, "scheme of -7 bytes"),
        (ping + packet(15) + struct.pack(">i", -5) + ping, "-5 sessions"),
        (ping + packet(15) + snapshot([])[:-10] + b"JoeWasHere" + ping, "a snapshot that is not signed BenWasHere"),
    )
    capture = pcap.Capture()
    for data, _ in cases:
        capture.connect(QUORUM).listener_says(data).listener_says(ping)
    found = by_stream(capture, "zkquorum.number", "_ws.expert.message")
    for stream, (_, reason) in enumerate(cases):
        rest = f"what follows a malformed message (frame {5 * stream + 4})"
        equal((stream, found[stream]), (stream, [["1"], [reason, rest]]))


def test_frames_of_clients_are_found_wherever_segments_end():
    connect = text(struct.pack(">iqiq", 0, 0, 4000, 0) + text(bytes(16)) + b"\0")
    ping, read = text(struct.pack(">ii", -2, 11)), text(struct.pack(">ii", 1, 4) + text(b"/a") + b"\1")
    data = connect + ping + read
    capture = pcap.Capture()
    for cut in range(1, len(data)):
        capture.connect(CLIENT).dialler_says(data, (cut,))
    found = by_stream(capture, "zkclient.number", "zkclient.timeout", "zkclient.type", "zkclient.path", "_ws.expert.message")
    equal(len(found), len(data) - 1)
    for stream, values in found.items():
        equal([stream, *values], [stream, ["1", "2", "3"], ["4000"], ["11", "4"], ["/a"], []])


def test_malformed_frames_of_clients_are_told_and_nothing_after_them_is_read():
    ping = text(struct.pack(">ii", -2, 11))
    for length in (-1, 0, 7, 0x4000001):
        capture = conversations(CLIENT, [ping + struct.pack(">i", length) + bytes(12) + ping])
        found = by_stream(capture, "zkclient.number", "_ws.expert.message")
        (numbers, words), = found.values()
        equal((numbers, len(words), f"a frame of {length} bytes" in words[0]), (["1"], 1, True))


def test_four_letters_are_no_frame_and_so_is_their_answer():
    capture = pcap.Capture()
    capture.connect(CLIENT).dialler_says(b"mntr").listener_says(b"zk_version\t3.8.0\n", (5,))
    equal(by_stream(capture, "zkclient.number", "_ws.expert.message"), {0: [[], []]})


def test_what_only_its_receiver_dislikes_is_told_and_the_next_message_is_read():
    say = pcap.golden("notification_looking")
    long_config = bytearray(say)
    long_config[44:48] = struct.pack(">i", 100000)
    odd_ones = (text(b"x" * 27), text(say[4:36]), text(say[4:46]), text(say[4:50]), bytes(long_config))
    found = dissect(conversations(ELECTION, [odd + say for odd in odd_ones]), "zkelection.number", "zkelection.odd")
    for stream, row in enumerate(found):
        equal((row[0], row[1], len(row[2])), (stream, ["1", "2"], 1))
    equal(len(found), len(odd_ones))
    capture = pcap.Capture()
    capture.connect(QUORUM).dialler_says(packet(77) + packet(5))
    found = dissect(capture, "zkquorum.type", "_ws.expert.message")
    equal(found, [[0, ["77", "5"], ["type 77 is none that 3.8 knows"]]])


def test_a_capture_that_lacks_the_ends_of_packets_says_so():
    capture = pcap.Capture(snaplen=100)
    conversation = capture.connect(ELECTION).dialler_says(pcap.golden("initial_message_v1"))
    conversation.dialler_says(pcap.golden("notification_looking"))
    found = by_stream(capture, "zkelection.number", "_ws.expert.message")
    equal(found[0], [["0"], ["The capture lacks the rest"]])


# ---- whose ports ------------------------------------------------------------------------------


def test_connections_on_other_ports_are_known_by_their_first_message():
    say = pcap.golden("notification_looking")
    capture = pcap.Capture()
    capture.connect(OTHER).dialler_says(pcap.golden("initial_message_v1")).dialler_says(say).listener_says(say)
    capture.connect(OTHER).dialler_says(pcap.golden("followerinfo")).listener_says(pcap.golden("leaderinfo"))
    capture.connect(OTHER).dialler_says(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n")
    capture.connect(OTHER).dialler_says(b"\0" * 100).listener_says(b"\xff" * 100)
    found = by_stream(capture, "zkelection.number", "zkquorum.number")
    equal(found, {0: [["0", "1", "1"], []], 1: [[], ["1", "1"]]})


def test_the_ports_are_preferences():
    say = pcap.golden("notification_looking")
    capture = pcap.Capture()
    for port in (ELECTION, OTHER, OTHER + 1):
        capture.connect(port).dialler_says(say)
    path = os.path.join(HOME, "test.pcap")
    capture.write(path)
    arguments = ["-r", path, "-X", "lua_script:" + LUA, "-Y", "zkelection", "-T", "fields", "-e", "tcp.stream"]
    equal(tshark(arguments).split(), ["0"])
    equal(tshark([*arguments, "-o", f"zkelection.ports:{OTHER}-{OTHER + 1}"]).split(), ["1", "2"])


def test_installed_it_works_alone_and_beside_itself():
    install = [os.path.join(REPO, "scripts", "trace", "film.sh"), "--install"]
    done = subprocess.run(install, env=ENVIRONMENT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    capture = pcap.Capture()
    capture.connect(ELECTION).dialler_says(pcap.golden("notification_looking"))
    path = os.path.join(HOME, "test.pcap")
    capture.write(path)
    arguments = ["-r", path, "-Y", "zkelection.state==0", "-T", "fields", "-e", "zkelection.leader"]
    equal(tshark(arguments).split(), ["1"])
    equal(tshark([*arguments, "-X", "lua_script:" + LUA]).split(), ["1"])


if __name__ == "__main__":
    sys.exit(runner.run("dissector", globals()))
