"""scripts/trace/trace.sh against a trace that was written and worked out by hand: 1.jsonl and 2.jsonl, two peers of which
the larger is elected and killed; java.jsonl, the same election as a capture sees it. In it peer 2's wall clock is
595 us behind what the messages demand, one vote is overwritten in queueSendMap[2], one ping is lost, and the last line of
2.jsonl is cut off. `test_trace.py --write` writes the golden files anew; read the difference before you keep it."""

import json
import os
import sys
import tempfile

import harness
import visitors
import writes
from harness import HERE, same, script, test

GOLDEN = {
    "check.txt": ("check", "1.jsonl", "2.jsonl"),
    "check-java.txt": ("check", "java.jsonl"),
    "story.txt": ("story", "1.jsonl", "2.jsonl"),
    "story-java.txt": ("story", "java.jsonl"),
    "election.mmd": ("mermaid", "1.jsonl", "2.jsonl"),
    "election.shiviz": ("shiviz", "1.jsonl", "2.jsonl"),
    "threads.shiviz": ("shiviz", "1.jsonl", "2.jsonl", "--by", "thread", "--until", "5"),
    "both.shiviz": ("shiviz", "1.jsonl", "2.jsonl", "--against", "java.jsonl"),
    "election.perfetto.json": ("perfetto", "1.jsonl", "2.jsonl"),
}


def golden(name):
    with open(os.path.join(HERE, "golden", name), encoding="utf-8") as stream:
        return stream.read()


@test
def every_feed_of_the_golden_trace_is_as_it_was():
    for name, arguments in GOLDEN.items():
        status, out, err = script("trace.sh", *arguments)
        same((status, err), (0, ""), name)
        got, wanted = out.splitlines(), golden(name).splitlines()
        for number, lines in enumerate(zip(got, wanted), 1):
            same(lines[0], lines[1], f"{name}:{number}")
        same(len(got), len(wanted), f"{name}: number of lines")


@test
def perfetto_slices_never_overlap_and_every_arrow_has_two_ends():
    records = json.loads(script("trace.sh", "perfetto", "1.jsonl", "2.jsonl")[1])["traceEvents"]
    tracks = {}
    for record in records:
        if record["ph"] == "X":
            tracks.setdefault((record["pid"], record["tid"]), []).append((record["ts"], record["ts"] + record["dur"]))
    for slices in tracks.values():
        slices.sort()
        for (_, end), (start, _) in zip(slices, slices[1:]):
            assert end <= start, f"a slice ends at {end}, and the next begins at {start}"
    arrows = {ph: sorted(record["id"] for record in records if record["ph"] == ph) for ph in "sf"}
    same(arrows["s"], arrows["f"])
    same(len(arrows["s"]), 10, "five messages, five stays in queues")


@test
def shiviz_clocks_grow_by_one_and_know_no_more_than_their_causes():
    lines = script("trace.sh", "shiviz", "1.jsonl", "2.jsonl", "--by", "thread")[1].splitlines()
    last = {}
    for stamp in lines[1::2]:
        host, clock = stamp.split(" ", 1)
        clock = json.loads(clock)
        same(clock[host], last.get(host, {}).get(host, 0) + 1, host)
        for other, count in clock.items():
            assert other == host or count <= last[other][other], f"{host} knows the future of {other}"
        last[host] = clock


# ---- what check must find ---------------------------------------------------------------------


def doctored(changes):
    """The traces with lines exchanged: {(file, line): (old, new) or None to delete it}. Findings, status."""
    with tempfile.TemporaryDirectory() as directory:
        for name in ("1.jsonl", "2.jsonl"):
            with open(os.path.join(HERE, name), encoding="utf-8") as stream:
                lines = stream.read().split("\n")
            for (path, number), change in changes.items():
                if path == name and change is None:
                    lines[number - 1] = ""
                elif path == name:
                    assert change[0] in lines[number - 1], f"{name}:{number} holds no {change[0]}"
                    lines[number - 1] = lines[number - 1].replace(*change)
            with open(os.path.join(directory, name), "w", encoding="utf-8") as stream:
                stream.write("\n".join(lines))
        status, out, err = script("trace.sh", "check", os.path.join(directory, "1.jsonl"), os.path.join(directory, "2.jsonl"))
        return status, (out + err).replace(directory + "/", "")


def line_of(name, *parts):
    """The number of the line that holds all parts."""
    with open(os.path.join(HERE, name), encoding="utf-8") as stream:
        found = [number for number, line in enumerate(stream, 1) if all(part in line for part in parts)]
    same(len(found), 1, f"lines of {name} with {parts}")
    return name, found[0]


def finds(changes, text):
    status, out = doctored(changes)
    assert status == 1 and text in out, f"no “{text}” in:\n{out}"


@test
def check_misses_the_send_of_a_receive():
    finds({line_of("2.jsonl", '"send"', '"NOTIFICATION"'): None}, "1.jsonl:9: NOTIFICATION number 1 from 2 was never sent")


@test
def check_sees_a_message_that_changed_on_its_way():
    finds({line_of("2.jsonl", '"recv"', '"NOTIFICATION"'): ('"leader":2', '"leader":1')}, "is not what was sent")


@test
def check_sees_a_number_left_out_on_a_connection():
    finds({line_of("1.jsonl", '"PING"'): ('"seq":2', '"seq":3')}, "number 3 follows number 1")


@test
def check_sees_an_illegal_edge_between_states():
    finds({line_of("1.jsonl", '"s":"LOOKING"'): ("LOOKING", "LEADING")}, "from FOLLOWING to LEADING without LOOKING")


@test
def check_sees_a_phase_left_out():
    finds({line_of("1.jsonl", '"synchronization"'): None}, "phase broadcast after discovery")


@test
def check_sees_time_that_goes_back():
    finds({line_of("1.jsonl", '"t":2660'): ('"t":2660', '"t":2600')}, "time goes back by 50 us")


@test
def check_sees_a_round_that_goes_back():
    finds({line_of("1.jsonl", '"r":2'): ('"r":2', '"r":0')}, "its round goes back from 1 to 0")


@test
def check_sees_a_decision_without_a_quorum():
    finds({line_of("1.jsonl", '"tally"'): ("true", "false")}, "its last tally is no quorum for 2")


@test
def check_sees_a_role_that_was_not_decided():
    finds({line_of("2.jsonl", '"LEADING"'): ("LEADING", "FOLLOWING")}, "it is FOLLOWING, and has decided for 2")


@test
def check_sees_a_queue_that_miscounts():
    finds({line_of("1.jsonl", '"t":2710'): ('"len":1', '"len":2')}, "recvQueue has 1 elements and says 2")


@test
def check_sees_an_element_that_leaves_a_queue_twice():
    finds({line_of("1.jsonl", '"t":2790'): ('"seq":2', '"seq":1')}, "sendqueue gives number 1, which does not wait in it")


@test
def check_lets_a_peer_empty_its_recvqueue_when_it_has_decided():
    text = ""
    for number, (ev, seq, length) in enumerate((("enq", 1, 1), ("enq", 2, 2), ("decide", 0, 0), ("enq", 3, 1), ("deq", 3, 0))):
        fields = {"q": "recvqueue", "seq": seq, "len": length, "dropped": 0} if seq else {"leader": 1, "r": 1, "why": "so"}
        text += json.dumps({"v": 1, "t": number, "n": 1, "th": "", "ev": ev, **fields}) + "\n"
    for wrong, found in ((text, []), (text.replace('"decide"', '"phase"').replace('"r": 1', '"phase": "x"'), ["recvqueue"])):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as stream:
            stream.write(wrong)
            stream.flush()
            out = script("trace.sh", "check", stream.name)[1]
        same([name for name in ("recvqueue",) if name in out], found, out)


@test
def check_sees_that_not_the_oldest_was_overwritten():
    finds({line_of("1.jsonl", '"dropped":1'): ('"dropped":1', '"dropped":7')}, "forgets number 7, which is not its oldest")


@test
def check_sees_messages_that_no_clocks_explain():
    finds({line_of("2.jsonl", '"t":1460'): ('"t":1460', '"t":1025')}, "arrives before it is sent, wherever the clocks are placed")


@test
def check_sees_a_wall_clock_that_is_far_off():
    finds({line_of("2.jsonl", '"boot"'): ("5001", "9001")}, "a wall clock is off by 4.0 s")


@test
def check_sees_an_epoch_that_goes_back():
    finds({line_of("1.jsonl", '"current"'): ('"value":1', '"value":2')}, "current epoch 2 is above the accepted 1")


@test
def check_sees_two_leaders_of_one_epoch():
    finds({line_of("1.jsonl", '"established"'): ('"leader":2', '"leader":1')}, "epoch 1 has leader")


@test
def check_sees_an_epoch_that_two_have_led_before_one_was_established():
    other = '"value":1}\n{"v":1,"t":%d,"n":1,"th":"main","ev":"epoch","which":"current","value":1}'
    finds(
        {
            line_of("1.jsonl", '"FOLLOWING"', '"ev":"state"'): ("FOLLOWING", "LEADING"),
            line_of("1.jsonl", '"current"'): ('"value":1}', other % 204600),
        },
        "epoch 1 has leader 1, and 2 at 2.jsonl:",
    )


@test
def check_sees_a_leader_that_has_decided_for_another():
    finds({line_of("2.jsonl", '"decide"'): ('"leader":2', '"leader":1')}, "it leads, and has decided for 1")


@test
def check_sees_a_term_in_an_epoch_that_is_not_on_disk():
    finds({line_of("1.jsonl", '"current"'): ('"value":1', '"value":0')}, "it is established in epoch 1, and has written 0")


@test
def check_sees_an_observer_that_is_followed():
    observing = '"ev":"state","s":"LOOKING","why":"-"}\n{"v":1,"t":201999,"n":2,"th":"main","ev":"state","s":"OBSERVING"'
    finds({line_of("2.jsonl", '"LEADING"'): ('"ev":"state","s":"LEADING"', observing)}, "the leader 2 is an observer")


@test
def check_sees_what_a_leader_may_not_say():
    say = {line_of(name, '"LEADERINFO"'): ("LEADERINFO", "REQUEST") for name in ("1.jsonl", "2.jsonl")}
    finds(say, "a leader says REQUEST")


@test
def check_sees_what_a_learner_may_not_say():
    finds({line_of("1.jsonl", '"PING"'): ("PING", "PROPOSAL")}, "a learner says PROPOSAL")


@test
def check_sees_a_step_of_a_leader_left_out():
    say = {line_of(name, '"LEADERINFO"'): ("LEADERINFO", "NEWLEADER") for name in ("1.jsonl", "2.jsonl")}
    finds(say, "NEWLEADER, and LEADERINFO comes next")


@test
def check_sees_a_transaction_before_the_synchronization():
    say = {line_of(name, '"LEADERINFO"'): ("LEADERINFO", "COMMIT") for name in ("1.jsonl", "2.jsonl")}
    finds(say, "COMMIT before the synchronization")


@test
def check_sees_an_ack_of_what_has_not_come():
    finds({line_of("1.jsonl", '"PING"'): ("PING", "ACK")}, "an ACK, and no NEWLEADER has come")


@test
def check_sees_an_ack_of_another_leader_and_one_without_its_epoch_on_disk():
    come = '"kind":"DIFF","m":{}}\n{"v":1,"t":204450,"n":1,"th":"main","ev":"recv","from":2,"seq":2,"kind":"NEWLEADER",'
    come += '"conn":"127.0.0.1:42000-127.0.0.1:20032","m":{"zxid":"0x%x00000000"'
    for epoch, text in ((2, "the first ACK is not for the NEWLEADER"), (1, "an ACK of NEWLEADER with current epoch 0")):
        finds(
            {
                line_of("1.jsonl", '"LEADERINFO"'): ('"kind":"LEADERINFO","m":{"zxid":"0x100000000"', come % epoch),
                line_of("1.jsonl", '"current"'): ('"value":1', '"value":0'),
                line_of("1.jsonl", '"PING"'): ("PING", "ACK"),
            },
            text,
        )


# ---- writes ------------------------------------------------------------------------------------

def check_of_writes(old, new):
    """What check finds in the traces of a write with this change."""
    with tempfile.TemporaryDirectory() as directory:
        return script("trace.sh", "check", *writes.save(directory, old, new))[1]


@test
def check_finds_nothing_wrong_with_a_write_that_goes_its_way():
    out = check_of_writes("zxid=0x100000002", "zxid=0x100000002")
    same([line for line in out.splitlines() if ".jsonl:" in line], [])


@test
def check_sees_what_breaks_the_promise_of_a_write():
    for old, new, text in (
        ("3 txn step=acked zxid=0x100000001 peer=1\n", "", "is committed with the ACKs of [3], and a quorum is 2"),
        ("1 txn step=logged zxid=0x100000001 peer=0\n", "", "0x100000001 is acknowledged, and it is not on disk"),
        ("1 txn step=logged zxid=0x100000001 peer=0\n", "", "an ACK of 1 for 0x100000001 is counted, and it is not on the disk of 1"),
        ("3 txn step=logged zxid=0x100000001 peer=0\n", "", "0x100000001 is acknowledged, and it is not on disk"),
        ("3 txn step=committed zxid=0x100000001 peer=0\n", "", "0x100000001 is committed here, and its leader 3 has not done so"),
        ("1 txn step=committed zxid=0x100000001 peer=0\n", "", "0x100000001 is applied, and it is not committed"),
        ("proposed zxid=0x100000002", "proposed zxid=0x100000003", "0x100000003 is proposed after 0x100000001"),
        ("1 txn step=applied", "1 txn step=logged zxid=0x100000001 peer=0\n1 txn step=applied", "0x100000001 is logged after 0x100000001"),
        ("1 txn step=logged", "1 txn step=proposed", "0x100000001 is proposed by a peer that is FOLLOWING"),
        ("mode=DIFF", "mode=SNAP", "DIFF is sent, and SNAP was decided at"),
        ("step=applied", "step=adored", "adored is no step of a transaction"),
    ):
        out = check_of_writes(old, new)
        assert text in out, f"no “{text}” in:\n{out}"


# ---- clients -----------------------------------------------------------------------------------


def check_of_a_visit(old, new):
    with tempfile.TemporaryDirectory() as directory:
        return script("trace.sh", "check", visitors.save(directory, old, new))[1]


@test
def check_finds_nothing_wrong_with_clients_who_are_told_the_truth():
    out = check_of_a_visit("", "")
    same([line for line in out.splitlines() if "trace:" in line], [])


@test
def check_sees_what_no_client_may_be_told():
    for old, new, text in (
        ("xid=1 op=create zxid", "xid=5 op=create zxid", "an answer to create with the xid 5, which nobody has asked"),
        ("op=exists zxid=0x100000001", "op=exists zxid=0x100000009", "0x3000b is told of 0x100000002, and was told of 0x100000009 before"),
        ("op=create zxid=0x100000001", "op=create zxid=0x100000005", "0x1000a is told that 0x100000005 is done, and it is not in the tree here"),
        ("what=expired", "what=forgotten", "forgotten is nothing that becomes of a session"),
    ):
        out = check_of_a_visit(old, new)
        assert text in out, f"no “{text}” in:\n{out}"


@test
def a_client_without_a_name_is_its_session():
    with tempfile.TemporaryDirectory() as directory:
        out = script("trace.sh", "story", visitors.save(directory, named=False))[1]
    assert "Client 1, Client 2 and Client 3 come" in out, out
    assert "Client 2 goes on at peer 1" in out, out


# ---- lines and files that are none -------------------------------------------------------------


@test
def a_line_that_is_none_is_named():
    status, out = doctored({("1.jsonl", 3): ('"t":1010', '"t":"soon"')})
    same(status, 1)
    same(out, "trace.sh: 1.jsonl:3: this is no line of a trace: no t, or it is no int\n")


@test
def a_line_that_a_restart_wrote_behind_a_cut_one_is_read():
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as stream:
        boot = '{"v":1,"t":1,"n":1,"th":"main","ev":"boot","wall":%d,"version":"0"}'
        stream.write(f'{boot % 1}\n{{"v":1,"t":5{boot % 2}\n{{"v":1,"t":9,"n":1,"th":"main","ev":"exit","code":0,"why":"it was asked to stop"}}\n')
        stream.flush()
        status, out, _ = script("trace.sh", "check", stream.name)
    same((status, out.splitlines()[0][:31]), (0, "4 events of 1 peers; 0 messages"), "two lives, one of them killed")


@test
def nonsense_is_refused_in_one_line():
    for name, arguments, wanted in (
        ("trace.sh", (), 2),
        ("trace.sh", ("paint",), 2),
        ("trace.sh", ("replay",), 2),
        ("trace.sh", ("check", "--chapter", "1"), 2),
        ("trace.sh", ("mermaid", "1.jsonl", "--chapter", "first"), 2),
        ("trace.sh", ("mermaid", "1.jsonl", "--chapter", "9"), 1),
        ("trace.sh", ("mermaid", "1.jsonl", "--until", "-3"), 2),
        ("trace.sh", ("shiviz", "1.jsonl", "--by", "colour"), 2),
        ("trace.sh", ("shiviz", "1.jsonl", "--label", "a", "--label", "b"), 2),
        ("trace.sh", ("check", "nowhere"), 2),
        ("trace.sh", ("check", "/dev/null"), 1),
        ("trace.sh", ("check", "golden"), 1),
        ("trace.sh", ("story", "1.jsonl", "-o", "/nowhere/x"), 1),
        ("replay.sh", ("1.jsonl",), 2),
        ("replay.sh", ("nowhere", "-o", "/dev/null"), 2),
        ("replay.sh", ("1.jsonl", "--zoom"), 2),
    ):
        status, out, err = script(name, *arguments, ZK_CLUSTER_DIR="/nowhere")
        same((status, out, err.count("\n")), (wanted, "", 1), f"{name} {' '.join(arguments)}: {err}")
        assert err.startswith(name + ": "), err
        assert wanted == 1 or "--help" in err, err


@test
def help_is_there():
    for name in ("trace.sh", "replay.sh"):
        for arguments in (("--help",), ("-h",), ("check", "--help")):
            status, out, err = script(name, *arguments)
            same((status, err, out[:7]), (0, "", "Usage: "), name)


def write_golden():
    for name, arguments in GOLDEN.items():
        with open(os.path.join(HERE, "golden", name), "w", encoding="utf-8") as stream:
            stream.write(script("trace.sh", *arguments)[1])


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write_golden()
    else:
        sys.exit(1 if harness.run(harness.chosen(__name__)) else 0)
