"""The bench's arguments and what they set going. scripts/bench.sh tells what it does and calls it."""

import argparse
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile

import clients
import failover
import growth
import nodes
import svg
import table
from ensemble import REPO, Failure
from measure import measure
from writes import lines_of, measure_writes

TRACE_EVENTS, TRACE_RUNS = 20000, 5
PICTURE = os.path.join("scripts", "bench", "growth.svg")  # the one that README.md shows


# ---- arguments ------------------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    def error(self, message):
        print(f"bench.sh: {message} (try bench.sh --help)", file=sys.stderr)
        sys.exit(2)


def number(low, high):
    def convert(text):
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"a number from {low} to {high} is needed, not '{text}'")
        return int(text)
    return convert


def sizes(low, high):
    def convert(text):
        return [] if text == "none" and low == 2 else sorted({number(low, high)(part) for part in text.split(",")})
    return convert


def parse_arguments():
    parser = Parser(prog="bench.sh", add_help=False, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--trace-cost", action="store_true")
    parser.add_argument("--writes", nargs="?", type=number(1000, 10000000), const=100000)
    parser.add_argument("--clients", nargs="?", type=number(10000, 10000000), const=200000)
    parser.add_argument("--failover", action="store_true")
    parser.add_argument("--nodes", nargs="?", type=number(1000, 10000000), const=1000000)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--runs", type=number(1, 1000))
    parser.add_argument("--peers", type=sizes(3, 101))
    parser.add_argument("--simulated", type=sizes(2, 127))
    parser.add_argument("--only", choices=["c", "java"])
    parser.add_argument("--tick", type=number(50, 60000), default=500)
    parser.add_argument("--idle", type=number(1, 3600), default=2)
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    if args.growth and (args.quick or args.trace_cost or args.only == "java"):
        parser.error("--growth goes with neither --quick, --trace-cost nor --only java")
    if args.writes and (args.quick or args.growth or args.trace_cost or args.only or args.write):
        parser.error("--writes goes with --runs, --json and --keep alone")
    if args.clients and (args.quick or args.growth or args.trace_cost or args.writes or args.write):
        parser.error("--clients goes with --runs, --only, --full, --json, --svg and --keep alone")
    if args.failover and (args.quick or args.growth or args.trace_cost or args.writes or args.clients or args.write):
        parser.error("--failover goes with --runs, --only, --json and --keep alone")
    others = (args.quick, args.growth, args.trace_cost, args.writes, args.clients, args.failover, args.write)
    if args.nodes and any(others):
        parser.error("--nodes goes with --runs, --only, --json and --keep alone")
    if args.full and not args.clients:
        parser.error("--full goes with --clients")
    if not args.growth and (args.svg and not args.clients or args.simulated is not None):
        parser.error("--svg and --simulated go with --growth, --svg with --clients, too")
    if args.trace_cost and args.write:
        parser.error("--write goes with the table or with --growth")
    if args.growth:
        args.runs = args.runs or 3
        args.peers = args.peers or growth.SIZES
        args.simulated = growth.SIMULATED if args.simulated is None else args.simulated
        args.svg = args.svg or os.path.join(REPO, PICTURE if args.write else os.path.join("build", "growth.svg"))
    elif args.writes or args.clients:
        args.runs = args.runs or 3
        args.svg = args.svg or os.path.join(REPO, "build", "clients.svg")
    elif args.failover:
        args.runs = args.runs or failover.KILLS
    elif args.nodes:
        args.runs = args.runs or 1
    else:
        args.runs = args.runs or (3 if args.quick else 5)
        args.peers = args.peers or ([3] if args.quick else [3, 5, 7])
    return args


def command_line():
    """As it is to be typed for the same figures: where they go does not matter."""
    words = shlex.join(["scripts/bench.sh"] + [arg for arg in sys.argv[1:] if arg not in ("--write", "--keep")])
    return re.sub(r" --(json|svg)[ =]('[^']*'|\S+)", "", words)


# ---- what must be there ---------------------------------------------------------------------------------------------


def run(*command):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure(f"{shlex.join(command)} failed:\n{done.stdout.rstrip()}")
    return done.stdout


def build(target):
    """A program of the bench's own; build.sh has made the folder."""
    run("cmake", "--build", os.path.join(REPO, "build", "release"), "--target", target, "-j", str(os.cpu_count()))


def prepare(args):
    run(os.path.join(REPO, "scripts", "build.sh"))
    if args.growth and args.simulated:
        build("sim_growth")
    if args.clients:
        for program in ("client_load", "bare_server", "many_clients"):
            build(program)
        if args.only != "c":
            run(os.path.join(REPO, "scripts", "java-node.sh"), "--install")
    elif args.writes:
        for program in ("client_load", "bare_follower"):
            build(program)
        run(os.path.join(REPO, "scripts", "java-node.sh"), "--install")
    elif args.nodes:
        for program in ("client_load", "snapshot_locks"):
            build(program)
        if args.only != "c":
            run(os.path.join(REPO, "scripts", "java-node.sh"), "--install")
    elif args.failover:
        if args.only != "c":
            run(os.path.join(REPO, "scripts", "java-node.sh"), "--install")
    elif not args.growth:
        build("trace_cost")
        if args.only != "c" and not args.trace_cost:
            run(os.path.join(REPO, "scripts", "java-node.sh"), "--install")


def java_version():
    package = run("dpkg-query", "-W", "-f", "${Version}", "zookeeper")
    runtime = re.search(r'version "([^"]*)"', run("java", "-version"))
    return f"Java ZooKeeper {package} (Debian), Java {runtime.group(1) if runtime else 'of unknown version'}"


def progress(words):
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


# ---- what is measured -----------------------------------------------------------------------------------------------


def compare(args):
    kinds = [args.only] if args.only else ["c", "java"]
    results = {size: {kind: [] for kind in kinds} for size in args.peers}
    for i in range(args.runs):
        for size in args.peers:
            for kind in kinds:
                progress(f"run {i + 1} of {args.runs}: {size} {kind} peers")
                results[size][kind].append(measure(kind, size, args.tick, args.idle, args.keep))
    progress("")
    java = java_version() if "java" in kinds else ""
    return results, table.comparison(results, kinds, args.tick, args.runs, java)


def measure_trace():
    program = os.path.join(REPO, "build", "release", "scripts", "bench", "trace_cost")
    runs = []
    with tempfile.TemporaryDirectory(prefix="zkpeer-bench-trace-") as directory:
        for i in range(TRACE_RUNS):
            runs.append(json.loads(run(program, str(TRACE_EVENTS), os.path.join(directory, str(i)))))
    return {key: statistics.median(figures[key] for figures in runs) for key in runs[0]} | {"runs": TRACE_RUNS}


def grow(args):
    progress("growth, real peers")
    rows = growth.real_rows(args.peers, args.runs, args.tick, args.keep)
    progress("growth, simulated peers")
    rows += growth.simulated_rows(args.simulated)
    progress("")
    if not rows:
        raise Failure("none of these sizes can run here")
    with open(args.svg, "w") as file:
        file.write(svg.draw(rows, f"{command_line()}: medians of {table.runs_of(args.runs)}, tickTime {args.tick} ms"))
    return rows, table.growth(rows, args.tick, args.runs)


# ---- README.md and scripts/bench/README.md -------------------------------------------------------------------------------


def write_between(name, mark, lines):
    """Replaces what stands between the two marks of a document by a block of text."""
    path = os.path.join(REPO, name)
    with open(path) as file:
        old = file.read()
    block = "\n".join([f"<!-- {mark}:begin -->", "```text"] + lines + ["```", f"<!-- {mark}:end -->"])
    new, found = re.subn(f"<!-- {mark}:begin -->.*?<!-- {mark}:end -->", lambda _: block, old, flags=re.S)
    if found != 1:
        raise Failure(f"{name} does not have the marks of {mark} once")
    with open(path, "w") as file:
        file.write(new)


def write_comparison(results, lines, cost):
    write_between("scripts/bench/README.md", "bench", [f"$ {command_line()}"] + lines + [""] + cost)
    size = min(results)
    kinds = list(results[size])
    short = lines[:2] + [""] + table.extract(size, results[size], kinds, len(results[size][kinds[0]])) + [""] + cost[:1]
    write_between("README.md", "bench", [f"$ {command_line()}"] + short)


# ---- all of it ------------------------------------------------------------------------------------------------------


def work(args):
    prepare(args)
    if args.growth:
        figures, lines = grow(args)
        if args.write:
            write_between("scripts/bench/README.md", "growth", [f"$ {command_line()}"] + lines)
        lines += ["", f"the picture is {os.path.relpath(args.svg, REPO)}"]
    elif args.writes:
        figures = measure_writes(args.writes, args.runs, args.keep, progress)
        progress("")
        lines = lines_of(figures, args.writes)
    elif args.clients:
        kinds = [args.only] if args.only else ["c", "java"]
        figures = clients.measure_clients(args.clients, args.runs, kinds, args.full, args.keep, progress)
        deaths = failover.measure_failover(kinds, failover.KILLS, args.keep, progress)
        progress("")
        lines = clients.lines_of(figures, args.clients) + [""] + failover.lines_of(deaths)
        with open(args.svg, "w") as file:
            file.write(svg.draw_clients(clients.picture_of(figures), f"{command_line()}: medians of {table.runs_of(args.runs)}"))
        lines += ["", f"the picture is {os.path.relpath(args.svg, REPO)}"]
        figures["failover"] = deaths
    elif args.failover:
        figures = failover.measure_failover([args.only] if args.only else ["c", "java"], args.runs, args.keep, progress)
        progress("")
        lines = failover.lines_of(figures)
    elif args.nodes:
        figures = nodes.measure_nodes(args.nodes, [args.only] if args.only else ["c", "java"], args.runs, args.keep, progress)
        progress("")
        lines = nodes.lines_of(figures, args.nodes)
    elif args.trace_cost:
        figures = measure_trace()
        lines = table.trace_cost(figures)
    else:
        figures, lines = compare(args)
        cost = measure_trace()
        if args.write:
            write_comparison(figures, lines, table.trace_cost(cost))
        lines += [""] + table.trace_cost(cost)
        figures = {"ensembles": figures, "trace": cost}
    print("\n".join(lines))
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"command": command_line(), "figures": figures}, file, indent=1)
            file.write("\n")


def on_termination(number, frame):
    """Ctrl-C, or as good as that. A second one must not disturb the cleaning up."""
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    args = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_termination)
    try:
        work(args)
    except Failure as failure:
        print(f"bench.sh: {failure}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"bench.sh: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("bench.sh: interrupted; all peers are ended", file=sys.stderr)
        sys.exit(130)


main()
