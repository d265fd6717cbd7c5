#!/usr/bin/env python3
"""What a film infers, from captures that are made up of what Java peers send."""

import json
import os
import struct
import subprocess
import sys
import tempfile

import pcap
import runner

FILM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "scripts", "trace", "film.sh")
WORK_DIRECTORY = tempfile.TemporaryDirectory()
WORK = WORK_DIRECTORY.name
CLIENT = 23801  # of server 1
LIVES = ("state", "crash", "freeze", "thaw")


def election(n):
    return 23860 + n


def quorum(n):
    return 23830 + n


def film(capture):
    """The events of a film of servers 1, 2 and 3."""
    directory = os.path.join(WORK, "cluster")
    os.makedirs(os.path.join(directory, "1"), exist_ok=True)
    with open(os.path.join(directory, "1", "zoo.cfg"), "w", encoding="ascii") as stream:
        for n in (1, 2, 3):
            stream.write(f"server.{n}=127.0.0.1:{quorum(n)}:{election(n)}:{'observer' if n == 3 else 'participant'}\n")
        stream.write(f"clientPort={CLIENT}\nclientPortAddress=127.0.0.1\n")
    source, target = os.path.join(WORK, "film.pcap"), os.path.join(WORK, "film.jsonl")
    capture.write(source)
    done = subprocess.run([FILM, "--dir", directory, "convert", source, target], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    with open(target, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def initial(sid, port):
    address = b"127.0.0.1:%d" % port
    return struct.pack(">qqi", -65536, sid, len(address)) + address


def notification(state, round_number):
    return struct.pack(">iiqqqqi", 40, state, 2, 0, round_number, 0, 1)


def follower_info(sid, kind=11):
    return struct.pack(">iqiqiqi", kind, 0, 20, sid, 0x10000, 0, -1)


def states(events, n):
    return [event.get("s", event["ev"]) for event in events if event["n"] == n and event["ev"] in LIVES]


def equal(found, wanted):
    assert found == wanted, f"found  {found}\nwanted {wanted}"


def test_a_vote_that_waited_for_its_connection_makes_nobody_look_again():
    capture = pcap.Capture()
    capture.connect(election(1)).dialler_says(initial(2, election(2))).listener_says(notification(0, 1))
    leader = capture.connect(quorum(2)).dialler_says(follower_info(1))
    late = capture.connect(election(1)).dialler_says(initial(3, election(3))).listener_says(notification(0, 1))
    equal(states(film(capture), 1), ["LOOKING", "FOLLOWING"])
    leader.close()
    late.listener_says(notification(0, 2))
    events = film(capture)
    equal(states(events, 1), ["LOOKING", "FOLLOWING", "LOOKING"])
    equal(states(events, 2), ["LEADING"])
    equal({event["why"] for event in events if event["ev"] == "state"}, {"seen on the wire"})


def test_a_peer_is_dead_when_its_election_port_refuses():
    capture = pcap.Capture()
    first = capture.connect(election(1)).dialler_says(initial(2, election(2))).dialler_says(notification(0, 1))
    first.packet(first.dialler, pcap.RST)
    ended = len(capture.packets) - 1
    for _ in range(2):
        capture.add(41999, election(2), 1, 0, pcap.SYN)
        capture.add(election(2), 41999, 0, 2, pcap.RST | pcap.ACK)
    capture.add(41998, election(3), 1, 0, pcap.SYN)  # was never seen, so it did not die
    capture.add(election(3), 41998, 0, 2, pcap.RST | pcap.ACK)
    events = film(capture)
    equal([(event["n"], event["t"]) for event in events if event["ev"] == "crash"], [(2, (ended - 1) * 1000)])
    again = capture.connect(election(1)).dialler_says(initial(2, election(2)))
    again.dialler_says(notification(0, 1))
    equal(states(film(capture), 2), ["LOOKING", "crash", "LOOKING"])


def test_a_follower_is_dead_when_it_ends_all_its_connections_at_once():
    capture = pcap.Capture()
    talk = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    leader = capture.connect(quorum(2)).dialler_says(follower_info(1))
    leader.packet(leader.dialler, pcap.FIN | pcap.ACK)
    equal(states(film(capture), 1), ["FOLLOWING"])  # it has only given up its leader
    talk.packet(talk.listener, pcap.FIN | pcap.ACK)
    equal((states(film(capture), 1), states(film(capture), 2)), (["FOLLOWING", "crash"], ["LOOKING", "LEADING"]))


def test_who_is_left_by_a_dead_leader_is_not_dead():
    capture = pcap.Capture()
    talk = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    leader = capture.connect(quorum(2)).dialler_says(follower_info(1))
    for connection, dead, left in ((talk, talk.dialler, talk.listener), (leader, leader.listener, leader.dialler)):
        connection.packet(dead, pcap.FIN | pcap.ACK)
        connection.packet(left, pcap.FIN | pcap.ACK)
    equal((states(film(capture), 1), states(film(capture), 2)), (["FOLLOWING"], ["LOOKING", "LEADING", "crash"]))


def frozen_leader(acknowledges, silence=2000, after=1000):
    """2 leads 1 and falls silent; after 2 s its follower goes, and says so. (capture, their election connection and
    their quorum connection)"""
    capture = pcap.Capture()
    talk = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
    capture.pause(silence)
    learner.packet(learner.dialler, pcap.FIN | pcap.ACK)
    talk.listener_says(notification(0, 2))
    if acknowledges:
        learner.packet(learner.listener, pcap.ACK)
        talk.packet(talk.dialler, pcap.ACK)
    capture.pause(after)
    talk.listener_says(notification(2, 2))
    return capture, talk, learner


def test_a_leader_whose_kernel_answers_and_which_says_nothing_is_frozen():
    capture, _, _ = frozen_leader(acknowledges=True)
    events = film(capture)
    equal(states(events, 2), ["LOOKING", "LEADING", "freeze"])
    freeze = next(event for event in events if event["ev"] == "freeze")
    last = max(event["t"] for event in events if event["n"] == 2 and event["ev"] == "send")
    equal(freeze["t"] - last, 100_000)
    equal([event for event in events if event["ev"] == "recv" and event["n"] == 2 and event["t"] > freeze["t"]], [])


def test_a_frozen_leader_thaws_and_reads_what_has_waited():
    capture, talk, _ = frozen_leader(acknowledges=True)
    talk.dialler_says(notification(2, 1))
    events = film(capture)
    equal(states(events, 2), ["LOOKING", "LEADING", "freeze", "thaw"])
    thaw = next(event["t"] for event in events if event["ev"] == "thaw")
    read = [event["t"] for event in events if event["ev"] == "recv" and event["n"] == 2 and event["kind"] == "NOTIFICATION"]
    equal([0 < t - thaw < 1000 for t in read], [True, True])


def test_a_frozen_leader_that_is_killed_does_not_thaw():
    capture, talk, learner = frozen_leader(acknowledges=True)
    for connection, end in ((talk, talk.dialler), (learner, learner.listener)):
        connection.packet(end, pcap.RST)
    equal(states(film(capture), 2)[:3], ["LOOKING", "LEADING", "freeze"])
    equal("thaw" in states(film(capture), 2), False)


def test_a_leader_whose_kernel_is_silent_too_is_not_called_frozen():
    capture, _, _ = frozen_leader(acknowledges=False)
    equal(states(film(capture), 2), ["LOOKING", "LEADING"])


def healed(ended, capture, source, answers):
    """The end of a connection that was swallowed is delivered, and the kernel of the other side answers."""
    ended.packet(source, pcap.FIN | pcap.ACK)
    ended.packet(answers, pcap.ACK)
    capture.pause(1000)


def test_a_leader_that_was_cut_off_is_not_frozen_when_the_end_of_its_follower_arrives_at_last():
    capture = pcap.Capture()
    capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    other = capture.connect(election(1)).dialler_says(initial(3, election(3)) + notification(0, 1))
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
    capture.pause(2000)
    other.listener_says(notification(0, 2))  # so it has given up its leader
    capture.pause(1000)
    healed(learner, capture, learner.dialler, learner.listener)
    equal(states(film(capture), 2), ["LOOKING", "LEADING"])


def test_a_leader_that_pings_others_is_not_frozen_when_the_end_of_one_that_was_cut_off_arrives():
    capture = pcap.Capture()
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
    other = capture.connect(quorum(2)).dialler_says(follower_info(3, 16)).listener_says(pcap.golden("uptodate"))
    for _ in range(3):
        capture.pause(1000)
        other.listener_says(pcap.golden("ping"))
    capture.pause(450)
    healed(learner, capture, learner.dialler, learner.listener)
    other.listener_says(pcap.golden("ping"))
    equal(states(film(capture), 2), ["LEADING"])


def back_from_behind_a_partition(swallowed):
    """2 leads 1 and is cut off. When the network is whole again, 2 tells 3 that it looks for a leader, and 1 if it can. Then
    it hears that 1 has ended its connection, and speaks again when 1 has answered. `swallowed` names what was lost and
    waits to be repeated: the leader's PING, its question, or the answer."""
    capture = pcap.Capture()
    talk = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    other = capture.connect(election(1)).dialler_says(initial(3, election(3)) + notification(0, 1))
    third = capture.connect(election(2)).dialler_says(initial(3, election(3)) + notification(0, 1))
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
    capture.pause(500)
    if swallowed == "ping":
        learner.swallow(learner.listener, pcap.golden("ping"))
    capture.pause(2000)
    other.listener_says(notification(0, 2))  # 1 has given up its leader
    if swallowed == "question":
        talk.swallow(talk.dialler, notification(0, 2))
    if swallowed == "answer":
        talk.swallow(talk.listener, notification(1, 2))
    capture.pause(2000)
    third.listener_says(notification(0, 2))
    if swallowed != "question":
        talk.dialler_says(notification(0, 2))
        talk.packet(talk.listener, pcap.ACK)
    capture.pause(500)
    learner.packet(learner.dialler, pcap.FIN | pcap.ACK)
    learner.packet(learner.listener, pcap.ACK)
    talk.packet(talk.dialler, pcap.ACK)
    capture.pause(1000)
    if swallowed == "answer":
        talk.repeat(talk.listener)
    if swallowed == "question":
        talk.repeat(talk.dialler)
    talk.dialler_says(notification(0, 2))
    return capture


def test_a_peer_is_not_frozen_while_the_network_owes_words_of_it_or_for_it():
    for swallowed in ("ping", "question", "answer"):
        events = film(back_from_behind_a_partition(swallowed))
        equal((swallowed, states(events, 2)), (swallowed, ["LOOKING", "LEADING", "LOOKING"]))
    # Nothing is to come there: so nobody but the peer is the reason of its silence.
    equal(states(film(back_from_behind_a_partition("nothing")), 2), ["LOOKING", "LEADING", "LOOKING", "freeze", "thaw"])


def test_a_peer_is_frozen_though_a_word_of_it_was_repeated_before():
    capture = pcap.Capture()
    talk = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
    learner.swallow(learner.listener, pcap.golden("ping"))
    talk.listener_says(notification(0, 1))
    learner.dialler_says(pcap.golden("ack_uptodate"))
    learner.packet(learner.listener, pcap.ACK)  # and waits for its timer
    capture.pause(200)
    learner.repeat(learner.listener)
    capture.pause(2000)
    learner.packet(learner.dialler, pcap.FIN | pcap.ACK)
    learner.packet(learner.listener, pcap.ACK)
    talk.listener_says(notification(0, 2))
    talk.packet(talk.dialler, pcap.ACK)
    capture.pause(1000)
    talk.listener_says(notification(2, 2))
    equal(states(film(capture), 2), ["LOOKING", "LEADING", "freeze"])


def test_a_follower_is_frozen_if_it_was_pinged_all_the_while_and_cut_off_if_not():
    for pings, wanted in ((3, ["FOLLOWING", "freeze"]), (0, ["FOLLOWING"])):
        capture = pcap.Capture()
        learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
        learner.dialler_says(pcap.golden("ack_uptodate"))
        for _ in range(pings):
            capture.pause(1000)
            learner.listener_says(pcap.golden("ping"))
        capture.pause(1000)
        healed(learner, capture, learner.listener, learner.dialler)
        equal(states(film(capture), 1), wanted)


def test_a_leader_that_has_spoken_just_before_or_speaks_soon_after_is_not_frozen():
    capture, _, _ = frozen_leader(acknowledges=True, silence=100)
    equal(states(film(capture), 2), ["LOOKING", "LEADING"])
    capture, talk, _ = frozen_leader(acknowledges=True, after=100)
    talk.dialler_says(notification(2, 1))
    equal(states(film(capture), 2), ["LOOKING", "LEADING"])


def test_peers_that_stop_one_after_the_other_are_all_gone():
    capture = pcap.Capture()
    talks = {}
    for pair in ((1, 2), (1, 3), (2, 3)):
        talks[pair] = capture.connect(election(pair[0])).dialler_says(initial(pair[1], election(pair[1])) + notification(0, 1))
        talks[pair].listener_says(notification(0, 1))
    roles = {n: capture.connect(quorum(3)).dialler_says(follower_info(n)) for n in (1, 2)}
    for n in (1, 2):
        for pair, talk in talks.items():
            if n in pair:
                talk.packet(talk.listener if n == pair[0] else talk.dialler, pcap.FIN | pcap.ACK)
        roles[n].packet(roles[n].dialler, pcap.FIN | pcap.ACK)
    events = film(capture)
    equal([states(events, n)[-1] for n in (1, 2, 3)], ["crash", "crash", "LEADING"])


def test_a_newer_round_is_a_new_election_though_no_connection_has_ended():
    capture = pcap.Capture()
    talk = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    talk.listener_says(notification(0, 1))
    capture.connect(quorum(2)).dialler_says(follower_info(1))
    talk.listener_says(notification(0, 1))
    equal(states(film(capture), 1), ["LOOKING", "FOLLOWING"])
    talk.listener_says(notification(0, 2))
    equal(states(film(capture), 1), ["LOOKING", "FOLLOWING", "LOOKING"])


def test_who_has_ended_a_connection_reads_no_more_of_it():
    capture = pcap.Capture()
    said = capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    said.packet(said.dialler, pcap.FIN | pcap.ACK)
    said.listener_says(notification(0, 1))
    found = [(event["ev"], event["n"], event["seq"]) for event in film(capture) if event["ev"] in ("send", "recv")]
    equal(found, [("send", 2, 0), ("send", 2, 1), ("recv", 1, 0), ("recv", 1, 1), ("send", 1, 1)])


def test_an_observer_without_an_id_is_known_by_its_address():
    capture = pcap.Capture()
    capture.connect(election(1)).dialler_says(initial(2**63 - 1, election(3)) + notification(3, 1))
    sent = [event for event in film(capture) if event["ev"] == "send"]
    equal([(event["n"], event["to"], event["kind"], event["seq"]) for event in sent],
          [(3, 1, "INITIAL", 0), (3, 1, "NOTIFICATION", 1)])
    equal(sent[0]["m"], {"sid": 2**63 - 1})


def test_an_observer_observes():
    capture = pcap.Capture()
    capture.connect(quorum(2)).dialler_says(follower_info(3, 16))
    equal((states(film(capture), 3), states(film(capture), 2)), (["OBSERVING"], ["LEADING"]))


def test_a_message_is_sent_with_its_first_segment_and_arrives_with_its_last():
    capture = pcap.Capture()
    snapshot = pcap.golden("snap") + pcap.golden("snap_body_empty_tree")
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1))
    learner.listener_says(snapshot + pcap.golden("uptodate"), (20, 500))
    events = film(capture)
    times = {(event["ev"], event["kind"]): event["t"] for event in events if event["ev"] in ("send", "recv")}
    began = times["send", "FOLLOWERINFO"]
    equal(times["send", "SNAP"] - began, 1000)
    equal(times["send", "UPTODATE"] - began, 3000)
    assert 3000 < times["recv", "SNAP"] - began <= 3040, times
    order = [event["t"] for event in events]
    equal(order, sorted(order))


def test_threads_have_the_names_that_java_gives_them():
    capture = pcap.Capture()
    capture.connect(election(1)).dialler_says(initial(2, election(2)) + notification(0, 1))
    learner = capture.connect(quorum(2)).dialler_says(follower_info(1))
    learner.listener_says(pcap.golden("leaderinfo") + pcap.golden("diff"))
    there = f"/127.0.0.1:{learner.dialler}"
    wanted = {
        "INITIAL": ("QuorumConnectionThread-[myid=2]", f"ListenerHandler-/127.0.0.1:{election(1)}"),
        "NOTIFICATION": ("SendWorker:1", "RecvWorker:2"),
        "FOLLOWERINFO": ("QuorumPeer[myid=1]", "LearnerHandler-" + there),
        "LEADERINFO": ("LearnerHandler-" + there, "QuorumPeer[myid=1]"),
        "DIFF": ("Sender-" + there, "QuorumPeer[myid=1]"),
    }
    events = film(capture)
    for kind, threads in wanted.items():
        found = {event["ev"]: event["th"] for event in events if event.get("kind") == kind}
        equal((kind, found["send"], found["recv"]), (kind, *threads))


# ---- clients ----------------------------------------------------------------------------------


def text(value):
    return struct.pack(">i", len(value)) + value


SESSION = 0x100000000000001
CONNECT = text(struct.pack(">iqiq", 0, 0, 4000, 0) + text(bytes(16)) + b"\0")
CONNECTED = text(struct.pack(">iiq", 0, 4000, SESSION) + text(bytes(range(16))) + b"\0")
ACL = struct.pack(">ii", 1, 31) + text(b"world") + text(b"anyone")


def request(xid, kind, body=b""):
    return text(struct.pack(">ii", xid, kind) + body)


def reply(xid, zxid, err=0, body=b""):
    return text(struct.pack(">iqi", xid, zxid, err) + body)


def of_clients(events):
    """Returns the events of clients, without the fields that all of them have."""
    wanted = ("session", "request", "reply", "watch")
    common = ("v", "t", "n", "th", "addr", "why")
    found = [event for event in events if event["ev"] in wanted]
    equal({(event["n"], event["th"]) for event in found} <= {(1, "")}, True)
    return [{name: value for name, value in event.items() if name not in common} for event in found]


def test_a_client_is_seen_from_its_first_frame_to_its_last():
    capture = pcap.Capture()
    visit = capture.connect(CLIENT).dialler_says(CONNECT).listener_says(CONNECTED)
    visit.dialler_says(request(1, 1, text(b"/l/n-") + text(b"ann") + ACL + struct.pack(">i", 3)))
    visit.listener_says(reply(1, 0x100000002, 0, text(b"/l/n-0000000000")))
    visit.dialler_says(request(2, 3, text(b"/l/n-0000000000") + b"\1") + request(-2, 11))
    visit.listener_says(reply(2, 0x100000002, 0, bytes(68)) + reply(-2, 0x100000002))
    visit.listener_says(reply(-1, -1, 0, struct.pack(">ii", 2, 3) + text(b"/l/n-0000000000")))
    visit.dialler_says(request(3, 12, text(b"/l") + b"\0")).listener_says(reply(3, 0x100000003, 0, struct.pack(">i", 2) + text(b"a") + text(b"b")))
    visit.dialler_says(request(4, 4, text(b"/m") + b"\0")).listener_says(reply(4, 0x100000003, -101))
    visit.dialler_says(request(5, 5, text(b"/m") + text(b"x") + struct.pack(">i", -1)))
    visit.close()
    session = {"session": hex(SESSION)}
    equal(of_clients(film(capture)), [
        {"ev": "request", "session": "0x0", "xid": 0, "op": "createSession", "path": "", "data": "4000 ms"},
        {"ev": "session", **session, "what": "opened", "ms": 4000},
        {"ev": "request", **session, "xid": 1, "op": "create", "path": "/l/n-", "data": "ann", "how": "ephemeral sequential"},
        {"ev": "reply", **session, "xid": 1, "op": "create", "zxid": "0x100000002", "err": 0, "data": "/l/n-0000000000"},
        {"ev": "request", **session, "xid": 2, "op": "exists", "path": "/l/n-0000000000", "how": "watch"},
        {"ev": "request", **session, "xid": -2, "op": "ping", "path": ""},
        {"ev": "reply", **session, "xid": 2, "op": "exists", "zxid": "0x100000002", "err": 0},
        {"ev": "reply", **session, "xid": -2, "op": "ping", "zxid": "0x100000002", "err": 0},
        {"ev": "watch", **session, "what": "deleted", "path": "/l/n-0000000000"},
        {"ev": "request", **session, "xid": 3, "op": "getChildren2", "path": "/l"},
        {"ev": "reply", **session, "xid": 3, "op": "getChildren2", "zxid": "0x100000003", "err": 0, "data": "a b"},
        {"ev": "request", **session, "xid": 4, "op": "getData", "path": "/m"},
        {"ev": "reply", **session, "xid": 4, "op": "getData", "zxid": "0x100000003", "err": -101},
        {"ev": "request", **session, "xid": 5, "op": "setData", "path": "/m", "data": "x"},
        {"ev": "session", **session, "what": "left", "ms": 4000},
    ])


def test_credentials_and_four_letters_are_not_told():
    capture = pcap.Capture()
    capture.connect(CLIENT).dialler_says(b"srvr").listener_says(b"Zookeeper version: 3.8.0, and more\n").close()
    visit = capture.connect(CLIENT).dialler_says(CONNECT).listener_says(CONNECTED)
    visit.dialler_says(request(-4, 100, struct.pack(">i", 0) + text(b"digest") + text(b"bob:secret"))).listener_says(reply(-4, 0))
    events = film(capture)
    equal([event["op"] for event in events if event["ev"] == "request"], ["createSession", "auth"])
    assert "secret" not in json.dumps(events) and "digest" not in json.dumps(events), events


def closing(cxid):
    """The leader proposes the end of the session."""
    header = struct.pack(">qiqqi", SESSION, cxid, 0x100000003, 0, -11)
    return struct.pack(">iq", 2, 0x100000003) + text(header) + struct.pack(">i", -1)


def test_a_session_expires_when_its_leader_ends_it_and_nobody_has_asked():
    for cxid, wanted in ((0, [(2, 4000)]), (7, [])):
        capture = pcap.Capture()
        learner = capture.connect(quorum(2)).dialler_says(follower_info(1)).listener_says(pcap.golden("uptodate"))
        capture.connect(CLIENT).dialler_says(CONNECT).listener_says(CONNECTED)
        learner.listener_says(closing(cxid))
        events = film(capture)
        equal([(event["n"], event["ms"]) for event in events if event.get("what") == "expired"], wanted)


def test_a_film_has_the_names_of_the_clients_of_a_story():
    line = {"v": 1, "ev": "client", "name": "Ann", "session": hex(SESSION), "addr": "127.0.0.1:40001"}
    names = os.path.join(WORK, "cluster", "clients.jsonl")
    with open(names, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    capture = pcap.Capture()
    capture.connect(CLIENT).dialler_says(CONNECT).listener_says(CONNECTED)
    try:
        equal(film(capture)[0], line)
    finally:
        os.remove(names)


def test_a_film_that_begins_in_the_middle_of_a_visit_tells_only_what_it_knows():
    capture = pcap.Capture()
    visit = capture.connect(CLIENT).listener_says(reply(9, 0x100000002, 0, bytes(68)))
    visit.dialler_says(request(10, 9, text(b"/l"))).listener_says(reply(10, 0x100000002, 0, text(b"/l")))
    equal([(event["ev"], event["xid"]) for event in of_clients(film(capture))], [("request", 10), ("reply", 10)])


def test_what_is_malformed_is_left_out_and_counted_on():
    capture = pcap.Capture()
    odd = struct.pack(">i", 5) + b"short"
    capture.connect(election(1)).dialler_says(initial(2, election(2)) + odd + notification(0, 1))
    equal([event["seq"] for event in film(capture) if event["ev"] == "recv"], [0, 2])


if __name__ == "__main__":
    sys.exit(runner.run("film", globals()))
