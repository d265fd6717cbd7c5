"""What scripts/trace/trace.sh story tells of films, which know less than the peers do: small ones, written here line by line."""

import json
import os
import sys
import tempfile

import harness
from harness import same, script, test

SEEN = "seen on the wire"


class Film:
    """Lines of a film, a millisecond apart unless `pause` says more."""

    def __init__(self):
        self.t = 0
        self.lines = []
        self.numbers = {}

    def pause(self, milliseconds):
        self.t += milliseconds * 1000
        return self

    def line(self, n, ev, **fields):
        self.lines.append({"v": 1, "t": self.t, "n": n, "th": "", "ev": ev, **fields})
        self.t += 1000
        return self

    def state(self, n, name):
        return self.line(n, "state", s=name, why=SEEN)

    def crash(self, n):
        return self.line(n, "crash", why=SEEN)

    def send(self, n, to, kind, arrives=True, **m):
        conn = f"{min(n, to)}-{max(n, to)}"
        seq = self.numbers[conn, n] = self.numbers.get((conn, n), 0) + 1
        self.line(n, "send", to=to, conn=conn, seq=seq, kind=kind, m=m)
        return self.line(to, "recv", **{"from": n}, conn=conn, seq=seq, kind=kind, m=m) if arrives else self

    def votes(self, n, leader, *others, r=1, zxid="0x0", epoch=0):
        for other in others:
            self.send(n, other, "NOTIFICATION", state="LOOKING", leader=leader, zxid=zxid, round=r, epoch=epoch)
        return self

    def looks(self, n, *others, **vote):
        return self.state(n, "LOOKING").votes(n, n, *others, **vote)

    def follows(self, leader, *learners, epoch=1):
        """The followers come to a leader that leads, and have its history."""
        for n in learners:
            self.state(n, "FOLLOWING").send(n, leader, "FOLLOWERINFO", zxid="0x0").send(leader, n, "UPTODATE", zxid="0x0")
        for n in (leader, *learners):
            self.line(n, "established", leader=leader, epoch=epoch)
        return self

    def story(self):
        """[(title without its time, [sentence])]"""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in self.lines)
            stream.flush()
            status, out, err = script("trace.sh", "story", stream.name)
        same((status, err), (0, ""))
        chapters = []
        for line in out.splitlines():
            if line.startswith("   "):
                chapters[-1][1].append(line.strip())
            else:
                chapters.append((line.split(". ", 1)[1].rsplit(" (at", 1)[0], []))
        return chapters


def elected():
    """1 and 2 have started, and 2 leads."""
    film = Film().looks(2, 1).looks(1, 2).votes(1, 2, 2).pause(230)
    return film.state(2, "LEADING").follows(2, 1)


def titles(film):
    return [title for title, _ in film.story()]


def tells(film, chapter, sentence):
    told = film.story()[chapter - 1][1]
    assert any(sentence in line for line in told), f"no “{sentence}” in:\n" + "\n".join(told)


def hides(film, chapter, sentence):
    told = film.story()[chapter - 1][1]
    assert not any(sentence in line for line in told), "\n".join(told)


@test
def votes_of_a_film_are_what_was_said():
    film = elected()
    same(titles(film), ["Peers 1 and 2 start: 2 is elected"])
    tells(film, 1, "Why 2 won round 1.")
    tells(film, 1, "2 beats 1: all their histories are the same, so the largest id decides.")
    tells(film, 1, "From the last vote of round 1 to the first role pass 232 ms.")
    tells(film, 1, "peers 1 and 2 stood in epoch 1.")


@test
def a_latecomer_starts_and_the_leader_stays():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3)
    same(titles(film)[1:], ["Peer 3 starts: 2 stays leader"])
    tells(film, 2, "Peer 3 hears from a quorum that 2 leads, and from 2 itself")
    tells(film, 2, "That 3 is larger than 2 does not matter any more.")


@test
def a_leader_that_ends_is_gone_until_it_looks_again():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3).pause(500)
    film.line(2, "conn", what="close", peer=1, conn="1-2", why=SEEN).line(1, "conn", what="close", peer=2, conn="1-2", why=SEEN)
    film.crash(2)
    film.looks(3, 1, r=2, zxid="0x100000000", epoch=1).looks(1, 3, r=2, epoch=1).votes(1, 3, 3, r=2, zxid="0x100000000", epoch=1)
    film.pause(230).state(3, "LEADING").follows(3, 1, epoch=2)
    same(titles(film)[2:], ["Leader 2 is gone: 3 is elected"])
    tells(film, 3, "3 beats 1: its history is the longest (its last zxid is 0x100000000), and that counts before the id.")
    tells(film, 3, "Peer 2 does not run, so nobody can hear its vote.")
    film.pause(500).looks(2, 1, 3).follows(3, 2, epoch=2)
    same(titles(film)[3:], ["Peer 2 returns: 3 stays leader"])


@test
def a_leader_that_is_cut_off_looks_later():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3).pause(500)
    film.looks(3, 1, r=2, epoch=1).looks(1, 3, r=2, epoch=1).votes(1, 3, 3, r=2, epoch=1)
    film.pause(230).state(3, "LEADING").follows(3, 1, epoch=2)
    film.pause(500).looks(2, 1, 3, r=2, zxid="0x100000000", epoch=1).follows(3, 2, epoch=2)
    same(titles(film)[2:], ["Peers 1 and 3 look for a leader again: 3 is elected", "Peer 2 looks for a leader again: 3 stays leader"])
    tells(film, 3, "3 beats 1: all their histories are the same")
    tells(film, 3, "Peer 2 runs, and no vote of it arrives before a quorum has agreed.")


@test
def a_better_vote_that_comes_too_late_is_told():
    film = Film().looks(2, 1).looks(1, 2).votes(1, 2, 2).state(3, "LOOKING").pause(230).state(2, "LEADING")
    film.votes(3, 3, 1, 2).follows(2, 1).follows(2, 3)
    same(titles(film), ["Peers 1, 2 and 3 start: 2 is elected"])
    tells(film, 1, "Peer 3 would have been better, and was not heard before a quorum had agreed")
    tells(film, 1, "2 beats 1: ")


@test
def a_follower_that_ends_costs_no_election():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3).pause(500).crash(3)
    same(film.story()[2], ("Peer 3 is gone", ["The others stay with their leader: a quorum is left without it."]))


@test
def the_last_of_a_quorum_finds_nobody():
    film = elected().pause(500).crash(2).looks(1, r=2)
    same(film.story()[1], ("Leader 2 is gone, and nobody leads", ["Peer 1 is left; the trace ends before one is elected."]))


@test
def a_leader_that_nobody_reaches_was_elected_in_vain():
    film = Film().looks(2, 1).looks(1, 2).votes(1, 2, 2).pause(230).state(2, "LEADING").state(1, "FOLLOWING").pause(900)
    film.looks(2, 1, r=2).looks(1, 2, r=2).votes(1, 2, 2, r=2).pause(230).state(2, "LEADING").follows(2, 1)
    same(titles(film), ["Peers 1 and 2 start: 2 is elected"])
    tells(film, 1, "In vain. Peer 2 was elected before, and gave up: no quorum came in time.")
    tells(film, 1, "Why 2 won round 2.")
    film = Film().looks(2, 1).looks(1, 2).votes(1, 2, 2).pause(230).state(2, "LEADING").looks(2, 1, r=2).looks(1, 2, r=2)
    same(titles(film), ["Peers 1 and 2 look for a leader"])


@test
def who_runs_already_does_not_start():
    film = Film()
    for n, to in ((1, 2), (2, 1)):
        film.line(n, "conn", what="keep", peer=to, conn="1-2", why=SEEN)
    film.state(2, "LEADING").state(1, "FOLLOWING").send(1, 2, "PING", zxid="0x0").pause(100)
    film.state(3, "FOLLOWING").send(3, 2, "PING", zxid="0x0").pause(500)
    same(film.story(), [("Peers 1, 2 and 3 run already: 2 leads",
                         ["The capture begins in the middle: what was said before is not in it."])])
    film.crash(2).looks(3, 1, r=7).looks(1, 3, r=7).votes(1, 3, 3, r=7).pause(230).state(3, "LEADING").follows(3, 1, epoch=9)
    same(titles(film), ["Peers 1, 2 and 3 run already: 2 leads", "Leader 2 is gone: 3 is elected"])
    hides(film, 2, "Peer 1 runs")


if __name__ == "__main__":
    os.chdir(harness.HERE)
    sys.exit(1 if harness.run(harness.chosen(__name__)) else 0)
