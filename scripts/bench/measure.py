"""One ensemble from its start through a killed and a frozen leader, as a dictionary of figures."""

import signal
import statistics
import time

from ensemble import Ensemble, cpu_s, memory_and_threads, wall_ms

FINAL_WAIT_MS = 200  # what the protocol itself demands of an election
SETTLE_S = 0.5  # until the last stragglers have spoken, whose messages and processor time count, too


def limit_s(size):
    return 240 + 2 * size  # a busy machine is no reason to give up


def phases(ensemble, peers, leader, began):
    """From a fault to serving again. Whole milliseconds, as the logs have them."""
    logs = [ensemble.logs[peer] for peer in peers]
    decided = ensemble.logs[leader].decided(began)
    return {
        "noticed": max(log.left(began) for log in logs) - began,
        "decided": decided - began,
        "serves": ensemble.logs[leader].serving(began) - began,
        "all_serve": max(log.serving(began) for log in logs) - began,
        "own_words": statistics.median([ms for log in logs for ms in log.took_since(began)]),
    }


def heard(ensemble, peers, since):
    until = wall_ms()
    for peer in peers:
        ensemble.logs[peer].read()
    return sum(ensemble.logs[peer].heard_between(since, until) for peer in peers)


def measure_start(ensemble):
    """All start together. The figures and who leads."""
    began = ensemble.start(ensemble.ids)
    leader = ensemble.wait(ensemble.ids, began, "starting", limit_s(ensemble.size))
    used = [cpu_s(ensemble.pid(peer)) for peer in ensemble.ids]
    time.sleep(SETTLE_S)
    sizes = [memory_and_threads(ensemble.pid(peer)) for peer in ensemble.ids]
    return {
        "start": max(ensemble.logs[peer].serving(began) for peer in ensemble.ids) - began,
        "start_messages": heard(ensemble, ensemble.ids, began),
        "start_cpu": 1000 * statistics.mean(used),
        "memory": max(memory for memory, _ in sizes),
        "threads": max(threads for _, threads in sizes),
        "memory_all": sum(memory for memory, _ in sizes),
        "threads_all": sum(threads for _, threads in sizes),
    }, leader


def measure_idle(ensemble, seconds):
    before = [cpu_s(ensemble.pid(peer)) for peer in ensemble.ids]
    began = time.monotonic()
    time.sleep(seconds)
    used = sum(cpu_s(ensemble.pid(peer)) for peer in ensemble.ids) - sum(before)
    return {"idle_cpu": 100 * used / len(ensemble.ids) / (time.monotonic() - began)}


def measure_fault(ensemble, leader, number, name):
    """The leader is killed or frozen. The figures and who leads then."""
    rest = [peer for peer in ensemble.ids if peer != leader]
    before = sum(cpu_s(ensemble.pid(peer)) for peer in rest)
    began = ensemble.signal(leader, number)
    successor = ensemble.wait(rest, began, f"electing again after signal {number}", limit_s(ensemble.size))
    figures = phases(ensemble, rest, successor, began)
    time.sleep(SETTLE_S)
    figures["messages"] = heard(ensemble, rest, began)
    figures["cpu"] = 1000 * (sum(cpu_s(ensemble.pid(peer)) for peer in rest) - before) / len(rest)
    figures["beyond"] = figures["all_serve"] - figures["noticed"] - FINAL_WAIT_MS
    return {f"{name}_{key}": value for key, value in figures.items()}, successor


def bring_back(ensemble, peer):
    began = ensemble.start([peer])
    leader = ensemble.wait(ensemble.ids, 0, f"taking peer {peer} back", limit_s(ensemble.size))
    return {"rejoin": ensemble.logs[peer].serving(began) - began}, leader


def measure(kind, size, tick_ms, idle_s, keep):
    with Ensemble(kind, size, tick_ms, keep) as ensemble:
        figures, leader = measure_start(ensemble)
        figures |= measure_idle(ensemble, idle_s)
        more, successor = measure_fault(ensemble, leader, signal.SIGKILL, "kill")
        figures |= more
        more, successor = bring_back(ensemble, leader)
        figures |= more
        time.sleep(SETTLE_S)
        more, _ = measure_fault(ensemble, successor, signal.SIGSTOP, "freeze")
        return figures | more
