"""What scripts/trace/trace.sh story tells of films, which know less than the peers do, and of what peers write themselves: small
ones, written here line by line."""

import json
import os
import sys
import tempfile

import harness
import visitors
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

    def send(self, n, to, kind, arrives=True, conn="", **m):
        conn = conn or f"{min(n, to)}-{max(n, to)}"
        seq = self.numbers[conn, n] = self.numbers.get((conn, n), 0) + 1
        self.line(n, "send", to=to, conn=conn, seq=seq, kind=kind, m=m)
        return self.line(to, "recv", **{"from": n}, conn=conn, seq=seq, kind=kind, m=m) if arrives else self

    def votes(self, n, leader, *others, r=1, zxid="0x0", epoch=0, conn=""):
        for other in others:
            name = conn and f"{conn}{other}"
            self.send(n, other, "NOTIFICATION", conn=name, state="LOOKING", leader=leader, zxid=zxid, round=r, epoch=epoch)
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
        return self.chapters(self.tell("story"))

    def tell(self, verb):
        """What scripts/trace/trace.sh makes of it."""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in self.lines)
            stream.flush()
            status, out, err = script("trace.sh", verb, stream.name)
        same((status, err), (0, ""))
        return out

    @staticmethod
    def chapters(out):
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


class Diaries(Film):
    """What peers write themselves: a file each, with boot and exit."""

    def boot(self, *peers):
        for n in peers:
            self.line(n, "boot", wall=self.t // 1000, version="0")
        return self

    def exit(self, *peers):
        for n in peers:
            self.line(n, "exit", code=0, why="it was asked to stop")
        return self

    def looks_for_itself(self, n, r=1, zxid="0x0", epoch=0):
        return self.line(n, "vote", leader=n, zxid=zxid, epoch=epoch, r=r, why="a new round begins; every peer first votes for itself")

    def elect(self, leader, *voters, r=1, zxid="0x0", epoch=0):
        """All vote for the leader, wait for 200 ms, and stand in the next epoch."""
        for n in (leader, *voters):
            self.state(n, "LOOKING") if r > 1 else None
            self.line(n, "vote", leader=n, zxid=zxid, epoch=epoch, r=r, why="a new round begins")
        self.votes(leader, leader, *voters, r=r, zxid=zxid, epoch=epoch)
        for n in voters:
            self.line(n, "vote", leader=leader, zxid=zxid, epoch=epoch, r=r, why="the larger id decides")
            self.votes(n, leader, leader, r=r, zxid=zxid, epoch=epoch)
        for n in (leader, *voters):
            self.line(n, "tally", leader=leader, have=sorted((leader, *voters)), quorum=True)
            self.line(n, "wait", ms=200, why="a quorum agrees; a better vote may still come")
        self.pause(200)
        for n in (leader, *voters):
            self.line(n, "decide", leader=leader, r=r, why="a quorum agrees").state(n, "LEADING" if n == leader else "FOLLOWING")
        for n in (leader, *voters):
            self.line(n, "established", leader=leader, epoch=epoch + 1)
        return self

    def pings(self, leader, *learners, arrive=True):
        for n in learners:
            self.send(leader, n, "PING", arrives=arrive, conn=f"q{leader}-{n}", zxid="0x0")
        return self

    def leaves(self, n, leader):
        """It ends its quorum connection: too long has nothing come."""
        return self.line(n, "conn", what="close", peer=leader, conn=f"q{leader}-{n}", why="this learner has left its leader")

    def save(self, directory):
        for n in {line["n"] for line in self.lines}:
            os.makedirs(os.path.join(directory, str(n)), exist_ok=True)
            with open(os.path.join(directory, str(n), "trace"), "w", encoding="utf-8") as stream:
                stream.writelines(json.dumps(line) + "\n" for line in self.lines if line["n"] == n)

    def tell(self, verb):
        with tempfile.TemporaryDirectory() as directory:
            self.save(directory)
            status, out, err = script("trace.sh", verb, directory)
        same((status, err), (0, ""))
        return out


def serving(*voters):
    """Of 1, 2 and 3, where 3 leads."""
    return Diaries().boot(1, 2, 3).elect(3, 2, 1).pause(100).pings(3, 2, 1).pause(250).pings(3, 2, 1)


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
    tells(film, 1, "Peer 2 beats peer 1: their histories are the same, so the largest id decides.")
    tells(film, 1, "232 ms pass between the last vote of round 1 and the first role.")
    tells(film, 1, "peers 1 and 2 stood in epoch 1.")


@test
def a_latecomer_starts_and_the_leader_stays():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3)
    same(titles(film)[1:], ["Peer 3 starts: 2 stays leader"])
    tells(film, 2, "Peer 3 hears from a quorum that 2 leads, and 2 says so itself.")
    tells(film, 2, "That 3 is larger than 2 does not matter any more.")
    hides(film, 2, "Cut off.")


@test
def a_leader_that_ends_is_gone_until_it_looks_again():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3).pause(500)
    film.line(2, "conn", what="close", peer=1, conn="1-2", why=SEEN).line(1, "conn", what="close", peer=2, conn="1-2", why=SEEN)
    film.crash(2)
    film.looks(3, 1, r=2, zxid="0x100000000", epoch=1).looks(1, 3, r=2, epoch=1).votes(1, 3, 3, r=2, zxid="0x100000000", epoch=1)
    film.pause(230).state(3, "LEADING").follows(3, 1, epoch=2)
    same(titles(film)[2:], ["Leader 2 is gone: 3 is elected"])
    tells(film, 3, "Peer 3 beats peer 1: its history is the longest (it ends at zxid 0x100000000), and the zxid is compared before the id.")
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
    tells(film, 3, "Peer 3 beats peer 1: their histories are the same")
    tells(film, 3, "Peer 2 runs and still takes itself for the leader. It hears nothing of this election, and nobody hears it.")


@test
def a_better_vote_that_comes_too_late_is_told():
    film = Film().looks(2, 1).looks(1, 2).votes(1, 2, 2).state(3, "LOOKING").pause(230).state(2, "LEADING")
    film.votes(3, 3, 1, 2).follows(2, 1).follows(2, 3)
    same(titles(film), ["Peers 1, 2 and 3 start: 2 is elected"])
    tells(film, 1, "Peer 3 would have been better, but no vote of it was heard before a quorum agreed.")
    tells(film, 1, "Peer 2 beats peer 1: ")


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
    tells(film, 1, "In vain. Peer 2 was elected before, and gave up: no quorum came to it in time.")
    tells(film, 1, "Why 2 won round 2.")
    film = Film().looks(2, 1).looks(1, 2).votes(1, 2, 2).pause(230).state(2, "LEADING").looks(2, 1, r=2).looks(1, 2, r=2)
    same(film.story(), [("Peers 1 and 2 start: no leader lasts", ["In vain. Peer 2 was elected before, and gave up: no quorum came to it in time."])])


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


@test
def who_dials_stands_before_who_accepts():
    film = Film().line(3, "conn", what="dial", peer=2, conn="3-2", why=SEEN)
    film.pause(-1).line(2, "conn", what="accept", peer=3, conn="3-2", why=SEEN)
    shown = [record["name"] for record in json.loads(film.tell("perfetto"))["traceEvents"] if record["ph"] == "i"]
    same(shown, ["dial 2", "accept 3"])


@test
def two_of_three_that_are_gone_leave_no_majority():
    film = elected().pause(500).looks(3, 1, 2).follows(2, 3).pause(500).crash(1).crash(3)
    same(film.story()[2], ("Peers 1 and 3 are gone", ["Peer 2 is left, no majority of the 3 voters: a leader cannot go on for long."]))


# ---- frozen, killed, cut off: what peers write themselves --------------------------------------


def freeze_of_the_leader():
    """Its followers give it up after the silence, and elect 2."""
    film = serving().pause(2500).leaves(1, 3).leaves(2, 3).elect(2, 1, r=2, epoch=1)
    return film.send(1, 3, "NOTIFICATION", arrives=False, state="LOOKING", leader=2, zxid="0x0", round=2, epoch=1)


@test
def a_leader_that_freezes_is_not_killed():
    film = freeze_of_the_leader()
    same(titles(film), ["Peers 1, 2 and 3 start: 3 is elected", "Leader 3 freezes: 2 is elected"])
    tells(film, 2, "Frozen. Peer 3 does not die: its connections stay open, but it reads nothing and says nothing.")
    tells(film, 2, "peer 1 gives it up after 2.40 s.")
    hides(film, 2, "does not run")


@test
def a_frozen_leader_that_thaws_finds_another():
    film = freeze_of_the_leader().pause(500)
    film.line(3, "recv", **{"from": 1}, conn="1-3", seq=film.numbers["1-3", 1], kind="NOTIFICATION", m=film.lines[-1]["m"])
    film.looks(3, r=2, zxid="0x100000000", epoch=1).send(3, 2, "FOLLOWERINFO", conn="q2-3", zxid="0x0")
    film.line(3, "established", leader=2, epoch=2).exit(1, 2, 3)
    same(titles(film)[1:], ["Leader 3 freezes: 2 is elected", "Peer 3 thaws: 2 stays leader", "The ensemble ends"])


@test
def a_follower_that_freezes_costs_no_election():
    film = serving().pings(3, 1, arrive=False).pause(2500).leaves(3, 1).pause(1100).pings(3, 2)
    same(titles(film)[1:], ["Peer 1 freezes"])
    tells(film, 2, "The others stay with their leader: a quorum is left without it.")


@test
def a_frozen_leader_that_is_killed_later_is_both():
    film = freeze_of_the_leader().pause(500).line(1, "conn", what="close", peer=3, conn="1-3", why="its RecvWorker can read no more")
    film.pause(100).pings(2, 1)
    same(titles(film)[1:], ["Leader 3 freezes: 2 is elected", "Peer 3 is gone"])


@test
def a_leader_whose_connections_all_end_is_killed():
    film = serving().pause(200).leaves(1, 3).line(1, "conn", what="close", peer=3, conn="1-3", why="its RecvWorker can read no more")
    film.leaves(2, 3).elect(2, 1, r=2, epoch=1)
    same(titles(film)[1:], ["Leader 3 is killed: 2 is elected"])
    tells(film, 2, "Peer 3 does not run, so nobody can hear its vote.")


@test
def a_leader_at_whose_port_nobody_answers_is_killed():
    film = serving().pause(200).line(1, "conn", what="refused", peer=3, conn="/127.0.0.1:3", why="no server answers at this address")
    film.leaves(1, 3).leaves(2, 3).elect(2, 1, r=2, epoch=1)
    same(titles(film)[1:], ["Leader 3 is killed: 2 is elected"])


@test
def a_leader_whose_follower_stops_is_not_frozen():
    film = serving().pause(200).leaves(1, 3).exit(1)
    assert "freezes" not in " ".join(titles(film)), titles(film)


@test
def a_follower_that_may_be_cut_off_is_not_called_frozen():
    film = serving().pause(2500).leaves(3, 1).pause(200).pings(3, 2)
    same(titles(film)[1:], [], "it may notice yet")
    film = serving().pings(3, 1, arrive=False).pause(2500).leaves(3, 1).pause(200).leaves(1, 3).state(1, "LOOKING").votes(2, 2, 1)
    same(titles(film)[1:], ["Peer 1 looks for a leader"], "it has noticed")


@test
def a_peer_that_stops_does_not_kill_the_frozen_one():
    film = freeze_of_the_leader().pause(300).line(1, "conn", what="close", peer=3, conn="1-3", why="its RecvWorker can read no more").exit(1)
    same(titles(film)[1:], ["Leader 3 freezes: 2 is elected", "Peer 1 is gone"])


@test
def a_dead_peer_ends_with_its_first_connection():
    film = serving().pause(200).leaves(1, 3).pause(20).line(1, "conn", what="close", peer=3, conn="1-3", why="its RecvWorker can read no more")
    shown = [record["name"] for record in json.loads(film.tell("perfetto"))["traceEvents"] if record["ph"] == "i"]
    assert shown.index("killed") < shown.index("close 3"), shown


@test
def an_observer_is_no_part_of_the_majority():
    film = Diaries().boot(1, 2, 3).elect(2, 1).state(3, "OBSERVING").line(3, "established", leader=2, epoch=1).pause(300).exit(1)
    film.pause(50).pings(2, 3)
    same(film.story()[-1], ("Peer 1 is gone", ["Peer 2 is left, no majority of the 2 voters: a leader cannot go on for long."]))


@test
def a_leader_that_is_still_heard_is_not_called_deaf():
    film = serving().leaves(1, 3).leaves(2, 3).state(1, "LOOKING").pings(3, 1)
    film.elect(2, 1, r=2, epoch=1)
    tells(film, 2, "Peer 3 runs, but no vote of it arrives before a quorum agrees.")


def parted():
    """3, which leads, is cut off from 1 and 2, and still pings them."""
    film = serving()
    for _ in range(9):
        film.pause(250).pings(3, 2, 1, arrive=False)
    return film.leaves(1, 3).leaves(2, 3).elect(2, 1, r=2, epoch=1)


@test
def each_side_of_a_partition_is_told_by_itself():
    film = parted().pause(200).state(3, "LOOKING").line(3, "vote", leader=3, zxid="0x0", epoch=1, r=2, why="a new round begins")
    film.votes(3, 3).send(3, 1, "NOTIFICATION", arrives=False, state="LOOKING", leader=3, zxid="0x0", round=2, epoch=1)
    film.pause(500).pings(2, 1)
    same(titles(film)[1:], ["Peers 1 and 2 look for a leader again: 2 is elected", "Peer 3 looks for a leader"])
    tells(film, 2, "Peer 3 runs and still takes itself for the leader. It hears nothing of this election, and nobody hears it.")
    tells(film, 3, "The trace ends before peer 3 has found a leader.")
    tells(film, 3, "Peer 1 follows peer 2, which leads. They have their quorum, and do not look.")
    tells(film, 3, "Cut off. For 504 ms no message of another peer reaches peer 3.")
    hides(film, 3, "no quorum has agreed yet")


def both_parted(first, second, others):
    """Of five, `first` and `second` look for two seconds, and hear only each other; `others` have elected 5."""
    film = Diaries().boot(1, 2, 3, 4, 5).elect(3, 1, 2, 4, 5).pause(300)
    film.elect(5, *others, r=2, epoch=1)
    for n in (first, second):
        film.state(n, "LOOKING").looks_for_itself(n, r=2, epoch=1)
    return film.votes(first, 3, second, r=2, epoch=1).pause(2000)


@test
def a_minority_that_hears_only_itself_is_told_so():
    film = both_parted(2, 3, (1, 4)).pings(5, 1, 4)
    same(titles(film)[-1], "Peers 2 and 3 look for a leader")
    tells(film, 3, "Peers 1 and 4 follow peer 5, which leads. They have their quorum, and do not look.")
    tells(film, 3, "For 2.01 s peers 2 and 3 hear only each other. They are no majority, so they cannot elect a leader")


@test
def a_peer_that_is_cut_off_during_the_election_is_told_so():
    film = serving().leaves(1, 3).leaves(2, 3).state(3, "LOOKING").looks_for_itself(3, r=2, zxid="0x100000000", epoch=1)
    film.elect(2, 1, r=2, epoch=1).pause(1000).votes(2, 2, 3, r=2, epoch=1)
    film.line(3, "decide", leader=2, r=2, why="a quorum follows this leader").state(3, "FOLLOWING")
    film.line(3, "established", leader=2, epoch=2)
    same(titles(film)[1:], ["Peers 1, 2 and 3 look for a leader again: 2 is elected"])
    tells(film, 2, "Peer 3 would have been better, but no vote of it was heard before a quorum agreed.")
    tells(film, 2, "s no message of another peer reaches peer 3. Alone it is no majority")


@test
def voters_that_never_ran_count_for_the_majority():
    film = Diaries().boot(1, 2).elect(2, 1).line(1, "conn", what="refused", peer=3, conn="/x", why="no server answers at this address")
    film.pause(300).exit(1).pause(50).pings(2, 1, arrive=False)
    same(film.story()[-1], ("Peer 1 is gone", ["Peer 2 is left, no majority of the 3 voters: a leader cannot go on for long."]))


@test
def a_quorum_that_still_waits_has_agreed():
    film = Diaries().boot(1, 2).line(1, "vote", leader=1, zxid="0x0", epoch=0, r=1, why="a new round begins")
    same(film.story()[0], ("Peers 1 and 2 look for a leader", ["The trace ends before anybody has decided: no quorum has agreed yet."]))
    film.line(1, "tally", leader=2, have=[1, 2], quorum=True)
    tells(film, 1, "a quorum agrees, and the wait for a better vote is not over.")


@test
def a_winner_without_rivals_has_its_reason_too():
    film = Film().looks(2, 1).state(1, "LOOKING").votes(1, 2, 2).pause(230).state(2, "LEADING").follows(2, 1)
    tells(film, 1, "Why 2 won round 1. No other candidate was heard: every peer that spoke in this round voted for 2 from its first word on.")


@test
def a_story_of_clients_says_why_a_session_ended_and_who_was_woken():
    with tempfile.TemporaryDirectory() as directory:
        told = script("trace.sh", "story", visitors.save(directory))[1]
    titles = [line.split(" (at ")[0] for line in told.splitlines() if not line.startswith(" ")]
    same(titles[1:], [
        "2. Ann, Ben and Cleo come",
        "3. Ann is gone; the session of Ann expires",
        "4. Ben goes on at peer 1",
    ])
    for wanted in (
        "Ann creates /l/n-0000000000 (ephemeral sequential).",
        "Ben watches /l/n-0000000000: it is there.",
        "Cleo watches /m: there is no such node.",
        "Why the session of Ann ended. Its connection ended,",
        "4.0 ms pass between the end of its connection and the end of its session.",
        "Who was told. Ben: /l/n-0000000000 was deleted. Nobody else is woken: Cleo waits for /m.",
    ):
        assert wanted in told, f"“{wanted}” is not in:\n{told}"


if __name__ == "__main__":
    os.chdir(harness.HERE)
    sys.exit(1 if harness.run(harness.chosen(__name__)) else 0)
