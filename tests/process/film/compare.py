#!/usr/bin/env python3
"""A film of an ensemble beside what else is known of the same run. Exit 0 if they agree.

    compare.py recount DIR CAPTURE FILM      a count of the capture that uses neither tshark nor the dissector
    compare.py story FILM OLD NEW            leader OLD is killed, NEW is elected, OLD comes back as a follower
    compare.py traces DIR FILM               the traces that the (C) peers in DIR wrote
    compare.py piece DIR FILM                the same, for a film that began when they ran already
"""

import collections
import glob
import json
import os
import sys

import pcap


def read(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def show(what, keys, source):
    for key in sorted(keys)[:10]:
        print(f"{what}: {key} {source[key]}")
    return len(keys)


def messages_of(film):
    """{(conn, sent by the dialler, seq): (kind, m)}, from both ends of each; the dialler is who sent dial."""
    diallers = {event["conn"]: event["n"] for event in film if event["ev"] == "conn" and event["what"] == "dial"}
    sent, received = {}, {}
    for event in film:
        if event["ev"] in ("send", "recv"):
            speaker = event["n"] if event["ev"] == "send" else event["from"]
            key = event["conn"], speaker == diallers[event["conn"]], event["seq"]
            found = sent if event["ev"] == "send" else received
            assert key not in found, f"twice: {event}"
            found[key] = (event["kind"], event["m"])
    for key, message in received.items():
        assert sent.get(key) == message, f"one packet is both, but its send and its recv differ: {key}"
    for conn, by_dialler, seq in sent.keys() - received.keys():  # its reader was gone
        assert (conn, by_dialler, seq + 1) not in received, f"received after what was lost: {conn} {seq}"
    return sent


def compare_recount(directory, capture, film):
    counted, left = pcap.recount(capture, directory)
    filmed = messages_of(read(film))
    wrong = show("only counted", counted.keys() - filmed.keys(), counted)
    wrong += show("only filmed", filmed.keys() - counted.keys(), filmed)
    for key in counted.keys() & filmed.keys():
        if counted[key] != filmed[key]:
            wrong += 1
            print(f"{key}: counted {counted[key]}, filmed {filmed[key]}")
    kinds = collections.Counter(kind for kind, _ in filmed.values())
    print(f"{len(filmed)} messages: {dict(kinds)}; left over: {left}")
    wanted = "INITIAL NOTIFICATION FOLLOWERINFO LEADERINFO ACKEPOCH NEWLEADER ACK UPTODATE PING SNAP".split()
    missing = [kind for kind in wanted if not kinds[kind]]
    if missing:
        print(f"the run was to show all kinds, and lacks {missing}")
    return wrong == 0 and not left and not missing


def compare_story(film, old, new):
    old, new = int(old), int(new)
    lines = [(event["n"], event.get("s", event["ev"])) for event in read(film) if event["ev"] in ("state", "crash")]
    print(lines)
    # A survivor may be filmed as it looks around before the last connection of the dead one has been seen to end.
    for n in (1, 2, 3):
        mine = [word for sid, word in lines if sid == n]
        first = ["LOOKING", "LEADING", "crash"] if n == old else ["LOOKING", "FOLLOWING"]
        second = ["LOOKING", "LEADING" if n == new else "FOLLOWING"]
        assert mine == first + second, f"peer {n}: {mine}"
    terms = [(event["n"], event["leader"]) for event in read(film) if event["ev"] == "established"]
    assert sorted(terms) == sorted([(n, old) for n in (1, 2, 3)] + [(n, new) for n in (1, 2, 3)]), terms
    times = [event["t"] for event in read(film)]
    assert times == sorted(times) and times[0] == 0
    return True


def said_by(events, end):
    """{(conn, n, seq): the event without what only one of the two can know}; end: send or recv."""
    found = {}
    for event in events:
        if event["ev"] == end:
            other = "to" if end == "send" else "from"
            found[event["conn"], event["n"], event["seq"]] = (event[other], event["kind"], event["m"])
    return found


def own_traces(directory):
    paths = sorted(glob.glob(os.path.join(directory, "*", "trace")))
    assert paths, f"no peer in {directory} has written a trace"
    return [event for path in paths for event in read(path)]


def compare_traces(directory, film):
    """What a connection lost with its end is the only difference that there may be: a message that was told and not
    sent, or sent and not read. Then nothing follows it on the other side either."""
    film, own = read(film), own_traces(directory)
    wrong = lost = 0
    for end in ("send", "recv"):
        filmed, told = said_by(film, end), said_by(own, end)
        assert len(filmed) > 50, f"only {len(filmed)} messages filmed: that shows nothing"
        for key in filmed.keys() & told.keys():
            if filmed[key] != told[key]:
                wrong += 1
                print(f"{end} {key}: filmed {filmed[key]}, told {told[key]}")
        few, many, what = (told, filmed, "filmed") if end == "recv" else (filmed, told, "told")
        wrong += show(f"{end} not {what}", few.keys() - many.keys(), few)
        for conn, n, seq in many.keys() - few.keys():
            lost += 1
            if any(key[:2] == (conn, n) and key[2] > seq for key in few):
                wrong += 1
                print(f"{end} only {what}, and not the last: {conn} {n} {seq} {many[conn, n, seq]}")
    print(f"{len(film)} events filmed, {len(own)} told; {lost} messages were lost with their connection")
    return wrong == 0 and lost < 20


def in_order(found):
    directions = collections.defaultdict(list)
    for conn, n, seq in sorted(found):
        directions[conn, n].append(found[conn, n, seq])
    return directions


def compare_piece(directory, film):
    """Each direction of each connection in the film is a piece, without a gap, of what its sender told."""
    film = read(film)
    filmed, told = in_order(said_by(film, "send")), in_order(said_by(own_traces(directory), "send"))
    wrong = 0
    for key, piece in filmed.items():
        whole = told.get(key, [])
        if not any(whole[at : at + len(piece)] == piece for at in range(len(whole))):
            wrong += 1
            print(f"{key}: not in the trace of {key[1]}: {piece[:3]}")
    keeps = sum(event["ev"] == "conn" and event["what"] == "keep" for event in film)
    pings = sum(event["ev"] == "send" and event["kind"] == "PING" for event in film)
    states = {event["n"]: event["s"] for event in film if event["ev"] == "state"}
    print(f"{len(filmed)} directions, {keeps} keeps, {pings} pings, states {states}")
    return wrong == 0 and keeps >= 4 and pings > 8 and sorted(states.values()) == ["FOLLOWING", "FOLLOWING", "LEADING"]


def main(words):
    verbs = {"recount": compare_recount, "story": compare_story, "traces": compare_traces, "piece": compare_piece}
    return 0 if verbs[words[0]](*words[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
