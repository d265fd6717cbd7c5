"""The same trace for viewers that people have: Mermaid, ShiViz, Chrome and Perfetto."""

import collections
import json

from tongue import ms
from zktrace import LOOKING, Refusal, short_name

MOST_ARROWS = 120  # more are drawn, and nobody reads them
CALM_US = 20_000  # a silence worth a note
LONGEST_SLICE_US = 120


# ---- Mermaid ----------------------------------------------------------------------------------


def arrow_label(event):
    m = event["m"]
    if event["kind"] == "INITIAL":
        return f"I am {m.get('sid', '?')}"
    if event["kind"] == "NOTIFICATION":
        return f"{m['state']}, vote {m['leader']}, round {m['round']}"
    return f"{event['kind']} {m.get('zxid', '')}".strip()


def note(event):
    """What stands beside a peer, or None."""
    if event.ev == "boot":
        return "starts"
    if event.ev == "crash":
        return "gone" if event.process.captured else "killed"
    if event.ev in ("freeze", "thaw"):
        return event.ev + "s"
    if event.ev == "exit":
        return f"exits with {event['code']}"
    if event.ev == "state":
        return event["s"]
    if event.ev == "vote":
        return f"votes {event['leader']} in round {event['r']}"
    if event.ev == "tally" and event["quorum"]:
        return f"a quorum for {event['leader']}: {', '.join(map(str, event['have']))}"
    if event.ev == "decide":
        return f"decides for {event['leader']}"
    if event.ev == "established":
        return f"epoch {event['epoch']} established"
    return None


def mermaid(events):
    """A sequence diagram. Pings are left out, and what does not change."""
    shown = [event for event in events if event.get("kind") != "PING"]
    arrows = sum(1 for event in shown if event.ev == "send")
    if arrows > MOST_ARROWS:
        raise Refusal(f"{arrows} messages are more than anybody reads in one diagram; choose less with --chapter or --until")
    ids = sorted({event.n for event in shown})
    lines = ["sequenceDiagram"] + [f"  participant p{n} as peer {n}" for n in ids]
    last, said = None, {}
    for event in shown:
        text = note(event)
        if event.ev == "send":
            arrow = "->>" if event.partner else "-x"
            target = event["to"] if event["to"] in ids else event.n
            line = f"  p{event.n}{arrow}p{target}: {arrow_label(event)}"
        elif text and said.get((event.n, event.ev)) != text:
            said[event.n, event.ev] = text
            line = f"  Note over p{event.n}: {text}"
        else:
            continue
        if last is not None and event.t - last >= CALM_US:
            across = f"p{ids[0]},p{ids[-1]}" if len(ids) > 1 else f"p{ids[0]}"
            lines.append(f"  Note over {across}: {ms(event.t - last)} of silence")
        last = event.t
        lines.append(line)
    return "\n".join(lines) + "\n"


# ---- ShiViz -----------------------------------------------------------------------------------


def event_text(event):
    """Short, and without times, ports and counters: what two runs have in common must read the same."""
    if event.ev in ("send", "recv"):
        way = f"to {event['to']}" if event.ev == "send" else f"from {event['from']}"
        return f"{event.ev} {way}: {arrow_label(event)}"
    if event.ev in ("enq", "deq"):
        return f"{event.ev} {short_name(event.process, event['q'])}" + (
            f" and forget {event['dropped']}" if event.get("dropped") else ""
        )
    if event.ev == "tally":
        return f"counts {event['have']} for {event['leader']}" + (", a quorum" if event["quorum"] else "")
    if event.ev == "wait":
        return f"waits {event['ms']} ms"
    if event.ev == "phase":
        return f"phase {event['phase']}"
    if event.ev == "epoch":
        return f"{event['which']} epoch {event['value']}"
    if event.ev == "conn":
        return f"{event['what']} {event['peer']}"
    return note(event) or event.ev


def vector_clocks(events, host):
    """(event, clock) in an order in which no effect stands before its cause. A cause is the event before it on the same
    host, the send of a receive, the step into a queue of the step out of it."""
    chosen = {id(event) for event in events}
    lanes = collections.OrderedDict()
    for event in events:
        lanes.setdefault(host(event), collections.deque()).append(event)
    clocks = {name: collections.Counter() for name in lanes}
    known = {}  # id of an event that is the cause of one elsewhere -> its clock
    left = len(events)
    while left:
        ready = None
        for name, lane in lanes.items():
            if not lane:
                continue
            cause = lane[0].partner if lane[0].ev in ("recv", "deq") else None
            blocked = cause is not None and id(cause) in chosen and id(cause) not in known
            if not blocked and (ready is None or lane[0].index < lanes[ready][0].index):
                ready = name
        if ready is None:
            raise Refusal("the causes in this trace go round in a circle; run: scripts/trace/trace.sh check")
        event = lanes[ready].popleft()
        clock = clocks[ready]
        if event.ev in ("recv", "deq") and event.partner is not None and id(event.partner) in known:
            clock |= known[id(event.partner)]
            clocks[ready] = clock
        clock[ready] += 1
        if event.ev in ("send", "enq"):
            known[id(event)] = collections.Counter(clock)
        left -= 1
        yield event, clock


def shiviz(runs, by_thread):
    """runs: (label, events). Of two runs only the messages are told: a capture knows no more, and the differences that
    ShiViz shows shall be differences of behaviour."""
    lines = []
    for label, events in runs:
        if label:
            lines.append(f"=== {label} ===")
        shown = [event for event in events if event.get("kind") != "PING"]
        if len(runs) > 1:
            shown = [event for event in shown if event.ev in ("send", "recv")]
        elif not by_thread:
            shown = [event for event in shown if event.ev not in ("enq", "deq")]

        def host(event):
            thread = short_name(event.process, event.thread) or "outside"
            return f"p{event.n}/{thread}" if by_thread else f"p{event.n}"

        for event, clock in vector_clocks(shown, host):
            lines += [event_text(event), f"{host(event)} {json.dumps(dict(sorted(clock.items())))}"]
    return "\n".join(lines) + "\n"


# ---- Chrome, Perfetto -------------------------------------------------------------------------


class TrackWriter:
    """Events in Chrome's JSON format: a process is a peer, a thread a thread, times are microseconds."""

    def __init__(self):
        self.records = []
        self.threads = {}  # (peer, name) -> number
        self.flows = {}

    def emit(self, ph, name, pid, tid, **rest):
        self.records.append({"ph": ph, "name": name, "pid": pid, "tid": tid, **rest})

    def peer(self, n, label):
        self.emit("M", "process_name", n, 0, args={"name": label})
        self.emit("M", "process_sort_index", n, 0, args={"sort_index": n})
        self.thread(n, "state")

    def thread(self, n, name):
        if (n, name) not in self.threads:
            number = 1 + sum(1 for peer, _ in self.threads if peer == n)
            self.threads[n, name] = number
            self.emit("M", "thread_name", n, number, args={"name": name})
            self.emit("M", "thread_sort_index", n, number, args={"sort_index": number})
        return self.threads[n, name]

    def flow(self, start, event, pid, tid):
        """An arrow from the slice of `start` to that of its partner."""
        number = self.flows.setdefault(id(start), len(self.flows) + 1)
        name = "message" if start.ev == "send" else "queue"
        ending = {} if event is start else {"bp": "e"}
        self.emit("s" if event is start else "f", name, pid, tid, ts=event.t, id=number, cat=name, **ending)


def slice_ends(events):
    """Slices of a thread must not overlap: each ends where the thread's next event begins, at the latest."""
    ends, last = {}, {}
    for event in events:
        key = event.n, event.thread
        if key in last:
            ends[id(last[key])] = event.t
        last[key] = event
    return {id(event): min(ends.get(id(event), event.t + LONGEST_SLICE_US), event.t + LONGEST_SLICE_US) for event in events}


def state_slices(writer, events):
    """One track a peer that says what it is."""
    since, before = {}, {}

    def close(n, t):
        if n in since:
            name, start = since.pop(n)
            writer.emit("X", name, n, writer.thread(n, "state"), ts=start, dur=t - start, cat="state")

    for event in events:
        if event.ev == "freeze":
            before[event.n] = since.get(event.n, (LOOKING, 0))[0]
        if event.ev in ("state", "boot", "crash", "exit", "freeze", "thaw"):
            close(event.n, event.t)
        if event.ev in ("freeze", "thaw"):
            since[event.n] = ("FROZEN" if event.ev == "freeze" else before.get(event.n, LOOKING), event.t)
        if event.ev in ("state", "boot"):
            since[event.n] = (event.get("s", LOOKING), event.t)
    for n in list(since):
        close(n, events[-1].t)


def perfetto(events):
    writer = TrackWriter()
    for n in sorted({event.n for event in events}):
        writer.peer(n, f"peer {n}")
    state_slices(writer, events)
    ends = slice_ends(events)
    chosen = {id(event) for event in events}
    for event in events:
        name = short_name(event.process, event.thread) or "state"
        pid, tid = event.n, writer.thread(event.n, name)
        if event.ev in ("send", "recv", "enq", "deq"):
            writer.emit(
                "X", event_text(event), pid, tid, ts=event.t, dur=ends[id(event)] - event.t, cat=event.ev, args=event.fields
            )
            if event.partner is not None and id(event.partner) in chosen:
                writer.flow(event if event.ev in ("send", "enq") else event.partner, event, pid, tid)
        else:
            writer.emit("i", event_text(event), pid, tid, ts=event.t, s="t", cat=event.ev, args=event.fields)
        if event.ev in ("enq", "deq"):
            queue = short_name(event.process, event["q"])
            writer.emit("C", f"length of {queue}", pid, 0, ts=event.t, args={"elements": event["len"]})
        elif event.ev == "tally":
            writer.emit("C", "votes for its leader", pid, 0, ts=event.t, args={"peers": len(event["have"])})
    text = ",\n".join(json.dumps(record, separators=(",", ":")) for record in writer.records)
    return '{"displayTimeUnit":"ms","traceEvents":[\n' + text + "\n]}\n"
