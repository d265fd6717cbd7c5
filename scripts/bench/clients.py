"""Clients: what their requests cost servers of each kind, and how far both are from a server that knows nothing."""

import contextlib
import json
import os
import statistics
import subprocess
import time

from ensemble import REPO, Ensemble, Failure, SystemCalls, cpu_s, memory_and_threads, srvr_mode, switches

PROGRAMS = os.path.join(REPO, "build", "release", "scripts", "bench")
LIMIT_S = 600
SESSIONS, WINDOW = 4, 250
# name, kind, bytes, share of the requests, sessions, window, whether the library looks its servers up all the time: as it
# comes it does, and then it is busy with that and not with the servers
LOADS = [
    ("pipelined get", "get", 100, 1.0, SESSIONS, WINDOW, True),
    ("pipelined create", "create", 100, 0.3, SESSIONS, WINDOW, True),
    ("pipelined set", "set", 1024, 0.3, SESSIONS, WINDOW, True),
    ("dense get", "get", 100, 1.0, SESSIONS, WINDOW, False),
    ("dense create", "create", 100, 0.5, SESSIONS, WINDOW, False),
    ("dense set", "set", 1024, 0.5, SESSIONS, WINDOW, False),
    ("single get", "get", 100, 0.05, 1, 1, False),
    ("single create", "create", 100, 0.01, 1, 1, False),
]
GROWN = 4  # of LOADS, over servers
GROWTH, GROWTH_FULL = [1, 10, 100, 1000], [1, 10, 100, 1000, 10000]
ACTIVE = 1000  # of more connections than that, the others are idle
SIZES = [1, 3, 5, 7]  # of ensembles
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


def load(servers, kind, count, sessions, window, size, looks_up=False, counts_calls=False):
    """What client_load says, and what it has cost all servers meanwhile, for each request: microseconds of processor
    time and switches of threads; or system calls instead of both, for to count them costs time."""
    words = [os.path.join(PROGRAMS, "client_load"), servers.servers(), kind, str(count), str(sessions), str(window), str(size)]
    words += ["look-ups"] if looks_up else []
    pids = servers.pids()
    with subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        try:
            client.stdout.readline()
            with SystemCalls(pids) if counts_calls else contextlib.nullcontext() as calls:
                before = [(cpu_s(pid), switches(pid)) for pid in pids]
                client.stdin.write("\n")
                client.stdin.flush()
                line = client.stdout.readline()
                after = [(cpu_s(pid), switches(pid)) for pid in pids]
            _, errors = client.communicate("\n", timeout=LIMIT_S)
        finally:
            client.kill()
    if client.returncode != 0 or not line:
        raise Failure(f"the clients' {kind} failed: {errors[-500:]}")
    figures = json.loads(line)
    requests = figures["requests"]
    if counts_calls:
        return {"calls": None if calls.count is None else calls.count / requests}
    cpu, switched = (sum(end[i] - start[i] for start, end in zip(before, after)) for i in (0, 1))
    return {"rate": requests / figures["seconds"], "median_us": figures["median_us"], "p99_us": figures["p99_us"],
            "cpu_us": 1e6 * cpu / requests, "switches": switched / requests}


def whole_load(servers, kind, count, sessions, window, size, looks_up):
    fewer = max(count // 2, 2 * sessions * window)
    return load(servers, kind, count, sessions, window, size, looks_up) | load(
        servers, kind, fewer, sessions, window, size, looks_up, counts_calls=True)


def all_loads(servers, requests, warm):
    figures = {}
    for name, kind, size, share, sessions, window, looks_up in LOADS:
        count = max(int(requests * share), 4 * sessions * window)
        if warm and window > 1:
            load(servers, kind, count, sessions, window, size, looks_up)  # Java compiles what is hot
        figures[name] = whole_load(servers, kind, count, sessions, window, size, looks_up)
    return figures


def growth(servers, requests, counts):
    figures = {}
    for count in counts:
        active = min(count, ACTIVE)
        with idle_clients(servers, count - active, 0):
            figures[count] = load(servers, "get", max(requests // 2, 4 * active), active, max(1, 1000 // active), 100)
    return figures


@contextlib.contextmanager
def idle_clients(servers, sessions, watches):
    if sessions == 0:
        yield
        return
    words = [os.path.join(PROGRAMS, "many_clients"), str(servers.port(1)), str(sessions), str(watches)]
    with subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        try:
            if client.stdout.readline() != "ready\n":
                raise Failure(f"{sessions} sessions with {watches} watches could not be opened; {servers.logs_are()}")
            yield
        finally:
            client.kill()


def many(servers, sessions, watches):
    """Resident kilobytes that so many sessions, or watches, add."""
    pid = servers.pids()[0]
    before = memory_and_threads(pid)[0]
    with idle_clients(servers, sessions, watches):
        return memory_and_threads(pid)[0] - before


def grown_writes(servers, requests, warm):
    """Creates alone, for ensembles of more servers."""
    name, kind, size, share, sessions, window, looks_up = LOADS[GROWN]
    count = max(int(requests * share), 4 * sessions * window)
    if warm:
        load(servers, kind, count, sessions, window, size, looks_up)
    return {name: load(servers, kind, count, sessions, window, size, looks_up)}


def one_run(kind, size, requests, full, keep):
    figures = {}
    with Servers(kind, size, keep) as servers:
        servers.rise()
        warm = kind == "java"
        figures["loads"] = (all_loads if size in (1, 3) else grown_writes)(servers, requests, warm)
        if size == 1:
            figures["growth"] = growth(servers, requests, GROWTH_FULL if full else GROWTH)
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
        for name, kind, size, share, sessions, window, looks_up in LOADS:
            with Bare(1, size if kind == "get" else -size, place.root, place.port(1)) as bare:
                count = max(int(requests * share), 4 * sessions * window)
                figures[name] = whole_load(bare, kind, count, sessions, window, size, looks_up)
    return figures


def measure_clients(requests, runs, kinds, full, keep, progress):
    figures = {"limit": [], "full": full} | {f"{kind} {size}": [] for kind in kinds for size in SIZES}
    for i in range(runs):
        progress(f"clients, run {i + 1} of {runs}: the limit")
        figures["limit"].append(limits(requests))
        for size in SIZES:
            for kind in kinds:
                progress(f"clients, run {i + 1} of {runs}: {size} {kind}")
                figures[f"{kind} {size}"].append(one_run(kind, size, requests, full, keep))
    return figures


# ---- the table ------------------------------------------------------------------------------------------------------


def middle(runs, *path):
    """The median; None where it was not counted."""
    def at(run):
        for key in path:
            run = run[key]
        return run
    values = [at(run) for run in runs]
    return None if None in values else statistics.median(values)


def row(name, c, java, limit, goal, digits=1):
    def text(value, digits=digits):
        return f"{value:10.{digits}f}" if value is not None else f"{'':10}"
    java_by_c = java / c if c and java else None
    c_by_limit = c / limit if c and limit else None
    return f"  {name:<42}{text(c)}{text(java)}{text(java_by_c, 1)}{text(limit)}{text(c_by_limit, 1)}   {goal}".rstrip()


def loads_of(figures, size):
    def values(load_name, what):
        return [middle(figures[f"{kind} {size}"], "loads", load_name, what) if f"{kind} {size}" in figures else None
                for kind in ("c", "java")] + [middle(figures["limit"], load_name, what)]
    lines = [f"{size} server{'s' if size > 1 else ''}".ljust(44) + "         C      Java    Java/C     limit   C/limit   goal"]
    for name, _, size_bytes, *_ in LOADS:
        title, is_get = f"{name}, {size_bytes} bytes", "get" in name
        if not name.startswith("single"):
            lines.append(row(f"{title}, processor us", *values(name, "cpu_us"), f"Java/C {25 if is_get else 15}"))
            lines.append(row(f"{title}, a second", *values(name, "rate"),
                             "Java/C 0.25, C/limit 0.5" if is_get else "Java/C 0.33, C/limit 0.8"))
        else:
            lines.append(row(f"{title}, median us", *values(name, "median_us"), "Java/C 2" if is_get else "Java/C 1"))
        lines.append(row(f"{title}, switches", *values(name, "switches"), "", 3))
        lines.append(row(f"{title}, system calls", *values(name, "calls"), "", 3))
    return lines


def reachable(figures):
    """What a server that knows nothing gains over Java here, if it lets as many requests gather as ours does."""
    names = [name for name, *_ in LOADS if not name.startswith("single")]
    if "java 1" not in figures:
        return []
    ratios = [f"{name} {middle(figures['java 1'], 'loads', name, 'cpu_us') / middle(figures['limit'], name, 'cpu_us'):.1f}"
              for name in names]
    return [f"reachable on this machine, as Java/limit of the processor time on one server: {', '.join(ratios)}; beyond that "
            "clients would have to wait longer for their answers", ""]


def lines_of(figures, requests):
    lines = [f"{requests} gets, fewer of the others; {SESSIONS} sessions with {WINDOW} on their way each; medians of "
             f"{len(figures['limit'])}; processor time is that of all servers",
             "pipelined: the library as it comes, which looks up its servers' addresses all the time and does little else; all others: "
             "it does not, so that it leaves the servers time",
             "limit: one epoll loop that answers the same messages, lets them gather, and knows nothing; writes behind write and fdatasync",
             "switches of threads and system calls are counts for each request, all servers together; on a machine that others "
             "use, too, they hold where times do not (system calls: only where perf may count them)", ""]
    for size in (1, 3):
        lines += loads_of(figures, size) + [""]
    lines += reachable(figures)
    kinds = [kind for kind in ("c", "java") if f"{kind} 1" in figures]
    lines.append("dense get, one server, by connections:".ljust(43) + "  ".join(f"{n:>9}" for n in figures[f"{kinds[0]} 1"][0]["growth"]))
    for kind in kinds:
        runs = figures[f"{kind} 1"]
        for what, title in (("rate", "a second"), ("cpu_us", "processor us")):
            lines.append(f"  {kind + ', ' + title:<41}" + "  ".join(
                f"{middle(runs, 'growth', n, what):9.1f}" for n in runs[0]["growth"]))
    lines += ["", f"{LOADS[GROWN][0]} of 100 bytes, all servers, by servers:".ljust(55) + "  ".join(f"{n:>9}" for n in SIZES)]
    for kind in kinds:
        for what, title, digits in (("cpu_us", "processor us", 1), ("switches", "switches", 3)):
            lines.append(f"  {kind + ', ' + title:<52}" + "  ".join(
                f"{middle(figures[f'{kind} {n}'], 'loads', LOADS[GROWN][0], what):9.{digits}f}" for n in SIZES))
    full = figures["full"]
    sessions, watches = (IDLE, WATCHES) if full else (IDLE // 10, WATCHES // 10)
    for kind in kinds:
        runs = figures[f"{kind} 1"]
        lines += ["", f"  {kind}: at rest {middle(runs, 'rest_kb') / 1024:.1f} MB; {sessions} idle sessions "
                  f"{middle(runs, 'idle_kb') / 1024:.1f} MB more (goal: 20 for 10000); {watches} watches "
                  f"{middle(runs, 'watches_kb') * 1024 / watches:.0f} bytes each (goal: 150)"]
    return lines


def picture_of(figures):
    """What svg.draw_clients draws: for each panel the points of each kind."""
    kinds = [kind for kind in ("c", "java") if f"{kind} 1" in figures]

    def by_connections(kind, what):
        runs = figures[f"{kind} 1"]
        return [(n, middle(runs, "growth", n, what)) for n in runs[0]["growth"]]

    def by_servers(kind, what):
        return [(n, middle(figures[f"{kind} {n}"], "loads", LOADS[GROWN][0], what)) for n in SIZES]
    return [{kind: points(kind, what) for kind in kinds} for points, what in (
        (by_connections, "cpu_us"), (by_connections, "switches"), (by_servers, "cpu_us"), (by_servers, "switches"))]
