"""Holds a trace against what must be true of any ensemble. Findings are lines `FILE:LINE: text`."""

import collections

from zktrace import FIELDS, LOOKING, PHASES, SETTLED

# Who may say what on a quorum connection, and what must have been said on it before, by whom.
INTRODUCTIONS = ("FOLLOWERINFO", "OBSERVERINFO")
SYNC_STARTS = ("DIFF", "TRUNC", "SNAP")
FROM_LEARNER = INTRODUCTIONS + ("ACKEPOCH", "ACK", "PING", "REQUEST", "REVALIDATE")
FROM_LEADER = ("LEADERINFO",) + SYNC_STARTS + ("PROPOSAL", "COMMIT", "INFORM", "NEWLEADER", "UPTODATE", "PING", "SYNC")
FROM_LEADER += ("REVALIDATE", "COMMITANDACTIVATE", "INFORMANDACTIVATE")
STEPS = (("LEADERINFO",), SYNC_STARTS, ("NEWLEADER",), ("UPTODATE",))  # of a leader, each once, in this order
IN_SYNC = ("PROPOSAL", "COMMIT", "INFORM", "COMMITANDACTIVATE", "INFORMANDACTIVATE")  # from the second step on

TXN_STEPS = ("request", "proposed", "logged", "acked", "committed", "applied")

SESSION_STEPS = ("opened", "refused", "barred", "left", "expired")
WRITES = ("create", "create2", "createContainer", "createTtl", "delete", "deleteContainer", "setData", "setACL", "multi")

SANE_CORRECTION_US = 1_000_000  # clocks of machines that are kept in time differ by less


class Checker:
    """Collects findings, and counts what was looked at."""

    def __init__(self, trace):
        self.trace = trace
        self.findings = []
        self.outside = 0  # receives from peers whose trace is not here

    def find(self, event, text):
        self.findings.append((event.where, text))

    def run(self):
        for process in self.trace.processes:
            self.check_lines(process)
            self.check_states(process)
            self.check_rounds(process)
            self.check_decisions(process)
            self.check_queues(process)
            self.check_conversations(process)
        self.check_clocks()
        self.check_messages()
        self.check_epochs()
        self.check_established()
        self.check_voters()
        self.check_writes()
        self.check_syncs()
        self.check_clients()
        return self.findings

    # ---- one process ------------------------------------------------------------------------------

    def check_lines(self, process):
        last = process.events[0]
        for event in process.events:
            if event.ev not in FIELDS:
                self.find(event, f"{event.ev} is no event of format 1")
            if event.own_t < last.own_t:
                self.find(event, f"time goes back by {last.own_t - event.own_t} us")
            if last.ev == "exit" and event is not last:
                self.find(event, "something after exit")
            last = event

    def check_states(self, process):
        """A peer is LOOKING when it is born, and between any two roles. Phases come in their order, in a role only.
        What a capture saw may begin in the middle."""
        state = None if process.captured else LOOKING
        phase = None
        for event in process.events:
            if event.ev == "state":
                if event["s"] != LOOKING and event["s"] not in SETTLED:
                    self.find(event, f"{event['s']} is no state")
                elif state in SETTLED and event["s"] in SETTLED:
                    self.find(event, f"from {state} to {event['s']} without LOOKING")
                elif event["s"] == state:
                    self.find(event, f"from {state} to the same state")
                state, phase = event["s"], None
            elif event.ev == "phase":
                wanted = PHASES[0] if phase is None else PHASES[min(PHASES.index(phase) + 1, len(PHASES) - 1)]
                if state not in SETTLED:
                    self.find(event, f"phase {event['phase']} of a peer that is {state or 'not known yet'}")
                elif event["phase"] != wanted:
                    self.find(event, f"phase {event['phase']} after {phase or 'the election'}; {wanted} comes next")
                phase = event["phase"] if event["phase"] in PHASES else phase

    def check_rounds(self, process):
        last = None
        for event in process.events:
            if event.ev == "vote" and not process.captured:
                if last is not None and event["r"] < last:
                    self.find(event, f"its round goes back from {last} to {event['r']}")
                last = event["r"]

    def check_decisions(self, process):
        """A decision needs a quorum for that leader; a role is the one that the decision gives."""
        quorum_for = decided = None
        for event in process.events:
            if event.ev == "tally":
                quorum_for = event["leader"] if event["quorum"] else None
            elif event.ev == "decide":
                decided = event["leader"]
                if quorum_for != decided:
                    self.find(event, f"it decides for {decided}, and its last tally is no quorum for {decided}")
            elif event.ev == "state" and event["s"] in SETTLED and decided is not None:
                if (event["s"] == "LEADING") != (decided == event.n):
                    self.find(event, f"it is {event['s']}, and has decided for {decided}")
            elif event.ev == "state":
                decided = None

    def check_queues(self, process):
        """What a queue says of its length follows from what went in and out, in order. The first line of a queue that
        was there before the trace is believed. A peer that has decided empties its recvqueue, and tells no line of it."""
        queues = collections.defaultdict(dict)  # name -> seq -> enq, oldest first
        decided = False
        for event in process.events:
            decided = decided or event.ev == "decide"
            if event.ev not in ("enq", "deq"):
                continue
            if decided and event["q"] == "recvqueue" and event.ev == "enq":
                decided = False
                for seq in list(queues["recvqueue"])[: max(0, len(queues["recvqueue"]) + 1 - event["len"])]:
                    del queues["recvqueue"][seq]
            waiting, seq = queues[event["q"]], event["seq"]
            if event.ev == "enq":
                if seq == 1:  # a new queue of that name
                    waiting.clear()
                self.check_dropped(event, waiting)
                waiting[seq] = event
            elif seq not in waiting:
                self.find(event, f"{event['q']} gives number {seq}, which does not wait in it")
            else:
                if next(iter(waiting)) != seq:
                    self.find(event, f"{event['q']} gives number {seq} before {next(iter(waiting))}")
                del waiting[seq]
            if event["len"] != len(waiting):
                self.find(event, f"{event['q']} has {len(waiting)} elements and says {event['len']}")

    def check_dropped(self, event, waiting):
        dropped = event["dropped"]
        if not dropped:
            return
        if next(iter(waiting), None) != dropped:
            self.find(event, f"{event['q']} forgets number {dropped}, which is not its oldest")
        waiting.pop(dropped, None)

    def check_conversations(self, process):
        """A learner and its leader say what belongs to their parts, and in order: discovery, synchronization, and then
        the rest. What was filmed from its middle on has no introduction, and is let pass."""
        learners, steps, kinds, new_leaders = {}, {}, {}, {}
        current = None  # the epoch on its disk, if it has told
        for event in process.events:
            if event.ev == "epoch" and event["which"] == "current":
                current = event["value"]
            if event.ev not in ("send", "recv") or event["kind"] in ("INITIAL", "NOTIFICATION"):
                continue
            conn, kind, speaker = event["conn"], event["kind"], event.n if event.ev == "send" else None
            if kind in INTRODUCTIONS and conn not in learners:
                learners[conn], steps[conn], kinds[conn] = speaker, 0, []
            elif conn not in learners:
                continue
            elif learners[conn] == speaker:
                self.check_learner(event, process, new_leaders.get(conn), current, kinds[conn])
                kinds[conn].append(kind)
            else:
                steps[conn] = self.check_leader(event, steps[conn])
                if kind == "NEWLEADER":
                    new_leaders[conn] = event

    def check_learner(self, event, process, new_leader, current, before):
        kind = event["kind"]
        if kind not in FROM_LEARNER:
            self.find(event, f"a learner says {kind}")
        elif kind in INTRODUCTIONS or (kind == "ACKEPOCH" and kind in before):
            self.find(event, f"a learner says {kind} for a second time")
        elif kind == "ACK" and "ACK" not in before and event.ev == "send":
            if new_leader is None:
                self.find(event, "an ACK, and no NEWLEADER has come")
            elif event["m"].get("zxid") != new_leader["m"].get("zxid"):
                self.find(event, f"the first ACK is not for the NEWLEADER at {new_leader.where}")
            elif not process.captured and current != int(event["m"]["zxid"], 16) >> 32:
                self.find(event, f"an ACK of NEWLEADER with current epoch {current} on disk")

    def check_leader(self, event, step):
        """The steps that are done after this."""
        kind = event["kind"]
        if kind not in FROM_LEADER:
            self.find(event, f"a leader says {kind}")
        elif kind in IN_SYNC and step < 2:
            self.find(event, f"{kind} before the synchronization")
        for number, kinds in enumerate(STEPS):
            if kind not in kinds:
                continue
            if number != step:
                wanted = " or ".join(STEPS[step]) if step < len(STEPS) else "none of these any more"
                self.find(event, f"{kind}, and {wanted} comes next")
            return number + 1
        return step

    # ---- between processes ------------------------------------------------------------------------

    def check_clocks(self):
        trace = self.trace
        if trace.contradiction:
            late = [pair for pair in trace.messages if pair[0] and pair[1] and pair[1].t < pair[0].t]
            where = late[0][1].where if late else trace.processes[0].path
            self.findings.append((where, trace.contradiction))
        if trace.correction_us > SANE_CORRECTION_US:
            seconds = trace.correction_us / 1e6
            self.findings.append((trace.processes[0].path, f"a wall clock is off by {seconds:.1f} s"))

    def check_messages(self):
        ids = set(self.trace.ids)
        for send, recv in self.trace.messages:
            if recv is None:
                continue
            if send is None:
                if recv["from"] in ids:
                    self.find(recv, f"{recv['kind']} number {recv['seq']} from {recv['from']} was never sent")
                else:
                    self.outside += 1
            elif send["kind"] != recv["kind"] or send["m"] != recv["m"]:
                self.find(recv, f"what arrives is not what was sent at {send.where}")
        self.check_order()

    def check_order(self):
        """TCP keeps the order, and loses nothing in the middle."""
        last = {}
        for process in self.trace.processes:
            for event in process.events:
                if event.ev not in ("send", "recv"):
                    continue
                key = event.process, event.ev, event["conn"]
                seq = event["seq"]
                before = last.get(key)
                if before is not None and seq != before + 1 and seq not in (0, 1):
                    self.find(event, f"number {seq} follows number {before} on {event['conn']}")
                last[key] = seq

    def check_epochs(self):
        """Epochs on disk only grow, and outlive the process. One that a capture saw is not on disk."""
        known = {}
        for event in self.trace.events:
            if event.ev != "epoch":
                continue
            key = event.n, event["which"]
            if event["value"] < known.get(key, event["value"]):
                self.find(event, f"{event['which']} epoch goes back from {known[key]} to {event['value']}")
            known[key] = event["value"]
            accepted = known.get((event.n, "accepted"))
            if event["which"] == "current" and accepted is not None and event["value"] > accepted:
                self.find(event, f"current epoch {event['value']} is above the accepted {accepted}")

    def check_established(self):
        """An epoch has one leader, from the moment that it has written it: what the whole protocol is for. It has
        decided for itself; who is with it has that epoch on disk; and no later term has an earlier epoch."""
        leaders, decided, leading, current, last = {}, {}, set(), {}, {}
        for event in self.trace.events:
            if event.ev == "decide":
                decided[event.process] = event["leader"]
            elif event.ev == "state":
                (leading.add if event["s"] == "LEADING" else leading.discard)(event.process)
            elif event.ev == "epoch" and event["which"] == "current":
                current[event.process] = event["value"]
                if event.process in leading:
                    self.lead_epoch(leaders, event, event["value"], event.n)
            elif event.ev == "established":
                leader, epoch = event["leader"], event["epoch"]
                self.lead_epoch(leaders, event, epoch, leader)
                if leader == event.n and decided.get(event.process, leader) != leader:
                    self.find(event, f"it leads, and has decided for {decided[event.process]}")
                if current.get(event.process, epoch) != epoch:
                    self.find(event, f"it is established in epoch {epoch}, and has written {current[event.process]}")
                if epoch < last.get(event.n, epoch):
                    self.find(event, f"its term has epoch {epoch}, and an earlier one had {last[event.n]}")
                last[event.n] = epoch

    def lead_epoch(self, leaders, event, epoch, leader):
        first, where = leaders.setdefault(epoch, (leader, event.where))
        if first != leader:
            self.find(event, f"epoch {epoch} has leader {leader}, and {first} at {where}")

    def check_voters(self):
        """Nobody follows an observer. Who is no voter is known by what it says of itself."""
        observers = set()
        for event in self.trace.events:
            if event.ev == "state" and event["s"] == "OBSERVING":
                observers.add(event.n)
        for event in self.trace.events:
            if event.ev in ("decide", "established") and event["leader"] in observers:
                self.find(event, f"the leader {event['leader']} is an observer")

    # ---- writes -----------------------------------------------------------------------------------

    def check_writes(self):
        """Nothing is acknowledged that is not on disk, nothing committed that a quorum has not acknowledged, and all
        servers apply the same in the same order. A term begins anew with each state."""
        writes = [event for event in self.trace.events if event.ev == "txn"]
        if not writes:
            return
        logged_at = collections.defaultdict(list)  # sid, zxid -> when, in any of its lives
        committed_at = {}  # zxid -> when a leader did so
        for event in writes:
            if event["step"] == "logged":
                logged_at[event.n, event["zxid"]].append(event.t)
        majority = self.majority()
        terms = {}
        for event in self.trace.events:
            if event.ev in ("boot", "state"):
                terms[event.process] = Term(event.get("s"))
            elif event.ev == "established" and event.process in terms:
                terms[event.process].leader = event["leader"]
                terms[event.process].epoch = event["epoch"]
            elif event.ev == "txn":
                self.check_step(event, terms.setdefault(event.process, Term(None)), logged_at, committed_at, majority)

    def check_step(self, event, term, logged_at, committed_at, majority):
        step, text, zxid, peer = event["step"], event["zxid"], int(event["zxid"], 16), event["peer"]
        if step not in TXN_STEPS:
            self.find(event, f"{step} is no step of a transaction")
        elif step == "proposed":
            if term.state != "LEADING":
                self.find(event, f"{text} is proposed by a peer that is {term.state}")
            if term.last["proposed"] is not None and zxid != term.last["proposed"] + 1:
                self.find(event, f"{text} is proposed after 0x{term.last['proposed']:x}")
            term.last["proposed"] = zxid
        elif step == "acked":
            self.check_acked(event, term, logged_at)
        elif step in ("logged", "committed", "applied"):
            if term.last[step] is not None and zxid <= term.last[step]:
                self.find(event, f"{text} is {step} after 0x{term.last[step]:x}")
            term.last[step] = zxid
            term.done[step].add(text)
        if step == "committed" and term.state == "LEADING":
            acks = term.acks[text]
            if majority and len(acks) < majority:
                self.find(event, f"{text} is committed with the ACKs of {sorted(acks)}, and a quorum is {majority}")
            committed_at.setdefault(text, event.t)
        elif step == "committed" and term.leader in self.trace.ids and term.epoch == zxid >> 32:
            if committed_at.get(text, event.t + 1) > event.t:
                self.find(event, f"{text} is committed here, and its leader {term.leader} has not done so")
        elif step == "applied" and text not in term.done["committed"]:
            self.find(event, f"{text} is applied, and it is not committed")

    def check_acked(self, event, term, logged_at):
        text, sid = event["zxid"], event["peer"] or event.n
        if event["peer"]:
            term.acks[text].add(sid)
        if sid == event.n and text not in term.done["logged"]:
            self.find(event, f"{text} is acknowledged, and it is not on disk")
        elif sid != event.n and sid in self.trace.ids and not any(t <= event.t for t in logged_at[sid, text]):
            self.find(event, f"an ACK of {sid} for {text} is counted, and it is not on the disk of {sid}")

    def majority(self):
        """How many servers are a quorum; 0 if the votes have weights or an oracle helps, which a trace does not tell
        in numbers."""
        tallies = [event for event in self.trace.events if event.ev == "tally"]
        voters = {sid for event in tallies for sid in event["have"]}
        quorum = len(voters) // 2 + 1
        if any(event["quorum"] != (len(event["have"]) >= quorum) for event in tallies):
            return 0
        return quorum if voters else 0

    def check_syncs(self):
        """What a leader has decided for a learner is what it sends next."""
        decided = {}
        for event in self.trace.events:
            if event.ev == "sync":
                decided[event.process, event["peer"]] = event
            elif event.ev == "send" and event["kind"] in SYNC_STARTS:
                sync = decided.pop((event.process, event["to"]), None)
                if sync is not None and sync["mode"] != event["kind"]:
                    self.find(event, f"{event['kind']} is sent, and {sync['mode']} was decided at {sync.where}")


    # ---- clients ----------------------------------------------------------------------------------

    def check_clients(self):
        """Every reply has its request; no session is told of the past once it has heard of something newer; and who is
        told that a write is done finds it in the tree of the server that says so."""
        seen = {}  # session -> the largest zxid that it was told
        applied = collections.defaultdict(set)  # process -> zxids
        for event in self.trace.events:
            if event.ev == "txn" and event["step"] == "applied":
                applied[event.process].add(event["zxid"])
            elif event.ev == "reply":
                self.check_reply(event, seen, applied[event.process])
            elif event.ev == "session" and event["what"] not in SESSION_STEPS:
                self.find(event, f"{event['what']} is nothing that becomes of a session")

    def check_reply(self, event, seen, applied):
        zxid, session = int(event["zxid"], 16), event["session"]
        if event.partner is None and not event.process.captured:
            self.find(event, f"an answer to {event['op']} with the xid {event['xid']}, which nobody has asked")
        if zxid >> 63 or event["xid"] <= 0:  # no zxid is known; pings and watches tell none that counts
            return
        if zxid < seen.get(session, 0):
            self.find(event, f"{session} is told of {event['zxid']}, and was told of {seen[session]:#x} before")
        seen[session] = max(zxid, seen.get(session, 0))
        if event["op"] in WRITES and event["err"] == 0 and applied and event["zxid"] not in applied:
            self.find(event, f"{session} is told that {event['zxid']} is done, and it is not in the tree here")


class Term:
    """What one peer has done with transactions since its state changed last."""

    def __init__(self, state):
        self.state = state
        self.leader = self.epoch = None
        self.last = dict.fromkeys(TXN_STEPS)
        self.done = {step: set() for step in TXN_STEPS}
        self.acks = collections.defaultdict(set)


def verdict(trace, checker):
    """What was looked at, in a line or three."""
    received = sum(1 for _, recv in trace.messages if recv)
    sent = sum(1 for send, _ in trace.messages if send)
    paired = sum(1 for send, recv in trace.messages if send and recv)
    lines = [
        f"{len(trace.events)} events of {len(trace.ids)} peers; {sent} messages sent, {received} received,"
        f" {sent - paired} never read; clocks moved by {trace.correction_us} us at most"
    ]
    if checker.outside:
        lines.append(f"{checker.outside} messages came from peers whose trace is not here")
    return lines + trace.notes
