"""A tree of many nodes: replayed from the log, written, loaded, sent to a learner; and writes while it is written.

One C server takes the creations. Its data directory is copied for each measurement, and C and Java start from the same bytes,
in turn. Both log how long the replay, the loading and the writing took, in the same words."""

import contextlib
import glob
import json
import mmap
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from clients import PROGRAMS, Servers
from ensemble import Failure, cpu_s, memory_and_threads, srvr_mode
from ensemble import REPO

BYTES, SESSIONS, WINDOW = 100, 4, 250
LIMIT_S = 1800
CHUNK = 1 << 20
PROBES_MIN, PROBES_MAX = 300, 60000
WORDS = {"replayed": re.compile(r" txns loaded in (\d+) ms"), "loaded": re.compile(r"Snapshot loaded in (\d+) ms"),
         "written": re.compile(r"Snapshot taken in (\d+) ms")}


class InMemory(Servers):
    """Servers whose directories are in memory's file system, so that no disk takes part."""

    def __enter__(self):
        usual, tempfile.tempdir = tempfile.tempdir, memory_directory()
        try:
            return super().__enter__()
        finally:
            tempfile.tempdir = usual


class Alone(InMemory):
    """One server, of any kind, with more lines in its configuration."""

    def __init__(self, kind, keep, more=()):
        self.more = more
        super().__init__(kind, 1, keep)

    def configure(self, peer):
        super().configure(peer)
        if self.more:
            with open(self.path(peer, "zoo.cfg"), "a") as file:
                file.write("\n".join(self.more) + "\n")

    def rise_slowly(self):
        """Seconds of processor time, and resident kilobytes, once it serves."""
        self.start(self.ids)
        end = time.monotonic() + LIMIT_S
        while srvr_mode(self.port(1)) != "standalone":
            if time.monotonic() > end or self.processes[1].poll() is not None:
                raise Failure(f"the {self.kind} server does not serve; {self.logs_are()}")
            time.sleep(0.02)
        return cpu_s(self.pid(1)), memory_and_threads(self.pid(1))[0]

    def end(self):
        self.processes[1].terminate()
        self.processes[1].wait()

    def said(self, what):
        """Milliseconds by the log, of the longest of that kind; None: it says nothing of it."""
        with open(self.path(1, "log"), errors="replace") as file:
            times = [int(number) for number in WORDS[what].findall(file.read())]
        return max(times, default=None)


def memory_directory():
    if "TMPDIR" in os.environ:
        return None  # somebody wants all files there
    return "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None


def load(servers, kind, count, sessions, window):
    words = [os.path.join(PROGRAMS, "client_load"), servers.servers(), kind, str(count), str(sessions), str(window), str(BYTES)]
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise Failure(f"the clients' writes failed: {done.stderr[-500:]}; {servers.logs_are()}")
    return json.loads(done.stdout.splitlines()[-1])


def put(source, servers, peer):
    shutil.rmtree(os.path.join(servers.path(peer, "data"), "version-2"), ignore_errors=True)
    shutil.copytree(source, os.path.join(servers.path(peer, "data"), "version-2"))


def start_from(kind, source, keep, result):
    """What a start from this directory costs; the directory that it leaves goes to result."""
    with Alone(kind, keep) as server:
        put(source, server, 1)
        cpu, memory_kb = server.rise_slowly()
        figures = {what: server.said(what) for what in WORDS} | {"cpu_ms": 1000 * cpu, "memory_kb": memory_kb}
        server.end()
        if result is not None:
            shutil.copytree(os.path.join(server.path(1, "data"), "version-2"), result)
            for log in glob.glob(os.path.join(result, "log.*")):
                os.unlink(log)
        return figures


def send_to_learner(kind, source, keep):
    """Milliseconds by the learner's log, from the end of discovery until it serves: the SNAP, and its own snapshot.
    Peer 2 has the tree, so it leads; peer 1 has nothing."""
    with InMemory(kind, 2, keep) as peers:
        put(source, peers, 2)
        peers.wait([1, 2], peers.start([1, 2]), "starting with a snapshot", LIMIT_S)
        peers.logs[1].read()
        began = peers.logs[1].first("following - synchronization", 0)
        return peers.logs[1].serving(0) - began


def longest_write(kind, source, keep, probes, snap_count):
    """The longest of single writes, one after the other, in ms; a snapshot falls among them if snap_count is smaller."""
    with Alone(kind, keep, [f"snapCount={snap_count}"]) as server:
        put(source, server, 1)
        server.rise_slowly()
        return load(server, "set", probes, 1, 1)["longest_ms"]


def limits(snapshot):
    """Milliseconds for the snapshot's bytes alone: through write and fsync, through loopback, and from a file into memory that is
    taken for them."""
    with open(snapshot, "rb") as file:
        data = file.read()
    with tempfile.NamedTemporaryFile(dir=memory_directory()) as file:
        began = time.monotonic()
        for at in range(0, len(data), CHUNK):
            file.write(data[at:at + CHUNK])
        file.flush()
        os.fsync(file.fileno())
        written = time.monotonic() - began
    one, other = socket.socketpair()
    with one, other:
        began = time.monotonic()
        thread = threading.Thread(target=lambda: (one.sendall(data), one.shutdown(socket.SHUT_WR)))
        thread.start()
        while other.recv(CHUNK):
            pass
        thread.join()
        sent = time.monotonic() - began
    return {"bytes": len(data), "write_ms": 1000 * written, "loopback_ms": 1000 * sent,
            "load_ms": 1000 * read_into_memory(snapshot)}


def read_into_memory(path):
    """Seconds to read a file into fresh pages of 4 KiB, as a process has that takes its memory bit by bit."""
    size = os.path.getsize(path)
    with open(path, "rb", buffering=0) as file, mmap.mmap(-1, size) as memory, memoryview(memory) as view:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        began = time.monotonic()
        at = 0
        while at < size:
            at += file.readinto(view[at:at + CHUNK])
        return time.monotonic() - began


def one_round(kind, number, nodes, log, root, keep, progress):
    probes = min(max(nodes * 3 // 50, PROBES_MIN), PROBES_MAX)
    snapshots = os.path.join(root, f"snapshots-{kind}-{number}")
    progress(f"{kind}: the log is replayed")
    replay = start_from(kind, log, keep, snapshots)
    progress(f"{kind}: the snapshot is loaded")
    reload = start_from(kind, snapshots, keep, None)
    progress(f"{kind}: a learner gets it")
    figures = {"replay_ms": replay["replayed"], "replay_cpu_ms": replay["cpu_ms"], "memory_kb": replay["memory_kb"],
               "write_ms": replay["written"], "load_ms": reload["loaded"], "load_cpu_ms": reload["cpu_ms"],
               "snap_ms": send_to_learner(kind, snapshots, keep)}
    progress(f"{kind}: writes beside a snapshot")
    figures["longest_beside_ms"] = longest_write(kind, snapshots, keep, probes, probes // 3)
    figures["longest_alone_ms"] = longest_write(kind, snapshots, keep, probes, 100000000)
    return figures


def measure_nodes(nodes, kinds, runs, keep, progress):
    figures = {kind: [] for kind in kinds}
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="zkpeer-bench-nodes-", dir=memory_directory()))
        log = os.path.join(root, "log")
        progress(f"{nodes} nodes are created")
        with Alone("c", keep) as server:
            server.rise_slowly()
            load(server, "create", nodes, SESSIONS, WINDOW)
            server.end()
            shutil.copytree(os.path.join(server.path(1, "data"), "version-2"), log)
        for number in range(runs):
            for kind in kinds:
                figures[kind].append(one_round(kind, number, nodes, log, root, keep, progress))
        snapshot = max(glob.glob(os.path.join(root, f"snapshots-{kinds[0]}-0", "snapshot.*")), key=os.path.getsize)
        figures["limits"] = limits(snapshot)
    program = os.path.join(REPO, "build", "release", "scripts", "bench", "snapshot_locks")
    figures["locks"] = json.loads(subprocess.run([program, str(nodes)], text=True, stdout=subprocess.PIPE, check=True).stdout)
    return figures


def lines_of(figures, nodes):
    limit, locks = figures["limits"], figures["locks"]

    def row(name, what, limit_ms=None, goal="10"):
        values = {kind: statistics.median(run[what] for run in figures[kind]) for kind in ("c", "java") if kind in figures}
        cells = "".join(f"{values[kind]:10.0f}" if kind in values else f"{'':10}" for kind in ("c", "java"))
        ratio = f"{values['java'] / values['c']:10.1f}" if len(values) == 2 and values["c"] else f"{'':10}"
        return f"  {name:<54}{cells}{ratio}{'' if limit_ms is None else round(limit_ms):>10}   {goal}".rstrip()
    runs = len(figures.get("c", figures.get("java")))
    return [
        f"{nodes} nodes of {BYTES} bytes below {SESSIONS} parents, in memory's file system; medians of {runs}",
        f"{'':56}{'C':>10}{'Java':>10}    Java/C     limit   goal",
        row("the log replayed, ms", "replay_ms", limit["load_ms"]),
        row("the log replayed, a snapshot written: processor ms", "replay_cpu_ms"),
        row("the snapshot written, ms", "write_ms", limit["write_ms"]),
        row("the snapshot loaded, ms", "load_ms", limit["load_ms"]),
        row("the snapshot loaded, and written anew: processor ms", "load_cpu_ms"),
        row("sent as SNAP, until the learner has it and serves, ms", "snap_ms", limit["load_ms"] + limit["write_ms"]),
        row("resident memory, kB", "memory_kb", goal="3"),
        row("the longest of single writes beside a snapshot, ms", "longest_beside_ms", goal="C at most 20"),
        row("the longest of as many without one, ms", "longest_alone_ms", goal=""),
        f"  the limits are the same {limit['bytes'] / 1e6:.0f} MB through write and fsync, and from a file into fresh memory;",
        f"  a learner does both, and the socket before it takes {limit['loopback_ms']:.0f} ms",
        f"  the longest that C's snapshot holds the lock of a tree of {nodes} nodes, processor ms:",
        f"    all below one parent {locks['flat_us'] / 1000:.2f}, below a thousand {locks['deep_us'] / 1000:.2f};"
        f" it takes the lock {locks['deep_count']} times",
    ]
