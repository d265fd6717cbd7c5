"""Clients: what their requests cost servers of each kind, and how far both are from a server that knows nothing."""

import json
import os
import statistics
import subprocess
import time

from ensemble import REPO, Ensemble, Failure, cpu_s, memory_and_threads, srvr_mode

PROGRAMS = os.path.join(REPO, "build", "release", "scripts", "bench")
LIMIT_S = 600
SESSIONS, WINDOW = 4, 250
# name, kind, bytes, share of the requests, sessions, window
LOADS = [
    ("pipelined get", "get", 100, 1.0, SESSIONS, WINDOW),
    ("pipelined create", "create", 100, 0.3, SESSIONS, WINDOW),
    ("pipelined set", "set", 1024, 0.3, SESSIONS, WINDOW),
    ("single get", "get", 100, 0.05, 1, 1),
    ("single create", "create", 100, 0.01, 1, 1),
]
GROWTH, GROWTH_FULL = [1, 10, 100, 1000], [10000]
IDLE, WATCHES = 10000, 1000000


class Servers(Ensemble):
    """One server alone, or three; for clients of all of them."""

    def __init__(self, kind, size, keep):
        super().__init__(kind, size, 2000, keep)

    def configure(self, peer):
        super().configure(peer)
        config = self.path(peer, "zoo.cfg")
        with open(config) as file:
            lines = file.read().splitlines()
        if self.size == 1:
            lines = [line for line in lines if not line.startswith("server.")]
        lines += ["snapCount=100000000", "maxClientCnxns=0"]
        with open(config, "w") as file:
            file.write("\n".join(lines) + "\n")

    def command(self, peer):
        command = super().command(peer)
        if self.kind == "java":
            # As zkServer.sh starts it: the options of java-node.sh are those of a quick start.
            command = [word for word in command if word not in ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")]
            command = ["-Xmx1000m" if word == "-Xmx128m" else word for word in command]
        return command

    def rise(self):
        began = self.start(self.ids)
        if self.size > 1:
            self.wait(self.ids, began, "starting", 120)
            return
        end = time.monotonic() + 60
        while srvr_mode(self.port(1)) != "standalone":
            if time.monotonic() > end or self.processes[1].poll() is not None:
                raise Failure(f"the {self.kind} server does not serve; {self.logs_are()}")
            time.sleep(0.02)

    def servers(self):
        return ",".join(f"127.0.0.1:{self.port(peer)}" for peer in self.ids)

    def pids(self):
        return [self.pid(peer) for peer in self.ids]


class Bare:
    """The limit: bare_server, with a log where writes are measured."""

    def __init__(self, size, bytes_each, root, port):
        log = [os.path.join(root, "bare.log")] if bytes_each < 0 else []
        self.process = subprocess.Popen([os.path.join(PROGRAMS, "bare_server"), str(port), str(abs(bytes_each)), *log])
        self.port = port
        del size

    def __enter__(self):
        time.sleep(0.2)
        return self

    def __exit__(self, kind, error, traceback):
        self.process.kill()
        self.process.wait()

    def servers(self):
        return f"127.0.0.1:{self.port}"

    def pids(self):
        return [self.process.pid]


def load(servers, kind, count, sessions, window, size):
    """What client_load says, and the processor time of the servers meanwhile, in microseconds a request."""
    words = [os.path.join(PROGRAMS, "client_load"), servers.servers(), kind, str(count), str(sessions), str(window), str(size)]
    with subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        try:
            client.stdout.readline()
            before = [cpu_s(pid) for pid in servers.pids()]
            client.stdin.write("\n")
            client.stdin.flush()
            line = client.stdout.readline()
            spent = [cpu_s(pid) - start for pid, start in zip(servers.pids(), before)]
            _, errors = client.communicate("\n", timeout=LIMIT_S)
        finally:
            client.kill()
    if client.returncode != 0 or not line:
        raise Failure(f"the clients' {kind} failed: {errors[-500:]}")
    figures = json.loads(line)
    return {"rate": figures["requests"] / figures["seconds"], "median_us": figures["median_us"],
            "p99_us": figures["p99_us"], "cpu_us": 1e6 * sum(spent) / figures["requests"]}


def all_loads(servers, requests, warm):
    figures = {}
    for name, kind, size, share, sessions, window in LOADS:
        count = max(int(requests * share), 4 * sessions * window)
        if warm and window > 1:
            load(servers, kind, count, sessions, window, size)  # Java compiles what is hot
        figures[name] = load(servers, kind, count, sessions, window, size)
    return figures


def growth(servers, requests, counts):
    return {count: load(servers, "get", max(requests // 2, 4 * count), count, max(1, 1000 // count), 100)
            for count in counts}


def many(servers, sessions, watches):
    """Resident kilobytes that so many sessions, or watches, add."""
    pid = servers.pids()[0]
    before = memory_and_threads(pid)[0]
    words = [os.path.join(PROGRAMS, "many_clients"), str(servers.port(1)), str(sessions), str(watches)]
    with subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        try:
            if client.stdout.readline() != "ready\n":
                raise Failure(f"{sessions} sessions with {watches} watches could not be opened; {servers.logs_are()}")
            return memory_and_threads(pid)[0] - before
        finally:
            client.kill()


def one_run(kind, size, requests, full, keep):
    figures = {}
    with Servers(kind, size, keep) as servers:
        servers.rise()
        figures["loads"] = all_loads(servers, requests, kind == "java")
        if size == 1:
            figures["growth"] = growth(servers, requests, GROWTH)
    if size == 1:
        with Servers(kind, size, keep) as servers:
            servers.rise()
            figures["rest_kb"] = memory_and_threads(servers.pid(1))[0]
            figures["idle_kb"] = many(servers, IDLE if full else IDLE // 10, 0)
            figures["watches_kb"] = many(servers, 100, WATCHES if full else WATCHES // 10)
    return figures


def limits(requests):
    figures = {}
    with Servers("c", 1, False) as place:  # for its directory and its ports
        for name, kind, size, share, sessions, window in LOADS:
            with Bare(1, size if kind == "get" else -size, place.root, place.port(1)) as bare:
                count = max(int(requests * share), 4 * sessions * window)
                figures[name] = load(bare, kind, count, sessions, window, size)
    return figures


def measure_clients(requests, runs, kinds, full, keep, progress):
    figures = {"limit": [], "full": full} | {f"{kind} {size}": [] for kind in kinds for size in (1, 3)}
    for i in range(runs):
        progress(f"clients, run {i + 1} of {runs}: the limit")
        figures["limit"].append(limits(requests))
        for size in (1, 3):
            for kind in kinds:
                progress(f"clients, run {i + 1} of {runs}: {size} {kind}")
                figures[f"{kind} {size}"].append(one_run(kind, size, requests, full, keep))
    return figures


# ---- the table ------------------------------------------------------------------------------------------------------


def middle(runs, *path):
    def at(run):
        for key in path:
            run = run[key]
        return run
    return statistics.median(at(run) for run in runs)


def row(name, c, java, limit, goal):
    def text(value):
        return f"{value:10.1f}" if value is not None else f"{'':10}"
    ratio = java / c if c and java else None
    return f"  {name:<42}{text(c)}{text(java)}{text(ratio)}{text(limit)}   {goal}"


def loads_of(figures, size):
    def value(kind, load_name, what):
        runs = figures.get(f"{kind} {size}")
        return middle(runs, "loads", load_name, what) if runs else None
    lines = [f"{size} server{'s' if size > 1 else ''}" + " " * 36 + "         C      Java    Java/C     limit   goal"]
    for name, _, size_bytes, *_ in LOADS:
        limit = {what: middle(figures["limit"], name, what) for what in ("rate", "median_us", "cpu_us")}
        title = f"{name}, {size_bytes} bytes"
        c, java = (value(kind, name, "cpu_us") for kind in ("c", "java"))
        goal = "Java/C 25" if "get" in name else "Java/C 15"
        if name.startswith("pipelined"):
            lines.append(row(f"{title}, processor us", c, java, limit["cpu_us"], goal))
            c, java = (value(kind, name, "rate") for kind in ("c", "java"))
            goal = "Java/C 0.25, half the limit" if "get" in name else "Java/C 0.33, 0.8 of the limit"
            lines.append(row(f"{title}, a second", c, java, limit["rate"], goal))
        else:
            c, java = (value(kind, name, "median_us") for kind in ("c", "java"))
            lines.append(row(f"{title}, median us", c, java, limit["median_us"], "Java/C 2" if "get" in name else "Java/C 1"))
    return lines


def lines_of(figures, requests):
    lines = [f"{requests} gets, fewer of the others; {SESSIONS} sessions with {WINDOW} on their way each; medians of "
             f"{len(figures['limit'])}; processor time is that of all servers",
             "limit: one epoll loop that answers the same messages and knows nothing; writes behind write and fdatasync", ""]
    for size in (1, 3):
        lines += loads_of(figures, size) + [""]
    kinds = [kind for kind in ("c", "java") if f"{kind} 1" in figures]
    lines.append("pipelined get, one server, by connections: " + "  ".join(f"{n:>9}" for n in figures[f"{kinds[0]} 1"][0]["growth"]))
    for kind in kinds:
        runs = figures[f"{kind} 1"]
        for what, title in (("rate", "a second"), ("cpu_us", "processor us")):
            lines.append(f"  {kind + ', ' + title:<41}" + "  ".join(
                f"{middle(runs, 'growth', n, what):9.1f}" for n in runs[0]["growth"]))
    full = figures["full"]
    sessions, watches = (IDLE, WATCHES) if full else (IDLE // 10, WATCHES // 10)
    for kind in kinds:
        runs = figures[f"{kind} 1"]
        lines += ["", f"  {kind}: at rest {middle(runs, 'rest_kb') / 1024:.1f} MB; {sessions} idle sessions "
                  f"{middle(runs, 'idle_kb') / 1024:.1f} MB more (goal: 20 for 10000); {watches} watches "
                  f"{middle(runs, 'watches_kb') * 1024 / watches:.0f} bytes each (goal: 150)"]
    return lines
