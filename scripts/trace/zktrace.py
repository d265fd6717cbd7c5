"""A trace, as FORMAT.md describes it: read, put on one clock, paired.

One file holds what one peer wrote (a restarted peer appends), or what somebody else saw of several peers, as a
capture of Java does. Every process has a clock of its own. `boot` says the wall time, to a millisecond; messages say
more: none arrives before it was sent. The clocks are placed where every message has the most time to travel."""

import bisect
import collections
import json
import os
import re

LOOKING = "LOOKING"
SETTLED = ("FOLLOWING", "LEADING", "OBSERVING")
PHASES = ("discovery", "synchronization", "broadcast")

# The fields of an event that are always there, and their types.
FIELDS = {
    "boot": {"wall": int, "version": str},
    "exit": {"code": int, "why": str},
    "crash": {"why": str},  # of a peer that was filmed
    "freeze": {"why": str},  # the same; of others it is inferred
    "thaw": {"why": str},
    "state": {"s": str, "why": str},
    "vote": {"leader": int, "zxid": str, "epoch": int, "r": int, "why": str},
    "tally": {"leader": int, "have": list, "quorum": bool},
    "wait": {"ms": int, "why": str},
    "decide": {"leader": int, "r": int, "why": str},
    "conn": {"what": str, "peer": int, "conn": str, "why": str},
    "send": {"to": int, "conn": str, "seq": int, "kind": str, "m": dict},
    "recv": {"from": int, "conn": str, "seq": int, "kind": str, "m": dict},
    "enq": {"q": str, "seq": int, "len": int, "dropped": int},
    "deq": {"q": str, "seq": int, "len": int},
    "phase": {"phase": str},
    "epoch": {"which": str, "value": int},
    "established": {"leader": int, "epoch": int},
    "txn": {"step": str, "zxid": str, "peer": int, "why": str},
    "sync": {"peer": int, "mode": str, "from_zxid": str, "to_zxid": str, "why": str},
    "session": {"session": str, "addr": str, "what": str, "ms": int, "why": str},
    "request": {"session": str, "addr": str, "xid": int, "op": str, "path": str},
    "reply": {"session": str, "addr": str, "xid": int, "op": str, "zxid": str, "err": int},
    "watch": {"session": str, "addr": str, "what": str, "path": str},
}
OF_CLIENTS = ("session", "request", "reply", "watch")
NAME_FIELDS = {"name": str, "session": str, "addr": str}  # of a line `client`, which no server writes
NOTIFICATION_FIELDS = {"state": str, "leader": int, "zxid": str, "round": int, "epoch": int}
ENVELOPE = {"v": int, "t": int, "n": int, "th": str, "ev": str}

LONGEST_MARGIN_US = 200  # more than a message between two processes of one machine needs
REUSE_SLACK_US = 5000  # wall clocks are no better; ports come back much later
# The kernel ends the connections of a dead process all at once; this much apart, at the most.
ALL_AT_ONCE_US = 100_000
# A connection that ends this long after the last word of a peer was ended because of the silence.
SILENCE_US = 400_000
SOON_US = 100_000
# A peer that is cut off gives up its leader not later than this after its leader has given it up; a frozen one does not.
TO_NOTICE_US = 1_000_000
# A peer that stops closes its own connections first, and writes its last line within this time.
LAST_WORDS_US = 50_000


class Refusal(Exception):
    """What cannot be done, in one line for people."""


class Event:
    """One line. t is the time on the common clock; `own_t` the one in the file."""

    __slots__ = ("t", "own_t", "n", "thread", "ev", "fields", "process", "line", "partner", "index", "client")

    def __init__(self, record, process, line):
        self.own_t = self.t = record["t"]
        self.n = record["n"]
        self.thread = record["th"]
        self.ev = record["ev"]
        self.fields = {key: value for key, value in record.items() if key not in ENVELOPE}
        self.process = process
        self.line = line
        self.partner = None  # the other end of a message, or of a stay in a queue
        self.index = -1  # its place in the merged trace
        self.client = None  # whom it is about, one of trace.clients

    def __getitem__(self, key):
        return self.fields[key]

    def get(self, key, default=None):
        return self.fields.get(key, default)

    @property
    def where(self):
        return f"{self.process.path}:{self.line}"


class Clock:
    """What `t` of some lines counts from: `offset` is added to get the common time."""

    def __init__(self, wall_offset):
        self.wall_offset = wall_offset  # None: nobody noted the wall time
        self.offset = wall_offset


class Process:
    """One life of one peer, or what a capture saw of it."""

    def __init__(self, path, n, clock, captured):
        self.path = path
        self.n = n
        self.clock = clock
        self.captured = captured
        self.events = []
        self.killed_at = None  # common time
        self.names = {}  # of the far ends: address -> sid

    @property
    def exited(self):
        return bool(self.events) and self.events[-1].ev in ("exit", "crash")


class Client:
    """Somebody who asks. A name is one client whatever its sessions are; without names, each session is one."""

    def __init__(self, number, name):
        self.number = number  # from 0, in the order in which they come
        self.name = name or f"Client {number + 1}"


class Trace:
    """Everything that the files of one ensemble tell, in the order of the common clock."""

    def __init__(self):
        self.processes = []
        self.clocks = []
        self.events = []
        self.messages = []  # (send or None, recv or None)
        self.notes = []  # what was left out, and why
        self.names = {}  # (session, address) -> what a client is called
        self.clients = []
        self.contradiction = None  # messages that no clocks can explain
        self.correction_us = 0  # the most that a clock was moved away from its wall time

    @property
    def ids(self):
        return sorted({event.n for event in self.events})


# ---- reading ----------------------------------------------------------------------------------


def trace_files(paths):
    """A directory stands for the traces of a cluster in it."""
    files = []
    for path in paths:
        if os.path.isdir(path):
            found = sorted(
                os.path.join(path, name, "trace")
                for name in os.listdir(path)
                if os.path.isfile(os.path.join(path, name, "trace"))
            )
            names = os.path.join(path, "clients.jsonl")
            found += [names] if found and os.path.isfile(names) else []
            if not found:
                raise Refusal(f"{path} holds no N/trace; start the cluster with: scripts/cluster.sh up --trace")
            files += found
        elif os.path.exists(path):
            files.append(path)
        else:
            raise Refusal(f"there is no {path}")
    return files


def parse_line(text):
    """The record in a line, or None. After a crash the next process may have written on the same line."""
    for start in (0, text.rfind('{"v":')):
        try:
            record = json.loads(text[max(start, 0):])
        except ValueError:
            continue
        if isinstance(record, dict):
            return record
    return None


def fault_of(record):
    """What is wrong with the form of a line, or None."""
    if record.get("ev") == "client":
        wrong = [name for name, kind in NAME_FIELDS.items() if type(record.get(name)) is not kind]
        return f"client without {wrong[0]}, or it is no str" if wrong else None
    for name, kind in ENVELOPE.items():
        if type(record.get(name)) is not kind:
            return f"no {name}, or it is no {kind.__name__}"
    if record["v"] != 1:
        return f"format {record['v']}, and this reads format 1"
    wanted = dict(FIELDS.get(record["ev"], {}))
    for name, kind in wanted.items():
        if type(record.get(name)) is not kind:
            return f"{record['ev']} without {name}, or it is no {kind.__name__}"
    if record.get("kind") == "NOTIFICATION":
        for name, kind in NOTIFICATION_FIELDS.items():
            if type(record["m"].get(name)) is not kind:
                return f"a notification without {name}, or it is no {kind.__name__}"
    if record["ev"] == "tally" and not all(type(sid) is int for sid in record["have"]):
        return "tally with a have that is no list of numbers"
    return None


def records_of(path):
    """(line, record) of a file. A last line that was cut off is no error."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            lines = stream.read().split("\n")
    except OSError as error:
        raise Refusal(f"cannot read {path}: {error.strerror}") from error
    while lines and not lines[-1].strip():
        lines.pop()
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        record = parse_line(text)
        if record is None and number == len(lines):
            return
        fault = "not a JSON object" if record is None else fault_of(record)
        if fault:
            raise Refusal(f"{path}:{number}: this is no line of a trace: {fault}")
        yield number, record


def read_file(trace, path):
    processes = {}
    capture_clock = None
    empty = True
    for number, record in records_of(path):
        empty = False
        if record["ev"] == "client":
            trace.names[record["session"], record["addr"]] = record["name"]
            continue
        n = record["n"]
        if record["ev"] == "boot":
            clock = Clock(record["wall"] * 1000 - record["t"])
            trace.clocks.append(clock)
            processes[n] = Process(path, n, clock, captured=False)
            trace.processes.append(processes[n])
        elif n not in processes:
            if capture_clock is None:
                capture_clock = Clock(None)
                trace.clocks.append(capture_clock)
            processes[n] = Process(path, n, capture_clock, captured=True)
            trace.processes.append(processes[n])
        processes[n].events.append(Event(record, processes[n], number))
    if empty:
        raise Refusal(f"{path} holds no event; was the peer started with --trace?")


def prefer_own_words(trace):
    """A peer that writes a trace knows more than a capture that saw it."""
    own = {process.n for process in trace.processes if not process.captured}
    for process in trace.processes:
        if process.captured and process.n in own:
            trace.notes.append(f"peer {process.n} has a trace of its own; what {process.path} saw of it is left out")
            process.events = []
    trace.processes = [process for process in trace.processes if process.events]
    used = {process.clock for process in trace.processes}
    trace.clocks = [clock for clock in trace.clocks if clock in used]


# ---- pairing ----------------------------------------------------------------------------------


def wall_time(event):
    return event.own_t + (event.process.clock.wall_offset or 0)


def sender_of(recv, speakers):
    """Returns the sid that wrote a message: its reader may not have known it yet."""
    if recv["from"] != 0:
        return recv["from"]
    others = speakers[recv["conn"]] - {recv.n}
    return min(others) if others else 0


def pair_messages(trace, events):
    sends = collections.defaultdict(list)
    speakers = collections.defaultdict(set)
    for event in events:
        if event.ev == "send":
            sends[event["conn"], event.n, event["seq"]].append(event)
            speakers[event["conn"]].add(event.n)
    for event in events:
        if event.ev != "recv":
            continue
        free = [
            send for send in sends[event["conn"], sender_of(event, speakers), event["seq"]] if send.partner is None
        ]
        if len(free) > 1:  # a port number came back: the latest that is not later
            past = [send for send in free if wall_time(send) <= wall_time(event) + REUSE_SLACK_US]
            free = past[-1:]
        if free:
            free[0].partner = event
            event.partner = free[0]
            trace.messages.append((free[0], event))
        else:
            trace.messages.append((None, event))
    trace.messages += [(send, None) for send in events if send.ev == "send" and send.partner is None]


def pair_queues(trace):
    for process in trace.processes:
        waiting = {}
        for event in process.events:
            if event.ev == "enq":
                if event["dropped"]:
                    waiting.pop((event["q"], event["dropped"]), None)
                waiting[event["q"], event["seq"]] = event
            elif event.ev == "deq":
                event.partner = waiting.pop((event["q"], event["seq"]), None)
                if event.partner:
                    event.partner.partner = event


# ---- clients ----------------------------------------------------------------------------------


def pair_requests(trace):
    """A reply with its request. xids of pings and of watches that are set again repeat, so the first one that waits
    counts. The answer to the first frame is that the session is open, or refused."""
    for process in trace.processes:
        waiting = collections.defaultdict(collections.deque)
        for event in process.events:
            if event.ev == "request":
                waiting[event["addr"], event["xid"]].append(event)
            elif event.ev == "reply" or (event.ev == "session" and event["what"] in ("opened", "refused", "barred")):
                asked = waiting[event["addr"], event.get("xid", 0)]
                if asked:
                    event.partner = asked.popleft()
                    event.partner.partner = event
            elif event.ev == "session" and event["what"] == "left":
                for key in [key for key in waiting if key[0] == event["addr"]]:
                    del waiting[key]


def name_clients(trace):
    """Says whose each event is: the session over that connection tells. Where no name is known for the two (when a
    session ends by its timeout, or a server turns the client away), it is the client that had the session last."""
    known, last = {}, {}  # name or session -> client; session -> client
    for event in trace.events:
        if event.ev not in OF_CLIENTS:
            continue
        session = event["session"]
        if session == "0x0" and event.partner is not None:  # it has none yet
            session = event.partner["session"]
        if session == "0x0":
            continue
        name = trace.names.get((session, event["addr"]))
        client = known.get(name or session) if name or session not in last else last[session]
        if client is None:
            client = known[name or session] = Client(len(trace.clients), name)
            trace.clients.append(client)
        event.client = last[session] = client


# ---- one clock --------------------------------------------------------------------------------


def place_clocks(clocks, bounds, margin):
    """The least offsets, from the wall times up, that let every message travel for `margin`; None if there are none.
    bounds: (a, b) -> the most that a's clock was ahead of b's when a message went from a to b."""
    walls = [clock.wall_offset for clock in clocks if clock.wall_offset is not None]
    start = min(walls) if walls else 0
    unknown = start - 10**9 if walls else 0
    offsets = {clock: unknown if clock.wall_offset is None else clock.wall_offset for clock in clocks}
    for _ in range(len(clocks) + 1):
        moved = False
        for (source, target), ahead in bounds.items():
            least = offsets[source] + ahead + margin
            if offsets[target] < least:
                offsets[target] = least
                moved = True
        if not moved:
            return {clock: start if offset == unknown and walls else offset for clock, offset in offsets.items()}
    return None


def align_clocks(trace):
    bounds = {}
    for send, recv in trace.messages:
        if send and recv and send.process.clock is not recv.process.clock:
            pair = send.process.clock, recv.process.clock
            bounds[pair] = max(bounds.get(pair, send.own_t - recv.own_t), send.own_t - recv.own_t)
    low, high = 0, LONGEST_MARGIN_US
    placed = place_clocks(trace.clocks, bounds, 0)
    if placed is None:
        trace.contradiction = "a message arrives before it is sent, wherever the clocks are placed"
        placed = {clock: clock.wall_offset or 0 for clock in trace.clocks}
        high = 0
    while low < high:
        middle = (low + high + 1) // 2
        better = place_clocks(trace.clocks, bounds, middle)
        if better:
            low, placed = middle, better
        else:
            high = middle - 1
    for clock in trace.clocks:
        clock.offset = placed[clock]
        if clock.wall_offset is not None:
            trace.correction_us = max(trace.correction_us, abs(clock.offset - clock.wall_offset))


# ---- ends of lives, names ---------------------------------------------------------------------


def next_life(trace, process):
    later = [
        other.events[0].t
        for other in trace.processes
        if other.n == process.n and other is not process and other.events[0].t > process.events[-1].t
    ]
    return min(later, default=None)


def find_deaths(trace):
    """A process that writes no `exit` was killed, if others saw that it is gone, or if it lived again. Otherwise its
    file was copied while it ran, or it is frozen. A film tells of deaths itself."""
    elections = election_connections(trace)
    signs = collections.defaultdict(list)  # n -> times at which another peer noticed that n is gone
    closed = collections.defaultdict(list)  # n -> times at which any connection with n ended
    for event in trace.events:
        if event.ev == "conn" and event["what"] == "close":
            closed[event["peer"]].append(event.t)
        if event.ev == "conn" and shows_death(event, elections):
            signs[event["peer"]].append(event.t)
    for process in trace.processes:
        if process.exited or process.captured:
            continue
        last = process.events[-1].t
        again = next_life(trace, process)
        seen = [t for t in signs[process.n] if t >= last and (again is None or t < again)]
        if seen:
            ends = [t for t in closed[process.n] if t >= last and 0 <= min(seen) - t <= ALL_AT_ONCE_US]
            process.killed_at = max(min(seen + ends) - 1, last)
        elif again is not None:
            process.killed_at = last
        if process.killed_at is not None:
            trace.events.append(inferred(process, process.events[-1], process.killed_at, "crash", "its trace ends without exit"))


def election_connections(trace):
    """The names of those on which votes pass. They live as long as the processes at their ends."""
    return {
        event["conn"]
        for event in trace.events
        if event.ev in ("send", "recv") and event["kind"] in ("INITIAL", "NOTIFICATION")
    }


def shows_death(event, elections):
    """A frozen peer keeps its connections and its open port; they end with the process. (Its quorum connection may be
    ended by the other side, which is tired of waiting.)"""
    if event["what"] == "refused":
        return True
    if event["what"] != "close" or event["conn"] not in elections:
        return False
    end = event.process.events[-1]
    return end.ev != "exit" or end.t - event.t > LAST_WORDS_US  # else it is the other one that stops


def find_freezes(trace):
    """A process is frozen when its leader or its followers end their connection with it because it has long been
    silent, and it does not notice. When it runs again, it reads first what has waited for it all the time."""
    elections = election_connections(trace)
    for process in trace.processes:
        if process.captured:
            continue
        times = [event.t for event in process.events]
        given_up = (
            event.t
            for event in trace.events
            if event.ev == "conn" and event["what"] == "close" and event["peer"] == process.n
            and event["conn"] not in elections
        )
        found = set()
        for t in given_up:
            at = bisect.bisect_right(times, t)
            if at and at not in found and is_frozen(trace, process, at, t):
                found.add(at)
                add_freeze(trace, process, at)


def is_frozen(trace, process, at, given_up):
    """Did it do nothing between its events at - 1 and at because it was frozen? given_up: when another peer ended its
    quorum connection with it."""
    before = process.events[at - 1]
    if before.ev == "exit" or given_up - before.t < SILENCE_US:
        return False
    if at < len(process.events):
        after = process.events[at].t
        return any(
            event.ev == "recv" and event.partner is not None and before.t < event.partner.t < after - SILENCE_US
            for event in process.events[at : at + 20]
        )
    if process.killed_at is not None:
        return process.killed_at - before.t >= SILENCE_US
    # A leader that runs pings all the time; a follower may be cut off, and not know it yet.
    return role_of(process) == "LEADING" or trace.events[-1].t - given_up >= TO_NOTICE_US


def role_of(process):
    states = [event["s"] for event in process.events if event.ev == "state"]
    return states[-1] if states else LOOKING


def add_freeze(trace, process, at):
    """The freeze stands where the peer leaves a first message unread, or soon after its last word."""
    before = process.events[at - 1]
    after = process.events[at] if at < len(process.events) else None
    unread = (
        event.t
        for event in trace.events
        if event.ev == "send" and event["to"] == process.n and event.t > before.t
        and (event.partner is None or after is None or event.partner.t >= after.t)
    )
    frozen = min([*unread, before.t + SOON_US])
    why = "it does nothing more, and yet its connections stay open"
    trace.events.append(inferred(process, before, frozen, "freeze", why))
    if after:
        trace.events.append(inferred(process, after, after.t - 1, "thaw", "it reads what has waited for it"))


def inferred(process, beside, t, ev, why):
    """An event that no line tells. beside: the line that shows it best."""
    event = Event({"t": t, "n": process.n, "th": "", "ev": ev, "why": why}, process, beside.line)
    event.own_t = t - process.clock.offset
    return event


ADDRESS = re.compile(r"(?<=-)/\S+$")


def name_far_ends(trace):
    """Threads and queues of a learner carry its address; people know it by its number."""
    for process in trace.processes:
        for event in process.events:
            match = ADDRESS.search(event.thread)
            peer = event.get("from") or event.get("to")
            if match and peer and match.group() not in process.names:
                process.names[match.group()] = peer


def short_name(process, name):
    """Returns the short name of a thread or a queue: WorkerSender, SendWorker:2, LearnerHandler:2."""
    match = ADDRESS.search(name)
    if match:
        peer = process.names.get(match.group())
        stem = name[: match.start() - 1]
        return stem if peer is None else f"{stem}:{peer}"
    return re.sub(r"-?\[myid=-?\d+\]", "", name).split("(plain=")[0]


def merge(trace):
    for process in trace.processes:
        for event in process.events:
            event.t = event.own_t + process.clock.offset
    trace.events = sorted(
        (event for process in trace.processes for event in process.events), key=lambda event: (event.t, event.line)
    )
    find_deaths(trace)
    find_freezes(trace)
    trace.events.sort(key=in_order)
    start = trace.events[0].t
    for index, event in enumerate(trace.events):
        event.index = index
        event.t -= start
    trace.messages.sort(key=lambda pair: (pair[0] or pair[1]).index)


def in_order(event):
    """A cause that the clocks put at the same microsecond stands before its effect. What a film tells is in that
    order already."""
    return event.t, event.ev == "recv", -1 if event.process.captured else event.n, event.line, event.thread != ""


def load(paths):
    """The trace of one ensemble from its files and directories."""
    trace = Trace()
    for path in trace_files(paths):
        read_file(trace, path)
    prefer_own_words(trace)
    events = sorted((event for process in trace.processes for event in process.events), key=wall_time)
    pair_messages(trace, events)
    pair_queues(trace)
    pair_requests(trace)
    align_clocks(trace)
    name_far_ends(trace)
    merge(trace)
    name_clients(trace)
    return trace
