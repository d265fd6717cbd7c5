"""The replay page: one HTML file that needs nothing else."""

import json
import os

import story
from zktrace import short_name

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
SCRIPTS = ("model.js", "clients.js", "words.js", "ring.js", "figures.js", "lanes.js", "client_lanes.js", "panels.js", "tour.js", "page.js")


class Names:
    """Texts that come again and again, by number."""

    def __init__(self):
        self.numbers = {}

    def number(self, text):
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def texts(self):
        return list(self.numbers)


def zero_of(trace):
    """Two runs are compared from their first notification on."""
    for event in trace.events:
        if event.ev == "send" and event["kind"] == "NOTIFICATION":
            return event.t
    return 0


def run_data(trace, label, zero):
    threads, queues, conns, reasons = Names(), Names(), Names(), Names()
    events = []
    for event in trace.events:
        record = {"t": event.t - zero, "n": event.n, "h": threads.number(short_name(event.process, event.thread)), "e": event.ev}
        record.update(event.fields)
        if "q" in record:
            record["q"] = queues.number(short_name(event.process, record["q"]))
        if "conn" in record:
            record["c"] = conns.number(record.pop("conn"))
        if "why" in record:
            record["w"] = reasons.number(record.pop("why"))
        if event.partner is not None:
            record["x"] = event.partner.index
        if event.client is not None:
            record["k"] = event.client.number
        if record.get("dropped") == 0:
            del record["dropped"]
        events.append(record)
    chapters = [
        {
            "first": chapter.first,
            "t": chapter.events[0].t - zero,
            "end": trace.events[chapter.last].t - zero,
            "title": chapter.title,
            "text": chapter.text,
            "question": story.question_of(chapter),
            "clients": chapter.of_clients,
        }
        for chapter in story.chapters_of(trace)
    ]
    return {
        "label": label,
        "ids": trace.ids,
        "captured": all(process.captured for process in trace.processes),
        "clients": [client.name for client in trace.clients],
        "threads": threads.texts,
        "queues": queues.texts,
        "conns": conns.texts,
        "reasons": reasons.texts,
        "chapters": chapters,
        "events": events,
    }


def read_part(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as stream:
        return stream.read()


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def page(runs, title):
    """runs: (label, trace)."""
    together = len(runs) > 1
    data = [run_data(trace, label, zero_of(trace) if together else 0) for label, trace in runs]
    text = json.dumps({"title": title, "runs": data}, separators=(",", ":"), ensure_ascii=False)
    parts = {
        "TITLE": escape(title),
        "STYLE": read_part("page.css"),
        "SCRIPT": "\n".join(read_part(name) for name in SCRIPTS),
        "DATA": text.replace("<", "\\u003c"),  # no text of a trace can end the script element
    }
    html = read_part("page.html")
    for name, part in parts.items():
        html = html.replace(f"@@{name}@@", part)
    return html
