"""The traces of several peers as lines for people, in order of time: trace_lines.py all|election TRACE...

A line is the wall clock, who, what happened, and why; of an election, or of every event."""

import json
import sys

OF_AN_ELECTION = ("boot", "exit", "state", "vote", "decide", "phase", "epoch", "established")


def text_of(value):
    """A value of an event without quotes and brackets' commas."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":")).replace('"', "").replace(",", " ").replace(":", " ")


def events(path):
    """(microseconds since 1970, event) of one trace. The last line of a peer that was killed may be cut off."""
    wall = 0
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if not isinstance(event, dict) or event.get("v") != 1:
                continue
            if event["ev"] == "boot":
                wall = event["wall"] * 1000 - event["t"]
            yield wall + event["t"], event


def main(which, paths):
    lines = []
    for path in paths:
        for now, event in events(path):
            if which == "election" and event["ev"] not in OF_AN_ELECTION:
                continue
            second = now // 1000000 % 86400
            clock = f"{second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}.{now % 1000000:06d}"
            names = list(event)
            details = " ".join(f"{name} {text_of(event[name])}" for name in names[names.index("ev") + 1:] if name != "why")
            lines.append((now, f"{clock}  {event.get('n', ''):>2}  {event['ev']:<12} {details:<34} {event.get('why', '')}"))
    lines.sort(key=lambda line: line[0])
    try:
        print("\n".join(line for _, line in lines))
    except BrokenPipeError:  # head has seen enough
        sys.stderr.close()


main(sys.argv[1], sys.argv[2:])
