"""The chapters of a trace. Each begins when a peer starts, ends, freezes, thaws or looks for a leader, and says in words
what came of it, which peer won, why, and what the waiting was for. In the calm between, chapters of clients begin when somebody
asks, moves or is gone (clients.py). Everything is worked out from the events; nothing is assumed."""

import collections

import clients
from tongue import does, listed, ms, peers, upper, verb
from zktrace import LOOKING, SETTLED

STOPPING_US = 1_000_000  # peers that end closer together are stopped together
SILENCE_US = 150_000  # on the wire, worth a word: most of the 200 ms that a peer waits at the end
ALONE_US = 400_000  # a peer that looks for a leader and hears nothing for so long is cut off
INTRODUCTIONS = ("FOLLOWERINFO", "OBSERVERINFO")
OF_ELECTIONS = ("INITIAL", "NOTIFICATION")
CHANGES = ("crash", "exit", "freeze", "thaw")


class Chapter:
    """What happens between two calm times."""

    def __init__(self, first, alive, of_clients=False):
        self.of_clients = of_clients  # the ensemble is calm, and clients ask
        self.first = first  # index of its first event
        self.last = first  # of the last one before the calm
        self.alive = set(alive)  # who lives when it begins
        self.booted, self.looking, self.stopped, self.died = set(), set(), set(), set()
        self.frozen, self.thawed = set(), set()  # in this chapter
        self.asleep = set()  # those that are frozen when it ends
        self.ended = set()  # of a capture, which does not know how
        self.found = set()  # of a capture, which came into their lives
        self.causes = {}  # name of one of these sets -> its first event
        self.lost_leaders = set()
        self.leader_of = {}  # n -> its leader, when the chapter ends
        self.vain = []  # leaders that gave up before a quorum had come
        self.decides = {}  # n -> the last decide event
        self.roles = {}  # n -> the last state event that is a role
        self.follows = {}  # n -> whom it asks to be its leader, or whose history it has
        self.established = {}  # n -> event
        self.events = []
        self.title = ""
        self.text = []  # (heading or "", sentence)
        self.reason = ""  # why its leader leads, in a sentence or two

    def add(self, name, event):
        """The peer of this event to one of the sets."""
        getattr(self, name).add(event.n)
        self.causes.setdefault(name, event.index)

    @property
    def gone(self):
        return self.died | self.stopped | self.ended

    @property
    def leader(self):
        """The leader that most have decided for; of a capture, the one that leads, or that most follow."""
        chosen = [event["leader"] for event in self.decides.values()]
        chosen = chosen or [n for n, event in self.roles.items() if event["s"] == "LEADING"]
        chosen = chosen or list(self.follows.values())
        return collections.Counter(chosen).most_common(1)[0][0] if chosen else None

    def looks_again(self, n):
        """Forgets what was found out before: it holds no more."""
        if n in self.roles and self.roles[n]["s"] == "LEADING" and n not in self.established:
            self.vain.append(n)
        self.looking.add(n)
        for known in (self.decides, self.roles, self.follows, self.established):
            known.pop(n, None)


class Narrator:
    """Follows the trace and cuts it into chapters."""

    def __init__(self, trace):
        self.trace = trace
        self.tells_more = {process.n for process in trace.processes if not process.captured}
        self.alive = set()
        self.asleep = set()  # frozen
        self.leader_of = {}  # n -> the leader it is settled with
        self.chapters = []
        self.open = None

    @property
    def visit(self):
        """The chapter of clients that goes on, or None."""
        return self.chapters[-1] if self.chapters and self.chapters[-1].of_clients else None

    def unsettled(self):
        return {n for n in self.alive - self.asleep if n not in self.leader_of}

    def narrate(self):
        for event in self.trace.events:
            if self.opens(event) and self.open is None:
                self.open = self.again(event) or Chapter(event.index, self.alive)
                if self.open not in self.chapters:
                    self.chapters.append(self.open)
            if self.open is None and clients.begins_chapter(self.visit, event):
                self.chapters.append(Chapter(event.index, self.alive, of_clients=True))
            if self.chapters:
                self.chapters[-1].events.append(event)
            self.follow(event)
            if self.visit and (clients.is_word(event) or event.ev == "txn"):
                self.visit.last = event.index
            if self.open:
                self.open.last = event.index
                self.open.asleep, self.open.leader_of = set(self.asleep), dict(self.leader_of)
                if not self.unsettled():
                    self.open = None
        self.join_ending()
        for position, chapter in enumerate(self.chapters):
            before = set().union(*(older.booted | older.alive for older in self.chapters[:position]))
            tell(self.trace, chapter, before)
        return self.chapters

    def join_ending(self):
        """Peers that stop one after the other are one chapter."""
        while len(self.chapters) > 1:
            older, newer = self.chapters[-2:]
            calm = newer.events[0].t - older.events[-1].t
            if not older.gone or not newer.gone or calm > STOPPING_US:
                return
            if any(each.booted or each.decides or each.roles for each in (older, newer)):
                return
            older.stopped |= newer.stopped
            older.died |= newer.died
            older.ended |= newer.ended
            older.looking |= newer.looking
            older.asleep, older.leader_of = newer.asleep, newer.leader_of
            older.events += newer.events
            older.last = newer.last
            self.chapters.pop()

    def opens(self, event):
        if event.n not in self.alive:
            return True
        return event.ev in CHANGES or (event.ev == "state" and event["s"] == LOOKING)

    def again(self, event):
        """The chapter before, if a capture finds one peer after the other."""
        if self.chapters and event.n not in self.alive and self.is_found(event):
            last = self.chapters[-1]
            if last.found and not last.booted | last.looking | last.gone:
                return last
        return None

    def life_from(self, event):
        for later in self.trace.events[event.index :]:
            if later.n == event.n:
                if later.ev in ("crash", "exit"):
                    return
                yield later

    def is_found(self, event):
        """Did this peer run already when the capture began? Then it has an older connection, or a role at once."""
        if event.n in self.tells_more:
            return False
        roles = [later["s"] for later in self.life_from(event) if later.ev == "state"]
        kept = any(later.ev == "conn" and later["what"] == "keep" for later in self.life_from(event))
        return kept or roles[:1] not in ([], [LOOKING])

    def find(self, event, chapter):
        """It is with the leader that it talks to."""
        n, role = event.n, None
        if chapter:
            chapter.found.add(n)
        for later in self.life_from(event):
            if later.ev == "state":
                if role or later["s"] == LOOKING:
                    break
                role = later["s"]
                if role == "LEADING":
                    self.leader_of[n] = n
            elif role and later.ev == "send" and later["kind"] not in OF_ELECTIONS:
                self.leader_of.setdefault(n, later["to"])
        if chapter and n in self.leader_of:
            chapter.follows[n] = self.leader_of[n]

    def follow(self, event):
        n, chapter = event.n, self.open
        if event.ev in ("crash", "exit"):
            self.end(event, chapter)
            return
        if event.ev in ("freeze", "thaw"):
            self.sleep(event, chapter)
            return
        if n not in self.alive:
            self.alive.add(n)
            if self.is_found(event):
                self.find(event, chapter)
            elif chapter:
                chapter.add("booted", event)
        if event.ev == "state" and event["s"] == LOOKING:
            self.leader_of.pop(n, None)
        if event.ev == "established":
            self.leader_of[n] = event["leader"]
        if chapter:
            self.note(event, chapter)

    def note(self, event, chapter):
        n = event.n
        if event.ev == "state" and event["s"] == LOOKING:
            chapter.looks_again(n)
        elif event.ev == "state" and event["s"] in SETTLED and n not in chapter.found:
            chapter.roles[n] = event
        elif event.ev == "decide":
            chapter.decides[n] = event
        elif event.ev == "send" and event["kind"] in INTRODUCTIONS:
            chapter.follows[n] = event["to"]
        elif event.ev == "established":
            chapter.established[n] = event
            chapter.follows[n] = event["leader"]

    def end(self, event, chapter):
        n = event.n
        self.alive.discard(n)
        self.asleep.discard(n)
        if n not in self.tells_more:
            chapter.add("ended", event)
        else:
            chapter.add("died" if event.ev == "crash" else "stopped", event)
        self.leave(n, chapter)

    def sleep(self, event, chapter):
        """A peer that is frozen is lost to the others as a dead one is, only later. Thawed, it finds out."""
        n = event.n
        if event.ev == "freeze":
            chapter.add("frozen", event)
            self.asleep.add(n)
            self.leave(n, chapter)
        else:
            chapter.add("thawed", event)
            self.asleep.discard(n)

    def leave(self, n, chapter):
        for known in (chapter.decides, chapter.roles, chapter.follows, chapter.established):
            known.pop(n, None)
        if self.leader_of.pop(n, None) == n:  # its followers are on their own, and will notice
            chapter.lost_leaders.add(n)
            for other in [other for other, leader in self.leader_of.items() if leader == n]:
                del self.leader_of[other]


# ---- in words ---------------------------------------------------------------------------------


def tell(trace, chapter, before):
    """Title and text of a chapter. before: the peers that have lived in earlier ones."""
    if chapter.of_clients:
        chapter.title, chapter.text = clients.tell(trace, chapter)
        return
    if chapter.found and not chapter.booted | chapter.looking | chapter.gone | chapter.frozen:
        tell_found(chapter)
        return
    if not chapter.leader:
        tell_no_leader(trace, chapter, before)
        return
    cause = upper(cause_of(chapter, before))
    if chapter.leader in chapter.roles:
        chapter.title = f"{cause}: {chapter.leader} is elected"
        chapter.text = tell_election(trace, chapter)
    else:
        chapter.title = f"{cause}: {chapter.leader} stays leader"
        chapter.text = tell_latecomer(trace, chapter)
    chapter.text += tell_waits(chapter) + tell_numbers(chapter)


CAUSES = {
    "died": ("is killed", "are killed"),
    "stopped": ("stops", "stop"),
    "ended": ("is gone", "are gone"),
    "frozen": ("freezes", "freeze"),
    "thawed": ("thaws", "thaw"),
}


def cause_of(chapter, before):
    causes = []
    for name in sorted(chapter.causes, key=chapter.causes.get):
        if name == "booted":
            back, fresh = chapter.booted & before, chapter.booted - before
            causes += [f"{peers(back)} {verb(back, 'returns', 'return')}"] if back else []
            causes += [f"{peers(fresh)} {verb(fresh, 'starts', 'start')}"] if fresh else []
        else:
            ids = getattr(chapter, name)
            causes.append(f"{named(chapter, ids)} {verb(ids, *CAUSES[name])}")
    if not causes:
        causes.append(f"{peers(chapter.looking)} {verb(chapter.looking, 'looks', 'look')} for a leader again")
    return "; ".join(causes)


def named(chapter, ids):
    return f"leader {min(ids)}" if ids <= chapter.lost_leaders and len(ids) == 1 else peers(ids)


def tell_found(chapter):
    found, leader = chapter.found, chapter.leader
    end = f"{leader} leads" if leader else "nobody is known to lead"
    chapter.title = f"{does(found, 'runs', 'run')} already: {end}"
    chapter.text = [("", "The capture begins in the middle: what was said before is not in it.")]


def observers_of(trace):
    return {event.n for event in trace.events if event.ev == "state" and event["s"] == "OBSERVING"}


def voters_of(trace):
    """All that the trace names, although some may never have run."""
    named = {event["to"] for event in trace.events if event.ev == "send"}
    named |= {event["peer"] for event in trace.events if event.ev == "conn"}
    return (set(trace.ids) | {n for n in named if n > 0}) - observers_of(trace)


def is_majority(trace, ids):
    voters = voters_of(trace)
    return 2 * len(ids & voters) > len(voters)


def tell_vain(chapter):
    """Leaders that gave up because no quorum came."""
    lines = []
    for n, times in sorted(collections.Counter(chapter.vain).items()):
        often = "was elected before, and gave up" if times == 1 else f"was elected {times} times before, and gave up each time"
        lines.append(("In vain.", f"Peer {n} {often}: no quorum came to it in time."))
    return lines


def tell_no_leader(trace, chapter, before):
    lost = chapter.gone | chapter.frozen
    left = (chapter.alive | chapter.booted) - chapter.gone - chapter.asleep
    seeking = left - set(chapter.leader_of)
    if chapter.vain:
        chapter.title = upper(cause_of(chapter, before)) + ": no leader lasts"
        chapter.text = tell_vain(chapter)
    elif chapter.gone and not left and not chapter.asleep:
        chapter.title = "The ensemble ends"
        chapter.text = [("", f"{does(lost, 'ends', 'end')}; nobody is elected any more.")]
    elif lost and not chapter.looking and not chapter.booted and not chapter.lost_leaders:
        end = f"{verb(chapter.gone, 'is', 'are')} gone" if chapter.gone else verb(chapter.frozen, "freezes", "freeze")
        chapter.title = f"{upper(peers(lost))} {end}"
        if is_majority(trace, left):
            stay = f"The others stay with their leader: a quorum is left without {verb(lost, 'it', 'them')}."
        else:
            voters = voters_of(trace)
            stay = f"{does(left & voters, 'is', 'are')} left, no majority of the {len(voters)} voters: a leader cannot go on for long."
        chapter.text = tell_freeze(chapter) + [("", stay)]
    elif lost:
        end = f"{verb(lost, 'is', 'are')} gone" if chapter.gone else verb(lost, "freezes", "freeze")
        chapter.title = f"{upper(named(chapter, lost))} {end}, and nobody leads"
        chapter.text = tell_freeze(chapter)
        if left:
            chapter.text.append(("", f"{does(left, 'is', 'are')} left; the trace ends before one is elected."))
    else:
        chapter.title = does(seeking or left, "looks", "look") + " for a leader"
        chapter.text = tell_seekers(trace, chapter, seeking or left)


def tell_seekers(trace, chapter, seeking):
    """The trace ends while they look: each side for itself."""
    settled = collections.defaultdict(set)
    for n, leader in chapter.leader_of.items():
        settled[leader].add(n)
    agreed = [event for event in chapter.events if event.ev == "tally" and event["quorum"] and event.n in seeking]
    if agreed:
        body = "The trace ends before anybody has decided: a quorum agrees, and the wait for a better vote is not over."
    elif settled:
        body = f"The trace ends before {peers(seeking)} {verb(seeking, 'has', 'have')} found a leader."
    else:
        body = "The trace ends before anybody has decided: no quorum has agreed yet."
    lines = [("", body)]
    for leader, ids in sorted(settled.items()):
        others = ids - {leader}
        side = f"{does(others, 'follows', 'follow')} peer {leader}, which leads" if others else f"Peer {leader} leads"
        lines.append(("Meanwhile.", side + ". They have their quorum, and do not look." if others else side + "."))
    return lines + tell_cut_off(trace, chapter, seeking)


def tell_cut_off(trace, chapter, seeking):
    """For a long time nothing from outside reaches those that look."""
    looked = [event for event in chapter.events if event.n in seeking and event.ev == "state" and event["s"] == LOOKING]
    others = (chapter.alive | chapter.booted) - chapter.gone - chapter.asleep - seeking
    if not looked or not others:
        return []
    heard = (
        event.t
        for event in chapter.events
        if event.ev == "recv" and event.n in seeking and event.index > looked[0].index
        and (event.partner.n if event.partner else event["from"]) not in seeking
    )
    length = next(heard, chapter.events[-1].t) - looked[0].t
    if length < ALONE_US:
        return []
    if len(seeking) == 1:
        body = f"For {ms(length)} no message of another peer reaches peer {min(seeking)}."
        end = " Alone it is no majority, so it cannot elect itself, whatever its history."
    else:
        body = f"For {ms(length)} {peers(seeking)} hear only each other."
        end = " They are no majority, so they cannot elect a leader, whatever their histories."
    return [("Cut off.", body + ("" if is_majority(trace, seeking) else end))]


def tell_freeze(chapter):
    """What the others see of a peer that is frozen: nothing, and that takes them a while."""
    lines = []
    for n in sorted(chapter.frozen):
        begin = next(event.t for event in chapter.events if event.ev == "freeze" and event.n == n)
        body = f"Peer {n} does not die: its connections stay open, but it reads nothing and says nothing."
        ends = {}
        for event in chapter.events:
            if event.ev == "conn" and event["what"] == "close" and event["peer"] == n and event.t > begin:
                ends.setdefault(event.n, event.t)
        if ends:
            first = min(ends, key=ends.get)
            body += f" The others notice only that no answer comes: peer {first} gives it up after {ms(ends[first] - begin)}."
        lines.append(("Frozen.", body))
    return lines


class Ballot:
    """A vote that a peer casts: told by itself, or, of a capture, in the notifications that it sends."""

    def __init__(self, event, vote, round_number):
        self.event, self.n, self.round = event, event.n, round_number
        self.leader, self.zxid, self.epoch = vote["leader"], int(vote["zxid"], 16), vote["epoch"]

    @property
    def rank(self):
        return self.epoch, self.zxid, self.leader


def ballots(chapter):
    found = []
    for event in chapter.events:
        if event.ev == "vote":
            found.append(Ballot(event, event, event["r"]))
        elif event.ev == "send" and event.process.captured and event["kind"] == "NOTIFICATION":
            if event["m"]["state"] == LOOKING:
                found.append(Ballot(event, event["m"], event["m"]["round"]))
    return found


def own_votes(chapter, round_number):
    """n -> the vote for itself with which it went into the round."""
    votes = {}
    for ballot in ballots(chapter):
        if ballot.leader == ballot.n and ballot.round == round_number:
            votes.setdefault(ballot.n, ballot)
    return votes


def heard_in_time(chapter, round_number, end):
    """Returns the peers whose votes of the round reached one that settled, until the event `end`."""
    heard = set()
    for event in chapter.events:
        if event.index >= end.index:
            break
        if event.ev == "recv" and event["kind"] == "NOTIFICATION" and event.n in chapter.roles:
            if event["m"]["state"] == LOOKING and event["m"]["round"] == round_number:
                heard.add(event.partner.n if event.partner else event["from"])
    return heard


def compare(winner, others):
    """Why the winner's vote beats those."""
    if all(vote.epoch < winner.epoch for vote in others):
        return f"its history belongs to a newer epoch ({winner.epoch}), and the epoch is compared first"
    rivals = [vote for vote in others if vote.epoch == winner.epoch]
    if all(vote.zxid < winner.zxid for vote in rivals):
        return f"its history is the longest (it ends at zxid {winner.zxid:#x}), and the zxid is compared before the id"
    if len(rivals) == len(others) and all(vote.zxid == winner.zxid for vote in rivals):
        return "their histories are the same, so the largest id decides"
    return "of those with the longest history it has the largest id"


def tell_election(trace, chapter):
    leader = chapter.leader
    settled = chapter.decides.get(leader, chapter.roles[leader])
    round_number = round_of(chapter, leader)
    lines = []
    if not chapter.decides:
        body = "States and votes are those that were seen on the wire. No packet shows what a peer counted, or how long it waited."
        lines.append(("This trace was made from packets.", body))
    lines += tell_freeze(chapter)
    lines += tell_vain(chapter)
    votes = own_votes(chapter, round_number)
    heard = heard_in_time(chapter, round_number, settled)
    in_time = set(heard)
    others = [votes[n] for n in sorted(votes) if n != leader]
    chapter.reason = tell_victory(leader, votes, [vote for vote in others if vote.n in heard])
    lines.append((f"Why {leader} won round {round_number}.", chapter.reason))
    if leader in votes:
        better = [vote.n for vote in others if vote.rank > votes[leader].rank]
        if better:
            body = "would have been better, but no vote of it was heard before a quorum agreed. A leader is not replaced by a"
            body = body if len(better) == 1 else body.replace("of it was", "of them was")
            lines.append((upper(peers(better)), body + " better candidate."))
        heard |= set(better)
    lines += tell_absent(trace, chapter, heard | {leader}, settled)
    lines += tell_cut_off(trace, chapter, chapter.looking - in_time - {leader})
    quorum = first_quorum(chapter, leader)
    if quorum:
        body = f"{peers(quorum['have'])} {verb(quorum['have'], 'votes', 'vote')} for {leader}. Peer {quorum.n} is the first to know it,"
        lines.append(("A quorum:", f"{body} {ms(quorum.t - chapter.events[0].t)} after the chapter begins."))
    return lines + tell_silence(chapter, round_number)


def tell_victory(leader, votes, heard):
    """Why the leader won. heard: the votes of others for themselves that it had to beat."""
    beaten = [vote for vote in heard if leader in votes and vote.rank < votes[leader].rank]
    if beaten:
        body = "At first every peer votes for itself. Votes are compared by epoch, then by zxid, then by id."
        return body + f" Peer {leader} beats {peers(vote.n for vote in beaten)}: {compare(votes[leader], beaten)}."
    return f"No other candidate was heard: every peer that spoke in this round voted for {leader} from its first word on."


def round_of(chapter, leader):
    """In which the leader was elected: its own word, or of a capture its last vote."""
    if leader in chapter.decides:
        return chapter.decides[leader]["r"]
    rounds = [ballot.round for ballot in ballots(chapter) if ballot.n == leader]
    return rounds[-1] if rounds else 0


def tell_absent(trace, chapter, heard, settled):
    """Voters whose word does not count, because they do not run, are frozen, or because nobody hears them."""
    observers = observers_of(trace)
    lives = chapter.alive | chapter.booted | chapter.found
    away = (set(trace.ids) - lives | chapter.gone - chapter.booted) - observers
    asleep = chapter.asleep - chapter.frozen - heard - observers
    unheard = lives - chapter.gone - heard - observers - chapter.asleep
    leading = {n for n in unheard if chapter.leader_of.get(n) == n and not talks(chapter, n, settled)}
    lines = []
    if away:
        body = f"{verb(away, 'does', 'do')} not run, so nobody can hear {verb(away, 'its vote', 'their votes')}."
        lines.append((upper(peers(away)), body))
    if asleep:
        lines.append((upper(peers(asleep)), f"{verb(asleep, 'is', 'are')} still frozen and {verb(asleep, 'says', 'say')} nothing."))
    for n in sorted(leading):
        body = "runs and still takes itself for the leader. It hears nothing of this election, and nobody hears it."
        lines.append((f"Peer {n}", body))
    if unheard - leading:
        ids = unheard - leading
        body = f"{verb(ids, 'runs', 'run')}, but no vote of {verb(ids, 'it', 'them')} arrives before a quorum agrees."
        lines.append((upper(peers(ids)), body))
    return lines


def talks(chapter, n, end):
    """Does any message pass between n and another peer before the event `end`?"""
    for event in chapter.events:
        if event.index >= end.index:
            break
        if event.ev == "recv" and n in (event.n, event.partner.n if event.partner else event["from"]):
            return True
    return False


def tell_silence(chapter, round_number):
    """What a capture shows of the last wait: nobody speaks."""
    settled = min(chapter.roles.values(), key=lambda event: event.index)
    said = [ballot.event.t for ballot in ballots(chapter) if ballot.event.index < settled.index]
    if chapter.decides or not said or settled.t - said[-1] < SILENCE_US:
        return []
    body = f"{ms(settled.t - said[-1])} pass between the last vote of round {round_number} and the first role. A peer that has"
    return [("What the silence was for.", body + " counted a quorum waits 200 ms, in case a better vote is still on its way.")]


def tell_latecomer(trace, chapter):
    newcomers = sorted(set(chapter.follows) & (chapter.booted | chapter.looking))
    lines = tell_freeze(chapter) + tell_cut_off(trace, chapter, chapter.looking)
    if not newcomers:
        return lines
    larger = [n for n in newcomers if n > chapter.leader]
    body = (
        f"{does(newcomers, 'hears', 'hear')} from a quorum that {chapter.leader} leads, and {chapter.leader} says so itself."
        " Votes that are settled are not counted anew, and nobody has to wait."
    )
    if larger:
        body += f" That {listed(larger)} {verb(larger, 'is', 'are')} larger than {chapter.leader} does not matter any more."
    chapter.reason = body
    return lines + [("Why no new leader.", body)]


def first_quorum(chapter, leader):
    for event in chapter.events:
        if event.ev == "tally" and event["quorum"] and event["leader"] == leader:
            return event
    return None


def waits_of(chapter):
    """n -> (the tally at which it saw a quorum for what it decided, decide, votes heard meanwhile), and the waits that
    were worth it: (the tally, the vote that was better after all)."""
    seen, heard, waits, saved = {}, collections.Counter(), {}, []
    for event in chapter.events:
        if event.ev == "tally" and event["quorum"] and event.n not in seen:
            seen[event.n] = event
            heard[event.n] = 0
        elif event.ev == "recv" and event["kind"] == "NOTIFICATION":
            heard[event.n] += 1
        elif event.ev == "vote" and event.n in seen:
            saved.append((seen.pop(event.n), event))
        elif event.ev == "decide" and event.n in seen:
            waits[event.n] = seen.pop(event.n), event, heard[event.n]
    return waits, saved


def tell_waits(chapter):
    waits, saved = waits_of(chapter)
    lines = []
    waited = {n: wait for n, wait in waits.items() if any_wait(chapter, n, wait)}
    if waited:
        n = min(waited, key=lambda n: (waited[n][0].t, n))
        tally, decide, _ = waited[n]
        length = final_wait(chapter, n, waited[n])
        late = sum(votes for _, _, votes in waited.values())
        body = (
            "When a quorum agrees, a better vote may still be on its way, and a peer that decided at once could follow"
            f" the wrong leader. So each peer waits until {length} ms have brought nothing better: peer {n} waits from"
            f" {ms(tally.t - chapter.events[0].t)} to {ms(decide.t - chapter.events[0].t)}. {came_meanwhile(late)}"
        )
        lines.append((f"What the {length} ms were for.", body))
    changes = collections.defaultdict(set)
    for tally, vote in saved:
        changes[tally["leader"], vote["leader"]].add(vote.n)
    for (first, better), ids in sorted(changes.items()):
        body = f"{peers(ids)} had counted a quorum for {first}, then heard a better vote, and changed to {better}."
        body += f" Without the wait {verb(ids, 'it', 'they')} would have settled on {first}."
        lines.append(("Here the wait paid off:", body))
    return lines


def came_meanwhile(count):
    if count == 0:
        return "This time nothing more came."
    if count == 1:
        return "Meanwhile one more notification came; it was no better."
    return f"Meanwhile {count} more notifications came; none was better."


def final_wait(chapter, n, wait):
    """How long the wait behind the tally is to be. A message may end it without another vote; ordinary, longer waits for
    messages follow then."""
    tally, decide, _ = wait
    lengths = [
        event["ms"]
        for event in chapter.events
        if event.ev == "wait" and event.n == n and tally.index < event.index < decide.index
    ]
    return lengths[0] if lengths else None


def any_wait(chapter, n, wait):
    return final_wait(chapter, n, wait) is not None


def tell_numbers(chapter):
    kinds = collections.Counter(event["kind"] for event in chapter.events if event.ev == "send")
    lost = sum(1 for event in chapter.events if event.ev == "send" and event.partner is None)
    forgotten = sum(1 for event in chapter.events if event.ev == "enq" and event["dropped"])
    count = kinds["NOTIFICATION"]
    line = f"{count} {'notification was' if count == 1 else 'notifications were'} sent"
    if forgotten:
        line += f"; {forgotten} older {'one was' if forgotten == 1 else 'ones were'} overwritten in a queue before"
    if lost:
        line += f"; {lost} {'message was' if lost == 1 else 'messages were'} never read"
    line += "."
    if chapter.established:
        last = max(event.t for event in chapter.established.values()) - chapter.events[0].t
        epoch = max(event["epoch"] for event in chapter.established.values())
        line += f" After {ms(last)} {peers(chapter.established)} stood in epoch {epoch}."
    return [("In numbers.", upper(line))]


# ---- a question for the reader ----------------------------------------------------------------

MOST_CHOICES = 3


def question_of(chapter):
    """Who will lead? Two or three candidates, which of them does, why, and between which events one may ask (indices of
    events). None if there is no choice."""
    leader = chapter.leader
    if not leader or not chapter.reason:
        return None
    settling = [
        event.index
        for event in chapter.events
        if event.ev == "decide" or (event.ev == "state" and event["s"] in SETTLED and event.process.captured)
    ]
    own = {}
    for ballot in ballots(chapter):
        if ballot.leader == ballot.n:
            own.setdefault(ballot.n, ballot)
    candidates = sorted(set(own) | {leader})
    if not settling or len(candidates) < 2:
        return None
    others = [n for n in candidates if n != leader]
    rivals = {others[-1], others[0]} if len(others) >= MOST_CHOICES else set(others)
    elected = leader in chapter.roles
    asked = next(
        (
            event.index
            for event in chapter.events
            if (event.ev == "vote" and event["leader"] != event.n) or (event.ev == "tally" and event["quorum"])
        ),
        settling[0],
    )
    histories = {n: facts(own.get(n)) for n in candidates}
    same = elected and len(set(histories.values())) == 1
    if elected:
        text = "At first each of them votes for itself"
        text += f", and their histories are the same ({histories[leader]})" if same else ""
        text = f"Who will win? {text}."
    else:
        text = f"{leader_now(chapter)} Who will lead?"
    return {
        "text": text,
        "choices": [{"n": n, "facts": histories[n] if elected and not same else ""} for n in sorted(rivals | {leader})],
        "winner": leader,
        "reason": chapter.reason,
        "asked": max(chapter.first, min(asked, settling[0]) - 1),
        "answered": settling[-1] if not elected else min(settling),
    }


def leader_now(chapter):
    newcomers = sorted(set(chapter.follows) & (chapter.booted | chapter.looking))
    return f"Peer {chapter.leader} leads. {does(newcomers, 'votes', 'vote')} for {'itself' if len(newcomers) == 1 else 'themselves'}."


def facts(ballot):
    return f"epoch {ballot.epoch}, zxid {ballot.zxid:#x}" if ballot else ""


def chapters_of(trace):
    return Narrator(trace).narrate()


def story(trace):
    """The whole story as text."""
    lines = []
    for number, chapter in enumerate(chapters_of(trace), 1):
        lines.append(f"{number}. {chapter.title} (at {ms(chapter.events[0].t)})")
        lines += ["   " + f"{heading} {body}".strip() for heading, body in chapter.text]
    return "\n".join(lines) + "\n"
