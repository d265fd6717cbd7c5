"""scripts/bench.sh in its smallest forms, on C peers alone: does it measure, and can the figures be true?"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

import runner

import clients
import svg
from ensemble import REPO, SystemCalls, switches
from table import ROWS

BENCH = os.path.join(REPO, "scripts", "bench.sh")
WORK_DIRECTORY = tempfile.TemporaryDirectory(prefix="zkpeer-test-bench-")
WORK = WORK_DIRECTORY.name


def start_bench(*arguments, own_session=False):
    """The bench with all of its files below WORK."""
    return subprocess.Popen([BENCH, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": WORK, "XDG_RUNTIME_DIR": WORK},
                            start_new_session=own_session, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def bench(*arguments):
    with start_bench(*arguments) as running:
        out, err = running.communicate()
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)


def processes_of_the_bench():
    """The peers that it has started: their configurations are below WORK."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read()
        except OSError:
            continue  # it has ended meanwhile
        if f"{WORK}/zkpeer-bench-".encode() in words:
            found.append(pid)
    return found


def assert_nothing_left():
    booked = os.path.join(WORK, f"zkpeer-ports-{os.geteuid()}")
    assert not os.path.isdir(booked) or os.listdir(booked) == [], os.listdir(booked)
    assert not [name for name in os.listdir(WORK) if name.startswith("zkpeer-bench")], os.listdir(WORK)
    assert not processes_of_the_bench(), f"these processes are left: {processes_of_the_bench()}"


def test_three_peers_are_measured_and_the_table_has_all_rows():
    options = ["--runs", "1", "--peers", "3", "--only", "c", "--idle", "1"]
    done = bench(*options, "--json", os.path.join(WORK, "table.json"))
    assert done.returncode == 0, done.stderr
    for _, label, _, _ in ROWS:
        assert f" {label}" in done.stdout, f"no row '{label}' in\n{done.stdout}"
    assert_nothing_left()


def test_their_figures_can_be_true():
    with open(os.path.join(WORK, "table.json")) as file:
        written = json.load(file)
    figures = written["figures"]["ensembles"]["3"]["c"][0]
    assert written["command"] == "scripts/bench.sh --runs 1 --peers 3 --only c --idle 1", written["command"]
    assert figures["start"] >= 200, figures  # the final wait
    for fault, soonest in (("kill", -1), ("freeze", 1000)):  # 5 times 500 ms, less the time since the last ping
        noticed, decided, serves, all_serve = (figures[f"{fault}_{key}"] for key in
                                               ("noticed", "decided", "serves", "all_serve"))
        assert soonest <= noticed <= decided - 199 and decided <= serves <= all_serve, (fault, figures)
        assert figures[f"{fault}_messages"] >= 2, figures  # each of two has heard the other
        assert 0 < figures[f"{fault}_cpu"] < 1000, figures
    assert figures["threads"] >= 12 and 1000 < figures["memory"] < 20000, figures
    assert 0 <= figures["idle_cpu"] < 20, figures


def test_an_event_of_the_trace_costs_at_most_5_us_and_next_to_nothing_if_it_is_off():
    with open(os.path.join(WORK, "table.json")) as file:
        trace = json.load(file)["figures"]["trace"]
    on = [ns for key, ns in trace.items() if key.endswith("_ns") and key != "off_ns"]
    assert len(on) == 5 and 100 < min(on) and max(on) <= 5000, trace
    assert trace["off_ns"] < 20, trace


def test_a_write_is_acknowledged_after_the_leaders_death_and_the_time_goes_into_the_election():
    done = bench("--failover", "--runs", "2", "--only", "c", "--json", os.path.join(WORK, "failover.json"))
    assert done.returncode == 0, done.stderr
    assert "kill to next acknowledged write, ms: c " in done.stdout, done.stdout
    with open(os.path.join(WORK, "failover.json")) as file:
        for figures in json.load(file)["figures"]["c"]:
            assert 199 <= figures["decided"] <= min(figures["follower"], figures["leader"]) + 1, figures  # the final wait
    assert_nothing_left()


def test_a_tree_is_replayed_written_loaded_and_sent():
    done = bench("--nodes=3000", "--only", "c", "--json", os.path.join(WORK, "nodes.json"))
    assert done.returncode == 0, done.stderr
    with open(os.path.join(WORK, "nodes.json")) as file:
        figures = json.load(file)["figures"]
    assert all(value is not None and value >= 0 for value in figures["c"][0].values()), figures
    assert figures["limits"]["bytes"] > 3000 * 100, figures
    assert 0 < figures["locks"]["deep_us"] and figures["locks"]["deep_count"] >= 3000, figures
    assert_nothing_left()


def test_growth_is_drawn_from_real_and_simulated_peers():
    picture = os.path.join(WORK, "growth.svg")
    done = bench("--growth", "--runs", "1", "--peers", "3", "--simulated", "5", "--svg", picture)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines if line and line[0] in ("3", "5*")] == ["3", "5*"], done.stdout
    assert xml.dom.minidom.parse(picture).documentElement.tagName == "svg"
    assert_nothing_left()


def test_what_clients_cost_is_drawn_over_connections_and_servers():
    load = {"cpu_us": 5.0, "switches": 0.1, "rate": 1000.0}
    figures = {f"c {size}": [{"loads": {clients.LOADS[clients.GROWN][0]: load}, "growth": {n: load for n in (1, 10, 10000)}}]
               for size in clients.SIZES}
    picture = xml.dom.minidom.parseString(svg.draw_clients(clients.picture_of(figures), "words"))
    marks = picture.getElementsByTagName("circle")
    assert len(marks) == 1 + 2 * 3 + 2 * len(clients.SIZES), picture.toxml()


def test_switches_and_system_calls_of_a_process_are_counted():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
        before = switches(cat.pid)
        with SystemCalls([cat.pid]) as calls:
            for _ in range(100):  # it reads, writes, and waits
                cat.stdin.write(b"x")
                cat.stdin.flush()
                assert cat.stdout.read(1) == b"x"
        assert switches(cat.pid) > before, before
        # It was in its first read before, and may not be in the last one yet. None: perf may not count here.
        assert calls.count is None or calls.count >= 199, calls.count
        cat.stdin.close()


def test_ctrl_c_in_the_middle_leaves_nothing():
    options = ["--growth", "--runs", "50", "--peers", "3", "--simulated", "none"]
    with start_bench(*options, "--svg", os.path.join(WORK, "no.svg"), own_session=True) as running:
        while not processes_of_the_bench():
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        _, err = running.communicate()
    assert running.returncode == 130 and "interrupted" in err, (running.returncode, err)
    assert_nothing_left()


def test_nonsense_is_refused_in_one_line():
    for arguments in (["--peers", "2"], ["--peers", "3,x"], ["--runs", "0"], ["--only", "perl"], ["--whatever"],
                      ["--growth", "--only", "java"], ["--full"], ["--failover", "--quick"], ["--nodes", "--quick"],
                      ["--clients", "--quick"], ["--svg", "x"], ["--trace-cost", "--write"], ["--tick"], ["x"]):
        done = bench(*arguments)
        assert done.returncode == 2 and done.stdout == "", (arguments, done)
        assert done.stderr.count("\n") == 1 and "(try bench.sh --help)" in done.stderr, (arguments, done.stderr)


sys.exit(runner.run("bench", globals()))
