"""The chapters of clients: who came, moved, left or was given up, what each asked for and was told, and who was woken."""

import collections

from tongue import listed, ms, upper, verb

MOST_DEEDS = 8  # of one client, told in a chapter
TOGETHER_US = 3_000  # connections that end closer together end for one reason
NO_NODE = -101
ERRORS = {-101: "there is no such node", -103: "the version is another one", -110: "there is such a node already",
          -111: "it has children", -112: "the session has ended", -118: "the session has moved", -119: "this peer is read-only"}
DEEDS = {"create": "creates", "create2": "creates", "createContainer": "creates", "createTtl": "creates", "delete": "deletes",
         "setData": "writes", "getData": "reads", "exists": "looks for", "getChildren": "lists", "getChildren2": "lists",
         "sync": "syncs", "multi": "writes several nodes at once"}


def is_word(event):
    """Something that a client has asked, or was told: everything but its pings."""
    return event.client is not None and event.get("op") != "ping"


def begins_chapter(visit, event):
    """Does a chapter of clients begin with this event? visit: the one that goes on, or None. A new one begins where a
    connection ends while its session lives, and where somebody leaves after a session has expired."""
    if not is_word(event):
        return False
    if visit is None:
        return event.ev != "session" or event["what"] != "left"
    if event.ev == "request" and event["op"] == "closeSession":
        return any(earlier.ev == "session" and earlier["what"] == "expired" for earlier in visit.events)
    if not is_end(event) or has_closed(visit, event):
        return False
    ends = [earlier.t for earlier in visit.events if is_end(earlier)]
    return not ends or event.t - ends[-1] > TOGETHER_US


def is_end(event):
    return event.ev == "session" and event["what"] == "left"


def has_closed(chapter, event):
    return any(
        earlier.ev == "reply" and earlier["op"] == "closeSession" and earlier["session"] == event["session"]
        for earlier in chapter.events
    )


def tell(trace, chapter):
    """(title, text)"""
    known = {event.client for event in trace.events[: chapter.first] if event.client is not None}
    told = [event for event in chapter.events if is_word(event)]
    visit = Visit(told, known)
    text = visit.tell_ends() + visit.tell_deeds() + visit.tell_unanswered()
    return visit.title(), text + tell_watches(trace, chapter)


class Visit:
    """What the clients of one chapter did. known: those that had come before."""

    def __init__(self, events, known):
        self.events = events
        self.came, self.moved, self.gone, self.left, self.expired = {}, {}, {}, {}, {}  # client -> event, in their order
        here = set(known)
        for event in events:
            if event.ev == "reply" and event["op"] == "closeSession":
                self.left[event.client] = event
            elif event.ev == "session":
                self.note_session(event, here)
            if event.get("op") != "createSession":
                here.add(event.client)

    def note_session(self, event, here):
        client, what = event.client, event["what"]
        if what == "opened" and (client in self.gone or (client in here and client not in self.came)):
            self.moved[client] = event
            self.gone.pop(client, None)
        elif what == "opened":
            self.came.setdefault(client, event)
        elif what == "expired":
            self.expired[client] = event
        elif what == "left" and client not in self.left:
            self.gone[client] = event

    def title(self):
        parts = []
        if self.came:
            parts.append(f"{names(self.came)} {verb(self.came, 'comes', 'come')}")
        for client, event in self.moved.items():
            parts.append(f"{client.name} goes on at peer {event.n}")
        if self.gone:
            parts.append(f"{names(self.gone)} {verb(self.gone, 'is', 'are')} gone")
        if self.expired:
            parts.append(f"the session of {names(self.expired)} expires")
        if self.left:
            parts.append(f"{names(self.left)} {verb(self.left, 'leaves', 'leave')}")
        if not parts:
            asking = list(dict.fromkeys(event.client for event in self.events if event.ev == "request"))
            parts.append(f"{names(asking)} {verb(asking, 'asks', 'ask')}" if asking else "clients are told something")
        return upper("; ".join(parts))

    def tell_ends(self):
        lines = []
        for client, event in self.expired.items():
            lost = self.gone.get(client)
            waited = f" {ms(event.t - lost.t)} pass between the end of its connection and the end of its session." if lost else ""
            body = (
                f"Its connection ended, and it might have been on its way to another peer, so everything of it stayed as it"
                f" was. A session ends only when no peer has heard of it for its timeout ({ms(event['ms'] * 1000)});"
                f" the leader decides that, and the end is a write like any other. All ephemeral nodes of the session go with it."
            )
            lines.append((f"Why the session of {client.name} ended.", body + waited))
        for client, event in self.moved.items():
            body = f"went on at peer {event.n}. Every peer knows every session, for its beginning was a write."
            lines.append((client.name, body))
        return lines

    def tell_deeds(self):
        deeds = collections.defaultdict(list)
        for event in self.events:
            if event.ev == "reply" and event["op"] in DEEDS:
                deeds[event.client].append(deed(event))
        lines = []
        for client, done in deeds.items():
            shown = [text for k, text in enumerate(done) if k == 0 or text != done[k - 1]]
            rest = len(shown) - MOST_DEEDS
            shown = shown[:MOST_DEEDS] + ([f"asks {rest} more times"] if rest > 0 else [])
            lines.append((client.name, "; ".join(shown) + "."))
        return lines

    def tell_unanswered(self):
        """Only those whose connection has ended: the answer to the others may come in a later chapter."""
        lost = [event for event in self.events if event.ev == "request" and event.partner is None and event["op"] in DEEDS]
        return [
            (f"{event.client.name} has no answer", f"to “{DEEDS[event['op']]} {event['path']}”, and cannot know whether it was done.")
            for event in lost
            if event.client in self.gone
        ]


def names(clients):
    return listed(client.name for client in clients)


def deed(reply):
    """What a client did, and what it was told."""
    request = reply.partner
    path = request["path"] if request is not None else ""
    watches = request is not None and request.get("how") == "watch"
    text = f"{'watches' if watches else DEEDS[reply['op']]} {path}".strip()
    if reply["err"] != 0:
        reason = ERRORS.get(reply["err"], f"error {reply['err']}")
        return f"{text}: {reason}"
    data = reply.get("data")
    if reply["op"].startswith("create"):
        kind = f" ({request['how']})" if request is not None and request.get("how") else ""
        return f"creates {data or path}{kind}"
    if data is not None:
        return f"{text}: {data}"
    if request is not None and request.get("data") is not None:
        return f"{text}: {request['data']}"
    return f"{text}: it is there" if reply["op"] == "exists" else text


def tell_watches(trace, chapter):
    """Who was woken, and who was not because another node was watched."""
    waiting = collections.defaultdict(set)  # client -> paths
    woken = []
    for event in trace.events[: chapter.last + 1]:
        if event.ev == "reply" and event.partner is not None and event.partner.get("how") == "watch":
            if event["err"] in (0, NO_NODE):
                waiting[event.client].add(event.partner["path"])
        elif event.ev == "watch":
            waiting[event.client].discard(event["path"])
            if event.index >= chapter.first:
                woken.append(event)
        elif event.ev == "session" and event["what"] == "expired" or is_goodbye(event):
            waiting.pop(event.client, None)
    if not woken:
        return []
    body = "; ".join(f"{event.client.name}: {event['path']} {became(event)}" for event in woken) + "."
    asleep = {client: paths for client, paths in waiting.items() if paths and client not in {event.client for event in woken}}
    if asleep:
        others = "; ".join(f"{client.name} waits for {listed(sorted(paths))}" for client, paths in asleep.items())
        body += f" Nobody else is woken: {others}."
    return [("Who was told.", body)]


def is_goodbye(event):
    return event.ev == "reply" and event["op"] == "closeSession"


def became(event):
    what = event["what"]
    return "has other children" if what == "children" else f"was {what}"
