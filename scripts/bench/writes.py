"""Writes: what they cost a follower of each kind beside the same leader, and how many a leader of each kind takes."""

import contextlib
import json
import os
import statistics
import subprocess
import time

from ensemble import REPO, Ensemble, Failure, SystemCalls, cpu_s, switches

SESSIONS, WINDOW, BYTES = 4, 250, 100
LIMIT_S = 600
PROGRAMS = os.path.join(REPO, "build", "release", "scripts", "bench")


class MixedEnsemble(Ensemble):
    """Peers 1, 2, 3 of these kinds. Peer 3 leads, for it starts with a peer of a smaller id, and the other one comes late.
    Peer 1 may also be "bare": bare_follower, which takes no part in the election."""

    def __init__(self, kinds, keep):
        super().__init__("mixed", len(kinds), 2000, keep)
        self.kinds = kinds

    def configure(self, peer):
        super().configure(peer)
        with open(self.path(peer, "zoo.cfg"), "a") as file:
            file.write("snapCount=100000000\n")  # chance would let one of them write a snapshot meanwhile

    def command(self, peer):
        self.kind = self.kinds[peer - 1]
        if self.kind == "bare":
            return [os.path.join(PROGRAMS, "bare_follower"), str(self.port(3, 1)), str(peer), self.path(peer, "bare.log")]
        command = super().command(peer)
        if self.kind == "java":
            # As zkServer.sh starts it: the options of java-node.sh are those of a quick start.
            command = [word for word in command if word not in ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")]
            command = ["-Xmx1000m" if word == "-Xmx128m" else word for word in command]
        return command

    def rise(self):
        bare = self.kinds[0] == "bare"
        first, late = ([2, 3], 1) if bare else ([1, 3], 2)
        self.wait(first, self.start(first), "starting", 120)
        self.start([late])
        if bare:
            self.wait_for_bare(late)
        elif self.wait([1, 2, 3], 0, "starting", 120) != 3:
            raise Failure("peer 3 was to lead, and does not; the machine is too busy")

    def wait_for_bare(self, peer):
        end = time.monotonic() + 120
        while os.path.getsize(self.path(peer, "log")) == 0:
            if self.processes[peer].poll() is not None or time.monotonic() > end:
                raise Failure(f"the bare follower does not follow; {self.logs_are()}")
            time.sleep(0.02)

    def load(self, peers, writes, counts_calls=False):
        """The load's figures, and what each peer spent on a write meanwhile: microseconds of processor time and switches of
        threads; or system calls instead of both, for to count them costs time."""
        servers = ",".join(f"127.0.0.1:{self.port(peer)}" for peer in peers)
        words = [os.path.join(PROGRAMS, "client_load"), servers, "writes", str(writes), str(SESSIONS), str(WINDOW), str(BYTES)]
        pids = [self.pid(peer) for peer in self.ids]
        with contextlib.ExitStack() as stack:
            calls = [stack.enter_context(SystemCalls([pid])) for pid in pids] if counts_calls else []
            before = [(cpu_s(pid), switches(pid)) for pid in pids]
            done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=LIMIT_S, check=False)
            after = [(cpu_s(pid), switches(pid)) for pid in pids]
        if done.returncode != 0:
            raise Failure(f"the clients' writes failed: {done.stderr[-500:]}; {self.logs_are()}")
        load = json.loads(done.stdout.splitlines()[-1])
        requests = load["requests"]
        if counts_calls:
            return load, {"calls": [call.count and call.count / requests for call in calls]}
        return load, {"cpu_us": [1e6 * (end[0] - start[0]) / requests for start, end in zip(before, after)],
                      "switches": [(end[1] - start[1]) / requests for start, end in zip(before, after)]}


def one_run(kinds, clients_at, writes, keep):
    """What each peer spent on a write, once warm."""
    with MixedEnsemble(kinds, keep) as ensemble:
        ensemble.rise()
        ensemble.load(clients_at, writes)  # Java compiles what is hot
        load, spent = ensemble.load(clients_at, writes)
        _, calls = ensemble.load(clients_at, max(writes // 4, 2 * SESSIONS * WINDOW), counts_calls=True)
        return {"writes": load["requests"], "rate": load["requests"] / load["seconds"], "longest_ms": load["longest_ms"],
                **spent, **calls}


def measure_writes(writes, runs, keep, progress):
    figures = {"followers": [], "bare": [], "c": [], "java": []}
    for i in range(runs):
        progress(f"writes, run {i + 1} of {runs}: followers")
        figures["followers"].append(one_run(["c", "java", "java"], [3], writes, keep))
        progress(f"writes, run {i + 1} of {runs}: the limit of a follower")
        figures["bare"].append(one_run(["bare", "java", "java"], [3], writes, keep))
        for kind in ("c", "java"):
            progress(f"writes, run {i + 1} of {runs}: a {kind} leader of two Java followers")
            figures[kind].append(one_run(["java", "java", kind], [1, 2], writes, keep))
    return figures


def middle_of(runs, what):
    values = [value for value in map(what, runs) if value is not None]
    return statistics.median(values) if values else None


def follower_lines(name, runs, peer):
    """Its three figures, each of a write."""
    cpu, switched, calls = (middle_of(runs, lambda run, key=key: run[key][peer]) for key in ("cpu_us", "switches", "calls"))
    return f"  {name:<26}{cpu:8.1f} us{switched:14.3f}" + (f"{calls:16.3f}" if calls is not None else f"{'-':>16}")


def lines_of(figures, writes):
    c, java, bare, java_beside_bare = (middle_of(figures[which], lambda run, peer=peer: run["cpu_us"][peer]) for which, peer in
                                       (("followers", 0), ("followers", 1), ("bare", 0), ("bare", 1)))
    rates, cpus, longest = ({kind: middle_of(figures[kind], what) for kind in ("c", "java")} for what in (
        lambda run: run["rate"], lambda run: run["cpu_us"][2], lambda run: run["longest_ms"]))
    return [
        f"{writes} writes of {BYTES} bytes, {SESSIONS} sessions with {WINDOW} on their way each; medians of {len(figures['c'])}",
        "",
        "followers of a Java leader, which the clients use; of each write",
        f"  {'':<26}{'processor time':>11}{'switches':>11}{'system calls':>16}",
        follower_lines("C follower", figures["followers"], 0),
        follower_lines("Java follower beside it", figures["followers"], 1) + f"   {java / c:.1f} times our time; the goal is 8",
        follower_lines("bare follower, the limit", figures["bare"], 0),
        follower_lines("Java follower beside it", figures["bare"], 1) + f"   {java_beside_bare / bare:.1f} times its time",
        "",
        "a leader of two Java followers, which the clients use",
        f"  {'C leader, writes a second':<40}{rates['c']:10.0f}",
        f"  {'Java leader, writes a second':<40}{rates['java']:10.0f}      the goal is ours being no less",
        f"  {'C leader, processor time of a write':<40}{cpus['c']:10.1f} us",
        f"  {'Java leader, processor time of a write':<40}{cpus['java']:10.1f} us",
        f"  {'C leader, longest write':<40}{longest['c']:10.1f} ms",
        f"  {'Java leader, longest write':<40}{longest['java']:10.1f} ms",
    ]
