"""The bench: our peers and Java's in turn, in the same minutes, on this machine. See scripts/bench.sh --help.

Every time is taken here, from outside: a process is started or killed, then srvr is asked on each client port every
2 ms until it answers what is waited for. The one exception is the final wait, which is read from our peers' trace."""

import argparse
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROTOCOL_MS = 200  # what the protocol itself demands: the final wait


def free_base_port():
    """A block of ports below the range of outgoing connections that nobody listens on."""
    for base in range(28000, 32000, 100):
        sockets = []
        try:
            for port in range(base + 1, base + 100):
                sock = socket.socket()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sockets.append(sock)
                sock.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for sock in sockets:
                sock.close()
    sys.exit("bench: no free block of ports")


def srvr_mode(port):
    """"leader", "follower", "observer", or None while it does not serve."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as sock:
            sock.settimeout(0.5)
            sock.sendall(b"srvr")
            answer = b""
            while chunk := sock.recv(4096):
                answer += chunk
    except OSError:
        return None
    for line in answer.decode("latin-1").splitlines():
        if line.startswith("Mode: "):
            return line[len("Mode: "):]
    return None


class Ensemble:
    """Peers 1..n of one kind, each in a directory of its own."""

    def __init__(self, kind, size, root, tick):
        self.kind, self.size = kind, size
        self.ids = range(1, size + 1)
        self.base = free_base_port()
        self.root = root
        self.processes = {}
        for peer in self.ids:
            data = os.path.join(root, str(peer), "data")
            os.makedirs(data)
            with open(os.path.join(data, "myid"), "w") as file:
                file.write(f"{peer}\n")
            with open(self.path(peer, "zoo.cfg"), "w") as file:
                file.write(f"tickTime={tick}\ninitLimit=10\nsyncLimit=5\ndataDir={data}\n"
                           f"clientPort={self.port(peer)}\nclientPortAddress=127.0.0.1\n"
                           "admin.enableServer=false\n4lw.commands.whitelist=*\n")
                for other in self.ids:
                    file.write(f"server.{other}=127.0.0.1:{self.base + 33 + other}:{self.base + 66 + other}\n")

    def path(self, peer, name):
        return os.path.join(self.root, str(peer), name)

    def port(self, peer):
        return self.base + peer

    def start(self, peer):
        script = "node.sh" if self.kind == "c" else "java-node.sh"
        if self.kind == "c":
            command = [os.path.join(REPO, "build", "zkpeer"), "--trace", self.path(peer, "trace"), self.path(peer, "zoo.cfg")]
        else:
            command = [os.path.join(REPO, "scripts", script), self.path(peer, "zoo.cfg")]
        with open(self.path(peer, "log"), "a") as log:
            self.processes[peer] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.path(peer, ""))

    def start_all(self):
        for peer in self.ids:
            self.start(peer)

    def wait(self, condition, what, limit_s=60):
        """Ask everybody until condition(modes) holds; the moment it did."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            modes = {peer: srvr_mode(self.port(peer)) for peer in self.ids if self.processes[peer].poll() is None}
            if condition(modes):
                return time.monotonic(), modes
            time.sleep(0.002)
        sys.exit(f"bench: {self.kind}: {what} took more than {limit_s} s; logs are in {self.root}")

    def wait_all_serve(self):
        return self.wait(lambda modes: all(modes.values()), "waiting until all serve")

    def wait_leader(self):
        return self.wait(lambda modes: "leader" in modes.values(), "waiting for a leader")

    def kill(self, peer):
        self.processes[peer].send_signal(signal.SIGKILL)
        moment = time.monotonic()
        self.processes[peer].wait()
        return moment

    def stop_all(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
        for process in self.processes.values():
            process.wait()


def leader_of(modes):
    return next(peer for peer, mode in modes.items() if mode == "leader")


def status_of(pid):
    """Resident kilobytes and threads of a process."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["Threads"])


def run_once(kind, size, tick, keep):
    """One ensemble: start, measure, kill the leader, measure. A dictionary of figures."""
    root = tempfile.mkdtemp(prefix=f"zkpeer-bench-{kind}-")
    ensemble = Ensemble(kind, size, root, tick)
    try:
        begin = time.monotonic()
        ensemble.start_all()
        moment, modes = ensemble.wait_all_serve()
        figures = {"start": (moment - begin) * 1000}
        time.sleep(1.0)
        memory, threads = zip(*(status_of(p.pid) for p in ensemble.processes.values()))
        figures["memory"], figures["threads"] = max(memory), max(threads)
        leader = leader_of(modes)
        killed = ensemble.kill(leader)
        moment, _ = ensemble.wait_leader()
        figures["failover"] = (moment - killed) * 1000
        figures["beyond"] = figures["failover"] - PROTOCOL_MS
        moment, _ = ensemble.wait_all_serve()
        figures["failover_all"] = (moment - killed) * 1000
        if kind == "c":
            figures["final_wait"] = [w for peer in ensemble.ids for w in final_waits(ensemble.path(peer, "trace"))]
        return figures
    finally:
        ensemble.stop_all()
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def final_waits(path):
    """Milliseconds from the last change of the tally to the change of state, for each decision that waited."""
    waits, tally, have = [], None, None
    with open(path) as file:
        for line in file:
            event = json.loads(line)
            if event["ev"] == "tally" and event["quorum"]:
                now = (event["leader"], tuple(sorted(event["have"])))
                if now != have:
                    tally, have = event["t"], now
            elif event["ev"] == "state":
                if tally is not None and event["s"] in ("LEADING", "FOLLOWING"):
                    waits.append((event["t"] - tally) / 1000)
                tally = have = None
    return [wait for wait in waits if wait >= PROTOCOL_MS - 10]  # who joins a settled ensemble does not wait


ROWS = [
    ("start", "start of the processes until all serve", "ms"),
    ("failover", "kill -9 of the leader until a new leader answers srvr", "ms"),
    ("beyond", "  of it beyond the 200 ms that the protocol demands", "ms"),
    ("failover_all", "kill -9 of the leader until all that are left serve", "ms"),
    ("memory", "resident memory of the largest peer", "kB"),
    ("threads", "threads of the busiest peer", ""),
]


def text(values, unit):
    return f"{statistics.median(values):9.1f} {unit:2} ({min(values):.1f} to {max(values):.1f})"


def report(results, args):
    kinds = [kind for kind in ("c", "java") if results.get(kind)]
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}; "
          f"{args.peers} peers, tickTime {args.tick} ms, {args.runs} runs of each kind in turn")
    print("figures: median (smallest to largest)\n")
    print(f"{'':55}" + "".join(f"{kind:36}" for kind in kinds) + ("c / java" if len(kinds) == 2 else ""))
    for key, label, unit in ROWS:
        columns = [[run[key] for run in results[kind]] for kind in kinds]
        line = f"{label:55}" + "".join(f"{text(column, unit):36}" for column in columns)
        if len(kinds) == 2:
            line += f"{statistics.median(columns[0]) / statistics.median(columns[1]):6.3f}"
        print(line)
    waits = [wait for run in results.get("c", []) for wait in run["final_wait"]]
    if waits:
        print(f"\n{'last effective vote to change of state (c, trace)':55}{text(waits, 'ms')} n={len(waits)}")


def main():
    parser = argparse.ArgumentParser(prog="bench.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="ensembles of each kind (default 10)")
    parser.add_argument("--peers", type=int, default=3, help="peers in each (default 3)")
    parser.add_argument("--tick", type=int, default=500, help="tickTime in ms (default 500)")
    parser.add_argument("--only", choices=["c", "java"], help="one kind alone")
    parser.add_argument("--json", metavar="FILE", help="also write every single figure there")
    parser.add_argument("--keep", action="store_true", help="keep the peers' directories")
    args = parser.parse_args()
    kinds = [args.only] if args.only else ["c", "java"]
    results = {kind: [] for kind in kinds}
    for _ in range(args.runs):
        for kind in kinds:
            results[kind].append(run_once(kind, args.peers, args.tick, args.keep))
    report(results, args)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)


main()
