"""Ensembles of real processes: their directories, ports and processes, and what the kernel knows of them."""

import contextlib
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from logfile import LogFile

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PORT_BLOCK = 100  # of scripts/lib/lib.sh: a booked block is nobody else's
LOOK_S = 0.003  # between two looks at the logs; the peers notice nothing of it


class Failure(Exception):
    """What the bench cannot go on with; the text says it all."""


# ---- ports ----------------------------------------------------------------------------------------------------------


def registry():
    path = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/tmp"), f"zkpeer-ports-{os.geteuid()}")
    os.makedirs(path, exist_ok=True)
    return path


def is_free(base, count):
    with contextlib.ExitStack() as stack:
        for port in range(base, base + count):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def book_ports(blocks, owner):
    """The first port of some blocks in a row that nobody uses and nobody has booked."""
    for base in range(28000, 32700 - blocks * PORT_BLOCK, PORT_BLOCK):
        links = [os.path.join(registry(), str(base + i * PORT_BLOCK)) for i in range(blocks)]
        if any(os.path.lexists(link) for link in links) or not is_free(base, blocks * PORT_BLOCK):
            continue
        booked = []
        try:
            for link in links:
                os.symlink(owner, link)
                booked.append(link)
            return base, links
        except FileExistsError:
            release_ports(booked)
    raise Failure(f"no {blocks * PORT_BLOCK} free ports in a row from 28000 to 32700")


def release_ports(links):
    for link in links:
        with contextlib.suppress(OSError):
            os.unlink(link)


# ---- what the kernel knows of a process -----------------------------------------------------------------------------


def cpu_s(pid):
    """Seconds of processor time of all threads that a process has or had, to the nanosecond: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def switches(pid):
    """How often the threads that a process has now have left a processor, of their own will or not."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/status") as file:
            count += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return count


class SystemCalls:
    """Counts the system calls of processes by perf; count stays None where perf may not. A context."""

    def __init__(self, pids):
        self.pids, self.count = pids, None

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="zkpeer-bench-perf-")
        self.output = os.path.join(self.directory.name, "counts")
        self.control, self.answers = (os.path.join(self.directory.name, name) for name in ("control", "answers"))
        os.mkfifo(self.control)
        os.mkfifo(self.answers)
        words = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", ",".join(map(str, self.pids)),
                 "-D", "-1", "--control", f"fifo:{self.control},{self.answers}", "-o", self.output]
        self.process = None
        with contextlib.suppress(OSError):
            self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.control_fd, self.answers_fd = (os.open(name, os.O_RDWR) for name in (self.control, self.answers))
        self.works = self.tell("enable")
        return self

    def tell(self, word):
        """Whether perf has done it. One that may not count ends at once."""
        os.write(self.control_fd, word.encode() + b"\n")
        while self.process is not None and self.process.poll() is None:
            if select.select([self.answers_fd], [], [], 0.05)[0]:
                return os.read(self.answers_fd, 64).startswith(b"ack")
        return False

    def __exit__(self, kind, error, traceback):
        self.works = self.works and kind is None and self.tell("disable")
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        os.close(self.control_fd)
        os.close(self.answers_fd)
        with contextlib.suppress(OSError, ValueError), open(self.output) as file:
            lines = [line.split(",")[0] for line in file if "sys_enter" in line]
            self.count = int(lines[0]) if self.works and lines else None
        self.directory.cleanup()


def memory_and_threads(pid):
    """Resident kilobytes and threads."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["Threads"])


def read_number(path):
    try:
        with open(path) as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def why_too_many(size):
    """Why this machine cannot run so many C peers, in words; None: it can."""
    threads = size * (2 * size + 14)  # measured: two for each connection of the election, and learner handlers
    limits = [("threads of one user (ulimit -u)", resource.getrlimit(resource.RLIMIT_NPROC)[0]),
              ("process ids (/proc/sys/kernel/pid_max)", read_number("/proc/sys/kernel/pid_max")),
              ("threads of the system (/proc/sys/kernel/threads-max)", read_number("/proc/sys/kernel/threads-max")),
              ("tasks of this control group (pids.max)", read_number("/sys/fs/cgroup/pids.max"))]
    for what, most in limits:
        if most not in (None, resource.RLIM_INFINITY) and most < threads + 500:
            return f"{size} peers need about {threads} threads, but the limit of {what} is {most}"
    return None


# ---- ensembles ------------------------------------------------------------------------------------------------------


def srvr_mode(port):
    """"leader", "follower", "observer", or None while it does not serve."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as sock:
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
    """Peers 1..size of one kind, "c" or "java", each in its directory. A context: at its end nothing is left."""

    def __init__(self, kind, size, tick_ms, keep=False):
        self.kind, self.size, self.tick_ms, self.keep = kind, size, tick_ms, keep
        self.ids = range(1, size + 1)
        self.processes, self.logs, self.links = {}, {}, []

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix=f"zkpeer-bench-{self.kind}-")
        open(os.path.join(self.root, "cluster.json"), "w").close()  # makes the booking of the ports count
        try:
            blocks = -(-3 * (self.size + 1) // PORT_BLOCK)
            self.base, self.links = book_ports(blocks, self.root)
            for peer in self.ids:
                self.configure(peer)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, traceback):
        for process in self.processes.values():
            process.kill()  # also of a frozen one
        for process in self.processes.values():
            process.wait()
        release_ports(self.links)
        if not self.keep and self.root not in str(error):  # a failure that names it sends one to its logs
            shutil.rmtree(self.root, ignore_errors=True)

    def path(self, peer, name):
        return os.path.join(self.root, str(peer), name)

    def port(self, peer, what=0):
        """what: 0 clients, 1 quorum, 2 election."""
        return self.base + what * (self.size + 1) + peer

    def configure(self, peer):
        data = self.path(peer, "data")
        os.makedirs(data)
        with open(os.path.join(data, "myid"), "w") as file:
            file.write(f"{peer}\n")
        with open(self.path(peer, "zoo.cfg"), "w") as file:
            file.write(f"tickTime={self.tick_ms}\ninitLimit=10\nsyncLimit=5\ndataDir={data}\n"
                       f"clientPort={self.port(peer)}\nclientPortAddress=127.0.0.1\n"
                       "admin.enableServer=false\n4lw.commands.whitelist=*\n")
            for other in self.ids:
                file.write(f"server.{other}=127.0.0.1:{self.port(other, 1)}:{self.port(other, 2)}\n")
        self.logs[peer] = LogFile(self.path(peer, "log"))

    def command(self, peer):
        """The program itself, so that no shell is measured."""
        config = self.path(peer, "zoo.cfg")
        if self.kind == "c":
            return [os.environ.get("ZKPEER_BINARY", os.path.join(REPO, "build", "zkpeer")), config]
        printed = subprocess.run([os.path.join(REPO, "scripts", "java-node.sh"), "--print", config], text=True,
                                 stdout=subprocess.PIPE)
        if printed.returncode != 0:
            raise Failure("java-node.sh does not tell how to start a Java peer")
        return printed.stdout.splitlines()

    def start(self, peers):
        """Starts them together; the wall clock just before, in ms."""
        commands = {peer: self.command(peer) for peer in peers}
        began = wall_ms()
        for peer in peers:
            # A session of its own: Ctrl-C reaches the bench alone, which ends its peers. UTC: the stamps are in it.
            with open(self.path(peer, "log"), "ab") as log:
                self.processes[peer] = subprocess.Popen(
                    commands[peer], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.path(peer, ""),
                    start_new_session=True, env={**os.environ, "TZ": "UTC"})
        return began

    def signal(self, peer, number):
        """The wall clock just before, in ms."""
        began = wall_ms()
        self.processes[peer].send_signal(number)
        if number == signal.SIGKILL:
            self.processes[peer].wait()
        return began

    def pid(self, peer):
        return self.processes[peer].pid

    def wait(self, peers, since, what, limit_s):
        """Waits until all these serve under one leader, by the logs, then holds that against srvr. Who leads."""
        end = time.monotonic() + limit_s
        while not self.settled(peers, since):
            for peer in peers:
                if self.processes[peer].poll() is not None:
                    raise Failure(f"{self.kind} peer {peer} of {self.size} ended while {what}; {self.logs_are()}")
            if time.monotonic() > end:
                raise Failure(f"{self.kind}, {self.size} peers: {what} took more than {limit_s} s; {self.logs_are()}")
            time.sleep(LOOK_S)
        leaders = [peer for peer in peers if self.logs[peer].state == "leading - broadcast"]
        self.confirm(peers, leaders[0], end)
        return leaders[0]

    def settled(self, peers, since):
        states = []
        for peer in peers:
            self.logs[peer].read()
            if self.logs[peer].serving(since) is None:
                return False
            states.append(self.logs[peer].state)
        return states.count("leading - broadcast") == 1 and states.count("following - broadcast") == len(states) - 1

    def confirm(self, peers, leader, end):
        for peer in peers:
            wanted = "leader" if peer == leader else "follower"
            while (mode := srvr_mode(self.port(peer))) != wanted:
                if time.monotonic() > end:
                    raise Failure(f"{self.kind} peer {peer}: its log says {wanted}, srvr {mode}; {self.logs_are()}")
                time.sleep(LOOK_S)

    def logs_are(self):
        return f"its logs are in {self.root}"


def wall_ms():
    return time.time() * 1000
