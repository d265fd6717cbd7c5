"""How an election grows with the number of peers: real processes as far as the machine goes, then the simulator."""

import json
import os
import signal
import subprocess
import sys

from ensemble import REPO, Ensemble, Failure, why_too_many
from measure import measure_fault, measure_start

SIZES = [3, 5, 7, 9, 15, 21, 31, 41, 51]
SIMULATED = [3, 9, 21, 31, 51, 101]


def measure_growth(size, tick_ms, keep):
    with Ensemble("c", size, tick_ms, keep) as ensemble:
        figures, leader = measure_start(ensemble)
        more, _ = measure_fault(ensemble, leader, signal.SIGKILL, "kill")
        return figures | more


def real_rows(sizes, runs, tick_ms, keep):
    rows = []
    for size in sizes:
        if words := why_too_many(size):
            print(f"bench: left out: {words}", file=sys.stderr)
            continue
        results = [measure_growth(size, tick_ms, keep) for _ in range(runs)]
        rows.append({"peers": size, "simulated": False} | {key: [run[key] for run in results] for key in results[0]})
    return rows


def simulated_row(size):
    program = os.path.join(REPO, "build", "release", "scripts", "bench", "sim_growth")
    done = subprocess.run([program, str(size), "1"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure(f"the simulator, {size} peers: {done.stderr.strip()}")
    keys = ("start", "start_messages", "kill_all_serve", "kill_messages")
    figures = json.loads(done.stdout)
    return {"peers": size, "simulated": True} | {key: [figures[key]] for key in keys}


def simulated_rows(sizes):
    return [simulated_row(size) for size in sizes]
