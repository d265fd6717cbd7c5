"""What one peer's log tells of a step of a story: votes.py ME FROM, the log on standard input, of which the first FROM
bytes belong to earlier steps. Prints lines, a tab between their fields:

  own    1@1 3@1            its votes, leader@round, one after another without repetitions
  heard  2  2@1             the votes that looking peer 2 sent it
  phases election discovery synchronization     milliseconds of the last time it found a leader

A vote that is repeated (after a time-out, on a fresh connection) is one vote. A peer of Java that turns to looking while it
answers another one may send the vote of the round before behind that of the new round. Its receiver passes over it, and so
does this."""

import re
import sys


def value(line, name):
    return re.search(rf"{re.escape(name)}:([^,]*)", line).group(1)


def milliseconds(line):
    """The time of day of a line of the log."""
    hours, minutes, seconds, thousandths = map(int, re.match(r"\S+ (\d+):(\d+):(\d+),(\d+)", line).groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def round_of(vote):
    return int(vote.split("@")[1], 16)


def main(me, begin):
    votes, last, position = {}, {}, 0
    election = discovery = synchronization = broadcast = None
    is_synchronizing = False
    for raw in sys.stdin.buffer:
        is_new, position = position >= begin, position + len(raw)
        line = raw.decode("utf-8", "replace").rstrip("\n")
        if "New election. My id" in line:
            last.pop(me, None)
        if " - Starting quorum peer, myid=" in line:
            last = {}
        if " - Notification: my state:" in line and " n.state:LOOKING," in line:
            sid = int(value(line, "n.sid"))
            vote = f"{value(line, 'n.leader')}@{value(line, 'n.round').removeprefix('0x')}"
            is_late = sid != me and round_of(vote) < max(map(round_of, votes.get(sid, [])), default=0)
            if last.get(sid) != vote and not is_late:
                last[sid] = vote
                if is_new:
                    votes.setdefault(sid, []).append(vote)
        if not is_new:
            continue
        took = re.search(r"LEADER ELECTION TOOK - ([0-9]+) MS", line)
        election = took.group(1) if took else election
        state = re.search(r"Peer state changed: .* - (discovery|synchronization|broadcast)$", line)
        if not state:
            continue
        if state.group(1) == "discovery":
            discovery, is_synchronizing = milliseconds(line), False
        elif state.group(1) == "broadcast":
            broadcast = milliseconds(line)
        elif not is_synchronizing:
            synchronization, is_synchronizing = milliseconds(line), True
    if me in votes:
        print(f"own\t{' '.join(votes.pop(me))}")
    for sid in sorted(votes):
        print(f"heard\t{sid}\t{' '.join(votes[sid])}")
    if None not in (broadcast, election, discovery, synchronization):
        print(f"phases\t{election}\t{synchronization - discovery}\t{broadcast - synchronization}")


main(int(sys.argv[1]), int(sys.argv[2]))
