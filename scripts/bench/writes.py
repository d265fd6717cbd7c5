"""Writes: what they cost a follower of each kind beside the same leader, and how many a leader of each kind takes."""

import json
import os
import statistics
import subprocess

from ensemble import REPO, Ensemble, Failure, cpu_s

SESSIONS, WINDOW, BYTES = 4, 250, 100
LIMIT_S = 600
LOAD = os.path.join("build", "release", "scripts", "bench", "client_load")


class MixedEnsemble(Ensemble):
    """Peers 1, 2, 3 of these kinds. Peer 3 leads, for it starts with peer 1, and peer 2 comes late."""

    def __init__(self, kinds, keep):
        super().__init__("mixed", len(kinds), 2000, keep)
        self.kinds = kinds

    def configure(self, peer):
        super().configure(peer)
        with open(self.path(peer, "zoo.cfg"), "a") as file:
            file.write("snapCount=100000000\n")  # chance would let one of them write a snapshot meanwhile

    def command(self, peer):
        self.kind = self.kinds[peer - 1]
        command = super().command(peer)
        if self.kind == "java":
            # As zkServer.sh starts it: the options of java-node.sh are those of a quick start.
            command = [word for word in command if word not in ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")]
            command = ["-Xmx1000m" if word == "-Xmx128m" else word for word in command]
        return command

    def rise(self):
        self.wait([1, 3], self.start([1, 3]), "starting", 120)
        if self.start([2]) and self.wait([1, 2, 3], 0, "starting", 120) != 3:
            raise Failure("peer 3 was to lead, and does not; the machine is too busy")

    def load(self, peers, writes):
        """The load's figures, and the seconds of processor time of each peer meanwhile."""
        servers = ",".join(f"127.0.0.1:{self.port(peer)}" for peer in peers)
        before = [cpu_s(self.pid(peer)) for peer in self.ids]
        words = [os.path.join(REPO, LOAD), servers, "writes", str(writes), str(SESSIONS), str(WINDOW), str(BYTES)]
        done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=LIMIT_S, check=False)
        if done.returncode != 0:
            raise Failure(f"the clients' writes failed: {done.stderr[-500:]}; {self.logs_are()}")
        cpu = [cpu_s(self.pid(peer)) - start for peer, start in zip(self.ids, before)]
        return json.loads(done.stdout.splitlines()[-1]), cpu


def one_run(kinds, clients_at, writes, keep):
    """kinds and what each peer spent on a write, in microseconds, once warm."""
    with MixedEnsemble(kinds, keep) as ensemble:
        ensemble.rise()
        ensemble.load(clients_at, writes)  # Java compiles what is hot
        load, cpu = ensemble.load(clients_at, writes)
        return {"writes": load["requests"], "rate": load["requests"] / load["seconds"], "longest_ms": load["longest_ms"],
                "cpu_us": [1e6 * seconds / load["requests"] for seconds in cpu]}


def measure_writes(writes, runs, keep, progress):
    figures = {"followers": [], "c": [], "java": []}
    for i in range(runs):
        progress(f"writes, run {i + 1} of {runs}: followers")
        figures["followers"].append(one_run(["c", "java", "java"], [3], writes, keep))
        for kind in ("c", "java"):
            progress(f"writes, run {i + 1} of {runs}: a {kind} leader of two Java followers")
            figures[kind].append(one_run(["java", "java", kind], [1, 2], writes, keep))
    return figures


def lines_of(figures, writes):
    def middle(which, what):
        return statistics.median(what(run) for run in figures[which])
    c = middle("followers", lambda run: run["cpu_us"][0])
    java = middle("followers", lambda run: run["cpu_us"][1])
    rates = {kind: middle(kind, lambda run: run["rate"]) for kind in ("c", "java")}
    cpus = {kind: middle(kind, lambda run: run["cpu_us"][2]) for kind in ("c", "java")}
    longest = {kind: middle(kind, lambda run: run["longest_ms"]) for kind in ("c", "java")}
    return [
        f"{writes} writes of {BYTES} bytes, {SESSIONS} sessions with {WINDOW} on their way each; medians of {len(figures['c'])}",
        "",
        "a C and a Java follower beside a Java leader, which the clients use: processor time of a write",
        f"  {'C follower':<40}{c:10.1f} us",
        f"  {'Java follower':<40}{java:10.1f} us   {java / c:.1f} times ours; the goal is 8",
        "",
        "a leader of two Java followers, which the clients use",
        f"  {'C leader, writes a second':<40}{rates['c']:10.0f}",
        f"  {'Java leader, writes a second':<40}{rates['java']:10.0f}      the goal is ours being no less",
        f"  {'C leader, processor time of a write':<40}{cpus['c']:10.1f} us",
        f"  {'Java leader, processor time of a write':<40}{cpus['java']:10.1f} us",
        f"  {'C leader, longest write':<40}{longest['c']:10.1f} ms",
        f"  {'Java leader, longest write':<40}{longest['java']:10.1f} ms",
    ]
