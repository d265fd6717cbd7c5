"""Feeds for viewers that people have, held against the formats as these viewers read them. test_feeds.py [DIRECTORY]: of the
golden traces, and of the run of three peers in DIRECTORY.

The feeds have been opened in Mermaid 10.9 and in ShiViz; neither is there when tests run, and so their rules are here."""

import json
import os
import re
import sys

import harness
from harness import same, script, test

ELECTION = ("1.jsonl", "2.jsonl")
FILM = ("java.jsonl",)
SOURCES = [ELECTION, FILM] + [(os.path.join(os.path.abspath(path), "three"),) for path in sys.argv[1:]]


def feed(*arguments):
    status, out, err = script("trace.sh", *arguments)
    same((status, err), (0, ""), " ".join(arguments))
    return out


# ---- Mermaid ----------------------------------------------------------------------------------

PARTICIPANT = re.compile(r"  participant (\w+) as (.+)")
ARROW = re.compile(r"  (\w+)(?:->>|-x)(\w+): (.+)")
NOTE = re.compile(r"  Note over (\w+)(?:,(\w+))?: (.+)")


@test
def mermaid_lines_are_of_its_grammar():
    for source in SOURCES:
        lines = feed("mermaid", *source, "--chapter", "1").splitlines()
        same(lines[0], "sequenceDiagram")
        known, kinds = set(), {PARTICIPANT: 0, ARROW: 0, NOTE: 0}
        for line in lines[1:]:
            form = next((form for form in kinds if form.fullmatch(line)), None)
            assert form, f"{source}: what is {line!r}?"
            kinds[form] += 1
            *names, text = form.fullmatch(line).groups()
            if form is PARTICIPANT:
                known.update(names)
            assert {name for name in names if name} <= known, f"{source}: {line!r} names somebody unknown"
            # A semicolon ends a line, a hash begins a character's number, and `end` ends a box.
            assert not re.search(r"[;#]|\bend\b", text), f"{source}: {line!r} is cut short"
        assert all(kinds.values()), f"{source}: {kinds.values()}"


# ---- ShiViz -----------------------------------------------------------------------------------

ENTRY = re.compile(r"(?P<event>.*)\n(?P<host>\S*) (?P<clock>{.*})\n")  # its default, and the end of the line
EXECUTION = re.compile(r"^=== (?P<trace>.*) ===\n", re.M)


def entries(text):
    """[(event, host, clock)] of one execution; nothing may stand between them."""
    found, at = [], 0
    while at < len(text):
        match = ENTRY.match(text, at)
        assert match, f"no entry: {text[at:at + 80]!r}"
        found.append((match["event"], match["host"], json.loads(match["clock"])))
        at = match.end()
    return found


def check_clocks(found):
    """What ShiViz demands: hosts count their events from 1 on, and know of others what has been, and never less."""
    counts = {}
    for _, host, _ in found:
        counts[host] = counts.get(host, 0) + 1
    last = {}
    for event, host, clock in found:
        assert event, "an event without a word"
        before = last.get(host, {})
        same(clock.get(host), before.get(host, 0) + 1, f"{host}: {event}")
        for other, count in clock.items():
            assert type(count) is int and 0 < count <= counts.get(other, 0), f"{host} knows {count} events of {other}"
        assert all(clock.get(other, 0) >= count for other, count in before.items()), f"{host} forgets: {event}"
        for other, count in clock.items():
            assert other == host or last[other][other] >= count, f"{host} knows the future of {other}: {event}"
        last[host] = clock


@test
def shiviz_reads_every_line_and_its_clocks_are_consistent():
    for source in SOURCES:
        for by in ("peer", "thread"):
            found = entries(feed("shiviz", *source, "--by", by))
            check_clocks(found)
            hosts = {host for _, host, _ in found}
            assert len(hosts) >= 2 and any(len(clock) > 1 for _, _, clock in found), f"{source}: nobody hears of anybody"


@test
def shiviz_finds_two_executions_of_the_same_hosts():
    parts = EXECUTION.split(feed("shiviz", *ELECTION, "--against", *FILM))
    same((parts[0], parts[1::2]), ("", ["C", "Java"]))
    for part in parts[2::2]:
        check_clocks(entries(part))
    same(*({host for _, host, _ in entries(part)} for part in parts[2::2]))


# ---- Chrome, Perfetto -------------------------------------------------------------------------

COMMON = {"ph": str, "name": str, "pid": int, "tid": int}
OWN = {
    "M": {"args": dict},
    "X": {"ts": int, "dur": int, "cat": str},
    "i": {"ts": int, "s": str, "cat": str},
    "C": {"ts": int, "args": dict},
    "s": {"ts": int, "id": int, "cat": str},
    "f": {"ts": int, "id": int, "cat": str, "bp": str},
}
METADATA = {"process_name": ("name", str), "process_sort_index": ("sort_index", int), "thread_name": ("name", str),
            "thread_sort_index": ("sort_index", int)}


def records_of(source):
    whole = json.loads(feed("perfetto", *source))
    same((sorted(whole), whole["displayTimeUnit"]), (["displayTimeUnit", "traceEvents"], "ms"))
    return whole["traceEvents"]


@test
def perfetto_records_have_the_fields_of_their_phase():
    for source in SOURCES:
        records = records_of(source)
        for record in records:
            for name, kind in {**COMMON, **OWN[record["ph"]]}.items():
                assert type(record.get(name)) is kind, f"no {name}, or no {kind.__name__}: {record}"
            assert record.get("ts", 0) >= 0 and record.get("dur", 0) >= 0, record
            if record["ph"] == "M":
                name, kind = METADATA[record["name"]]
                assert type(record["args"][name]) is kind, record
            elif record["ph"] == "C":
                assert record["args"] and all(type(value) is int for value in record["args"].values()), record
            elif record["ph"] == "i":
                assert record["s"] in ("t", "p", "g"), record
        named = {(record["name"], record["pid"], record["tid"]) for record in records if record["ph"] == "M"}
        for record in records:
            assert ("process_name", record["pid"], 0) in named, f"process {record['pid']} has no name"
            assert record["tid"] == 0 or ("thread_name", record["pid"], record["tid"]) in named, f"no name: {record}"


@test
def perfetto_arrows_go_forward_from_slice_to_slice():
    for source in SOURCES:
        slices, ends = {}, {"s": {}, "f": {}}
        for record in records_of(source):
            if record["ph"] == "X":
                slices.setdefault((record["pid"], record["tid"]), []).append((record["ts"], record["ts"] + record["dur"]))
            elif record["ph"] in "sf":
                assert record["id"] not in ends[record["ph"]], f"two ends of one arrow: {record}"
                ends[record["ph"]][record["id"]] = record
                within = slices.get((record["pid"], record["tid"]), ())
                assert any(start <= record["ts"] <= end for start, end in within), f"{source}: no slice for {record}"
        same(sorted(ends["s"]), sorted(ends["f"]))
        assert ends["s"], f"{source}: no arrows"
        for number, start in ends["s"].items():
            end = ends["f"][number]
            same((start["name"], start["cat"], end["bp"]), (end["name"], end["cat"], "e"))
            assert start["ts"] <= end["ts"], f"it arrives before it leaves: {start} {end}"


if __name__ == "__main__":
    sys.exit(1 if harness.run(harness.chosen(__name__)) else 0)
