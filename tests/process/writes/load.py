#!/usr/bin/env python3
"""Clients that write while servers die, and that remember every answer.

    load.py run --servers 127.0.0.1:2181,127.0.0.1:2182 --writes 100000 --clients 8 --journal FILE
    load.py verify --servers 127.0.0.1:2181 --journal FILE

run writes until that many writes have been acknowledged, whatever becomes of connections and sessions
meanwhile. Each client does all kinds of writes under a node of its own, ROOT/cN,
and says in the journal, one JSON object a line, what it was told: acknowledged, refused, or nothing (the
connection was lost, so the write may have happened or not). verify reads the tree through each server
and compares:

  lost      an acknowledged write that is not there
  doubled   a write that was applied twice: a sequence number too many, a version too high
  invented  a node that nobody wrote, or that was refused

Java's client would retry nothing either: a write whose answer is lost is never sent again.
"""

import argparse
import collections
import itertools
import json
import logging
import os
import random
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import (ConnectionLoss, KazooException, NoNodeError, NodeExistsError, OperationTimeoutError,
                              SessionExpiredError)
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.states import KazooState

ANSWER_SECONDS = 30
# Each client has about so many nodes at most: a member of Java has a small heap, and must have room for all of them however many
# writes a quick machine does in ten minutes.
NODES_MOST = 8000
# What leaves a write in doubt.
DOUBT = (ConnectionLoss, SessionExpiredError, OperationTimeoutError, KazooTimeoutError)


def connect(servers, seconds=240):
    """A client that is connected, or an exception."""
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # connections that are lost are what this is about
    client = KazooClient(hosts=servers, timeout=10, randomize_hosts=True,
                         connection_retry={"max_tries": -1, "delay": 0.1, "backoff": 1, "max_delay": 0.5},
                         command_retry={"max_tries": 0})
    client.start(timeout=seconds)
    return client


class Journal:
    """Lines of JSON, each on the disk's side of this process before the next write of that client."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.mutex = threading.Lock()

    def note(self, **fact):
        with self.mutex:
            self.file.write(json.dumps(fact) + "\n")

    def close(self):
        self.file.close()


class Progress:
    """How many writes have been acknowledged, and whether that is enough."""

    def __init__(self, wanted, at_least, seconds):
        self.wanted = wanted
        self.earliest_end = time.monotonic() + at_least
        self.end = time.monotonic() + seconds
        self.acknowledged = 0
        self.doubtful = 0
        self.refused = 0
        self.mutex = threading.Lock()
        self.longest_gap = 0.0
        self.last = time.monotonic()

    def note(self, outcome):
        with self.mutex:
            if outcome == "ok":
                now = time.monotonic()
                self.longest_gap = max(self.longest_gap, now - self.last)
                self.last = now
                self.acknowledged += 1
            elif outcome == "doubt":
                self.doubtful += 1
            else:
                self.refused += 1

    def is_over(self):
        now = time.monotonic()
        return now > self.end or (self.acknowledged >= self.wanted and now > self.earliest_end)


class Writer(threading.Thread):
    """One client. Its node holds what it has made: n-<number> by create, s-<sequence> by sequential create,
    counter by set; e-<number> is ephemeral and must be gone when the session is."""

    def __init__(self, root, number, servers, journal, progress, window, seed):
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number = number
        self.root = root
        self.home = f"{root}/c{number}"
        self.servers = servers
        self.journal = journal
        self.progress = progress
        self.window = window
        self.random = random.Random(seed * 1000 + number)
        self.next_id = itertools.count()
        self.live = []  # plain nodes that are known to exist
        self.nodes = 0  # of all kinds
        self.counter_version = 0  # None: in doubt, read it first
        self.error = None

    def run(self):
        try:
            self.work()
        except Exception as problem:  # pylint: disable=broad-except
            self.error = problem

    def work(self):
        client = connect(self.servers)
        self.ensure(client, self.root)
        self.ensure(client, self.home)
        self.ensure(client, self.home + "/counter")
        while not self.progress.is_over():
            if client.state != KazooState.CONNECTED:
                time.sleep(0.02)
                continue
            if self.counter_version is None:
                self.learn_counter(client)
                continue
            pending = [self.send(client) for _ in range(self.window)]
            for write, answer in pending:
                self.settle(write, answer)
        client.stop()
        client.close()

    def ensure(self, client, path):
        """The node exists, whoever has made it."""
        while True:
            try:
                client.create(path, b"")
                return
            except NodeExistsError:
                return
            except DOUBT:
                time.sleep(0.05)

    def learn_counter(self, client):
        try:
            client.sync(self.home + "/counter")
            self.counter_version = client.get(self.home + "/counter")[1].version
        except DOUBT:
            time.sleep(0.05)

    def send(self, client):
        """Sends one write; returns what it was and its future answer."""
        number = next(self.next_id)
        kind = self.random.choices(["create", "sequence", "set", "delete", "multi", "bad_multi", "ephemeral"],
                                   [40, 10, 25, 10, 8, 3, 4])[0]
        path = f"{self.home}/n-{number}"
        if self.nodes >= NODES_MOST and kind in ("create", "sequence", "multi"):
            kind = "delete" if self.live else "set"
        elif kind == "delete" and not self.live:
            kind = "create"
        if kind == "set" and self.counter_version is None:
            kind = "bad_multi" if self.nodes >= NODES_MOST else "create"
        data = f"{self.number}.{number}".encode().ljust(self.random.choice([20, 100, 100, 600]), b".")
        write = {"kind": kind, "id": number, "path": path}
        if kind == "create":
            answer = client.create_async(path, data)
        elif kind == "sequence":
            answer = client.create_async(self.home + "/s-", data, sequence=True)
        elif kind == "ephemeral":
            write["path"] = f"{self.home}/e-{number}"
            answer = client.create_async(write["path"], data, ephemeral=True)
        elif kind == "set":
            write["path"] = self.home + "/counter"
            write["version"] = self.counter_version
            self.counter_version += 1
            answer = client.set_async(write["path"], str(number).encode(), version=write["version"])
        elif kind == "delete":
            write["path"] = self.live.pop(self.random.randrange(len(self.live)))
            answer = client.delete_async(write["path"])
        else:
            # Two nodes that come together or not at all; the bad one fails at its last step.
            transaction = client.transaction()
            transaction.create(path + "-a", data)
            transaction.create(path + "-b", data)
            transaction.check(self.home, 77 if kind == "bad_multi" else -1)
            answer = transaction.commit_async()
        return write, answer

    def settle(self, write, answer):
        """Waits for the answer and notes what it was."""
        result = None
        try:
            result = answer.get(timeout=ANSWER_SECONDS)
            outcome = "ok"
        except DOUBT:
            outcome = "doubt"
        except KazooException as problem:
            outcome = type(problem).__name__
        kind = write["kind"]
        if kind in ("multi", "bad_multi") and outcome == "ok":
            problems = [r for r in result if isinstance(r, Exception)]
            if problems:
                outcome = type(problems[-1]).__name__
        if kind == "set" and outcome != "ok":
            self.counter_version = None
        if outcome == "ok":
            self.nodes += {"create": 1, "sequence": 1, "multi": 2, "delete": -1}.get(kind, 0)
        if kind == "create" and outcome == "ok":
            self.live.append(write["path"])
        fact = dict(write, client=self.number, outcome=outcome)
        if kind == "sequence" and outcome == "ok":
            fact["path"] = result
        self.journal.note(**fact)
        self.progress.note(outcome)


def run(options):
    journal = Journal(options.journal)
    progress = Progress(options.writes, options.at_least, options.seconds)
    root = f"/writes-{os.getpid()}-{options.seed}"
    journal.note(what="root", path=root)
    writers = [Writer(root, n, options.servers, journal, progress, options.window, options.seed)
               for n in range(options.clients)]
    begin = time.monotonic()
    for writer in writers:
        writer.start()
    shown = begin
    while any(writer.is_alive() for writer in writers):
        time.sleep(0.2)
        if options.progress_file:
            with open(options.progress_file + ".tmp", "w", encoding="utf-8") as file:
                file.write(f"{progress.acknowledged}\n")
            os.replace(options.progress_file + ".tmp", options.progress_file)
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            print(f"{progress.acknowledged} acknowledged, {progress.doubtful} in doubt", flush=True)
        if time.monotonic() > progress.end + 150:
            break
    journal.close()
    seconds = time.monotonic() - begin
    stuck = [writer.name for writer in writers if writer.is_alive()]
    errors = [f"{writer.name}: {writer.error!r}" for writer in writers if writer.error is not None]
    print(f"{progress.acknowledged} writes acknowledged in {seconds:.1f} s, {progress.doubtful} in doubt, "
          f"{progress.refused} refused; the longest time without an answer was {progress.longest_gap:.1f} s")
    for problem in errors + [f"{name} does not end" for name in stuck]:
        print(problem)
    if progress.acknowledged < options.writes:
        print(f"only {progress.acknowledged} of {options.writes} writes were acknowledged in {options.seconds} s")
    sys.stdout.flush()
    os._exit(1 if errors or stuck or progress.acknowledged < options.writes else 0)


class Expected:
    """What the journal says of one client's node."""

    def __init__(self):
        self.present = set()
        self.absent = set()
        self.maybe = set()
        self.sequences = set()
        self.sequence_doubts = 0
        self.sets = 0
        self.set_doubts = 0
        self.pairs = set()

    def take(self, fact):
        kind, outcome, path = fact["kind"], fact["outcome"], fact["path"]
        if kind == "create":
            {"ok": self.present, "doubt": self.maybe}.get(outcome, self.absent).add(path)
        elif kind == "delete":
            self.present.discard(path)
            {"ok": self.absent, "doubt": self.maybe}.get(outcome, self.present).add(path)
        elif kind == "sequence":
            if outcome == "ok":
                self.sequences.add(path)
            elif outcome == "doubt":
                self.sequence_doubts += 1
        elif kind == "set":
            self.sets += outcome == "ok"
            self.set_doubts += outcome == "doubt"
        elif kind in ("multi", "bad_multi"):
            pair = (path + "-a", path + "-b")
            self.pairs.add(pair)
            target = {"ok": self.present, "doubt": self.maybe}.get(outcome, self.absent)
            target.update(pair)


def read_journal(path):
    """The root, and what each client's node must hold."""
    clients = collections.defaultdict(Expected)
    root = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            fact = json.loads(line)
            if fact.get("what") == "root":
                root = fact["path"]
            elif fact["kind"] != "ephemeral":
                clients[fact["client"]].take(fact)
    return root, clients


def compare(expected, home, children, counter_version):
    """Says what is wrong with one client's node: a list of texts."""
    problems = []
    here = {f"{home}/{name}" for name in children}
    for path in sorted(expected.present - here):
        problems.append(f"lost: {path} was acknowledged and is not there")
    for path in sorted(expected.absent & here):
        problems.append(f"invented: {path} was refused or deleted, and is there")
    for first, second in sorted(expected.pairs):
        if (first in here) != (second in here):
            problems.append(f"torn: of the transaction with {first} one half is there")
    sequences = {path for path in here if path.startswith(home + "/s-")}
    for path in sorted(expected.sequences - sequences):
        problems.append(f"lost: {path} was acknowledged and is not there")
    more = len(sequences) - len(expected.sequences)
    if more > expected.sequence_doubts:
        problems.append(f"doubled: {home} has {more} sequential nodes more than were acknowledged, "
                        f"and only {expected.sequence_doubts} were in doubt")
    known = expected.present | expected.absent | expected.maybe | sequences | {home + "/counter"}
    for path in sorted(here - known):
        if path.startswith(home + "/e-"):
            problems.append(f"left over: {path} is ephemeral, and no session is open")
        else:
            problems.append(f"invented: {path} was never written")
    if not expected.sets <= counter_version <= expected.sets + expected.set_doubts:
        problems.append(f"{home}/counter has version {counter_version}; {expected.sets} sets were acknowledged "
                        f"and {expected.set_doubts} in doubt")
    return problems


def verify(options):
    root, clients = read_journal(options.journal)
    trees = {}
    problems = []
    for server in options.servers.split(","):
        client = connect(server)
        # Sessions of clients that were cut off end only after their timeout.
        deadline = time.monotonic() + 240
        while True:
            client.sync(root)
            tree = {}
            for number in clients:
                home = f"{root}/c{number}"
                tree[number] = (client.get_children(home), client.get(home + "/counter")[1].version)
            left = [n for children, _ in tree.values() for n in children if n.startswith("e-")]
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        for number, expected in clients.items():
            children, version = tree[number]
            found = compare(expected, f"{root}/c{number}", children, version)
            problems += [f"{server}: {text}" for text in found]
        trees[server] = {n: (sorted(children), version) for n, (children, version) in tree.items()}
        client.stop()
        client.close()
    if any(tree != next(iter(trees.values())) for tree in trees.values()):
        problems.append("the servers do not agree with one another")
    for text in problems[:50]:
        print(text)
    total = sum(len(e.present) + len(e.sequences) + e.sets for e in clients.values())
    print(f"{total} acknowledged results compared on {len(trees)} servers: {len(problems)} problems")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--servers", required=True)
    runner.add_argument("--journal", required=True)
    runner.add_argument("--writes", type=int, default=10000, help="so many must be acknowledged")
    runner.add_argument("--seconds", type=int, default=600, help="within this time")
    runner.add_argument("--at-least", type=int, default=0, help="go on for so many seconds, however many those are")
    runner.add_argument("--clients", type=int, default=8)
    runner.add_argument("--window", type=int, default=16, help="writes that a client sends before it waits")
    runner.add_argument("--seed", type=int, default=1)
    runner.add_argument("--progress-file", help="how many are acknowledged so far")
    checker = commands.add_parser("verify")
    checker.add_argument("--servers", required=True)
    checker.add_argument("--journal", required=True)
    options = parser.parse_args()
    if options.command == "run":
        run(options)
    return verify(options)


if __name__ == "__main__":
    sys.exit(main())
