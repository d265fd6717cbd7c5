"""The bench's parts, on made-up figures and on lines that C and Java peers have written."""

import os
import sys
import tempfile
import xml.dom.minidom

import runner

import svg
import table
from logfile import LogFile

PEER = "[QuorumPeer[myid=2](plain=127.0.0.1:28002)(secure=disabled):QuorumPeer@903]"
BORN = [
    f"2026-11-23 01:15:53,731 [myid:2] - INFO  {PEER} - Peer state changed: following",
    "2026-11-23 01:15:53,733 [myid:2] - INFO  [WorkerReceiver[myid=2]:FastLeaderElection$Messenger$WorkerReceiver@391] "
    "- Notification: my state:LOOKING; n.sid:2, n.state:LOOKING, n.leader:2, n.round:0x1",
    "2026-11-23 01:15:53,734 [myid:2] - INFO  [WorkerReceiver[myid=2]:Messenger@141] - "
    "Notification: my state:LOOKING; n.sid:3, n.state:LOOKING, n.leader:3, n.round:0x1",
    f"2026-11-23 01:15:53,940 [myid:2] - INFO  {PEER} - Peer state changed: following - broadcast",
]
FALLEN = [
    f"2026-11-23 01:15:54,948 [myid:2] - WARN  {PEER} - Exception when following the leader",
    f"2026-11-23 01:15:54,950 [myid:2] - INFO  {PEER} - Peer state changed: looking",
]
RISEN = [
    f"2026-11-23 01:15:55,151 [myid:2] - INFO  {PEER} - Peer state changed: leading",
    f"2026-11-23 01:15:55,152 [myid:2] - INFO  {PEER} - LEADING - LEADER ELECTION TOOK - 203 MS",
    f"2026-11-23 01:15:55,160 [myid:2] - INFO  {PEER} - Peer state changed: leading - broadcast",
]
FALL = 1795396554947.6  # just before, on the wall clock: 2026-11-23 01:15:54.9476


def log_of(lines, ends="\n"):
    """A LogFile that has read this."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", delete=False) as file:
        file.write("\n".join(lines) + ends)
    log = LogFile(file.name)
    log.read()
    os.unlink(file.name)
    return log


def test_a_log_tells_when_a_role_was_left_taken_up_and_served_in():
    log = log_of(BORN + FALLEN + RISEN)
    assert [round(moment - FALL) for moment in (log.left(FALL), log.decided(FALL), log.serving(FALL))] == [2, 203, 212]
    assert log.took_since(FALL) == [203]


def test_a_state_from_before_the_fault_is_not_taken_for_one_after_it():
    log = log_of(BORN)
    assert log.serving(FALL) is None and log.left(FALL) is None
    assert log_of(BORN + FALLEN).serving(FALL) is None


def test_only_notifications_of_others_count():
    assert len(log_of(BORN).heard) == 1


def test_a_line_is_read_once_and_only_when_it_is_whole():
    with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
        log = LogFile(file.name)
        file.write("\n".join(BORN)[:-5])
        file.flush()
        log.read()
        before = len(log.states)
        file.write(BORN[-1][-5:] + "\n")
        file.flush()
        log.read()
        log.read()
        assert (before, len(log.states)) == (1, 2), (before, log.states)


def test_ticks_are_round_and_reach_over_the_largest_value():
    assert svg.ticks(51) == [0, 10, 20, 30, 40, 50, 60]
    for most in (0.3, 1, 7, 99, 100, 101, 63812):
        assert svg.ticks(most)[-1] >= most > svg.ticks(most)[-2], svg.ticks(most)


def test_a_picture_is_xml_and_has_a_mark_for_each_figure():
    keys = ("start", "start_messages", "kill_all_serve", "kill_messages", "memory", "threads")
    rows = [{"peers": peers, "simulated": False} | {key: [peers, peers * 2] for key in keys} for peers in (3, 5)]
    picture = xml.dom.minidom.parseString(svg.draw(rows, "a < b"))
    marks = sum(len(picture.getElementsByTagName(name)) for name in ("circle", "rect")) - 1  # and the paper
    assert marks == 2 * 2 * 2 + 2, marks  # two sizes, two panels, two lines; the legend


def test_a_ratio_to_nothing_is_left_out():
    assert table.ratio([1, 2, 9], [4, 4, 4]) == "0.5"
    assert table.ratio([1], [0]) == "-"


def test_the_extract_has_the_medians_of_both_kinds_beneath_each_other():
    keys = [key for key, _, _ in table.EXTRACT]
    assert set(keys) <= {key for key, _, _, _ in table.ROWS}, keys
    results = {"c": [dict.fromkeys(keys, value) for value in (7, 1, 9)],
               "java": [dict.fromkeys(keys, value) for value in (1001, 4000, 2)]}
    lines = table.extract(3, results, ["c", "java"], 3)
    assert lines[0].split() == ["3", "peers,", "medians", "of", "3", "runs", "c", "java"], lines[0]
    assert len(lines) == 1 + len(keys), lines
    ends = {lines[0].rindex("c ") + 1}
    for line in lines[1:]:
        assert [word for word in line.split() if word in ("7", "1001")] == ["7", "1001"], line
        ends.add(line.index(" 7 ") + 2)
    assert len(ends) == 1, lines
    assert all(len(line) <= 100 for line in lines), lines


sys.exit(runner.run("bench parts", globals()))
