"""The bench's figures as text: medians, spread and ratios."""

import os
import platform
import statistics

# key, words, unit, digits; None starts a group
ROWS = [
    (None, "all start together", "", 0),
    ("start", "until all serve", "ms", 0),
    ("start_messages", "notifications heard from others, by all", "", 0),
    ("start_cpu", "processor time of a peer until all serve", "ms", 1),
    (None, "the leader is killed (SIGKILL)", "", 0),
    ("kill_noticed", "until the last of the others has noticed", "ms", 0),
    ("kill_decided", "until a new leader is elected", "ms", 0),
    ("kill_serves", "until it serves", "ms", 0),
    ("kill_all_serve", "until all that are left serve", "ms", 0),
    ("kill_beyond", "  of it beyond noticing and the 200 ms", "ms", 0),
    ("kill_own_words", "the election in the peers' own words", "ms", 0),
    ("kill_messages", "notifications heard from others, by all", "", 0),
    ("kill_cpu", "processor time of a peer, with 0.5 s at rest", "ms", 1),
    ("rejoin", "the killed one comes back: until it serves", "ms", 0),
    (None, "the leader is frozen (SIGSTOP)", "", 0),
    ("freeze_noticed", "until the last of the others has noticed", "ms", 0),
    ("freeze_decided", "until a new leader is elected", "ms", 0),
    ("freeze_serves", "until it serves", "ms", 0),
    ("freeze_all_serve", "until all that are left serve", "ms", 0),
    ("freeze_beyond", "  of it beyond noticing and the 200 ms", "ms", 0),
    ("freeze_messages", "notifications heard from others, by all", "", 0),
    (None, "at rest", "", 0),
    ("memory", "resident memory of the largest peer", "kB", 0),
    ("threads", "threads of the busiest peer", "", 0),
    ("idle_cpu", "processor of a peer, percent of one", "%", 3),
]
LABEL, COLUMN = 48, 31

EXTRACT = [  # key, words, unit
    ("start", "all start together: until all serve", "ms"),
    ("kill_all_serve", "the leader is killed: until the others serve", "ms"),
    ("kill_beyond", "  of it beyond noticing and the 200 ms", "ms"),
    ("memory", "resident memory of the largest peer", "kB"),
    ("threads", "threads of the busiest peer", ""),
]
EXTRACT_COLUMN = 14

GROWTH_COLUMNS = [  # key, two lines of heading
    ("start", "start until", "all serve, ms"),
    ("start_messages", "notifications", "heard by all"),
    ("kill_decided", "killed: until", "elected, ms"),
    ("kill_all_serve", "until all", "serve, ms"),
    ("kill_messages", "notifications", "heard by all"),
    ("memory", "memory of the", "largest, kB"),
    ("threads", "threads of", "the busiest"),
    ("threads_all", "threads", "of all"),
]


def number(value, digits):
    return f"{value:.{digits}f}"


def spread(values, unit, digits):
    middle = number(statistics.median(values), digits)
    ends = f"({number(min(values), digits)} to {number(max(values), digits)})"
    return f"{middle:>8} {unit:2} {ends}"


def ratio(ours, theirs):
    """To three digits; nothing if theirs is next to nothing, because a ratio to noise says nothing."""
    theirs = statistics.median(theirs)
    return f"{statistics.median(ours) / theirs:.3g}" if theirs > 1e-3 else "-"


def runs_of(count):
    return "1 run" if count == 1 else f"{count} runs"


def machine(tick_ms):
    return (f"machine: {platform.machine()}, {os.cpu_count()} processors, Linux {platform.release().split('-')[0]}; "
            f"tickTime {tick_ms} ms, initLimit 10, syncLimit 5")


def section(size, results, kinds):
    """The lines of one size. results: a list of dictionaries for each kind."""
    lines = [f"{size} peers"]
    for key, label, unit, digits in ROWS:
        if key is None:
            lines.append(f"  {label}")
            continue
        columns = [[run[key] for run in results[kind]] for kind in kinds]
        line = f"    {label:{LABEL - 4}}" + "".join(f"{spread(column, unit, digits):{COLUMN}}" for column in columns)
        if len(kinds) == 2:
            line += f"{ratio(*columns):>8}"
        lines.append(line.rstrip())
    return lines


def head(kinds):
    line = " " * LABEL + "".join(f"{f'{kind:>8}':{COLUMN}}" for kind in kinds)
    return (line + ("c / java" if len(kinds) == 2 else "")).rstrip()


def comparison(results, kinds, tick_ms, runs, java):
    """The table. results: by size, then by kind."""
    versions = ["c: this zkpeer"] * ("c" in kinds) + [f"java: {java}"] * ("java" in kinds)
    lines = [machine(tick_ms), "; ".join(versions),
             f"median (smallest to largest) of {runs_of(runs)}, the kinds in turn; times by the logs, in whole ms",
             "", head(kinds)]
    for size in results:
        lines += section(size, results[size], kinds) + [""]
    return lines[:-1]


def extract(size, results, kinds, runs):
    """What README.md shows of one size: medians alone. results: a list of dictionaries for each kind."""
    title = f"{size} peers, " + (f"medians of {runs_of(runs)}" if runs > 1 else runs_of(runs))
    lines = [f"{title:{LABEL}}" + "".join(f"{kind:>{EXTRACT_COLUMN - 3}}   " for kind in kinds)]
    for key, label, unit in EXTRACT:
        cells = [number(statistics.median(run[key] for run in results[kind]), 0) for kind in kinds]
        lines.append(f"  {label:{LABEL - 2}}" + "".join(f"{cell:>{EXTRACT_COLUMN - 3}} {unit:2}" for cell in cells))
    return [line.rstrip() for line in lines]


def trace_cost(figures):
    on = {key[:-3]: value for key, value in figures.items() if key.endswith("_ns") and key != "off_ns"}
    kinds = ", ".join(f"{name} {ns / 1000:.1f}" for name, ns in on.items())
    return [f"an event of the trace: {figures['off_ns']:.1f} ns if it is off; "
            f"on, at most {max(on.values()) / 1000:.1f} us of processor time",
            f"  with the kernel's part, to a file, median of {runs_of(figures['runs'])} of {figures['events']} events, "
            f"us: {kinds}"]


def growth(rows, tick_ms, runs):
    """rows: dictionaries with "peers" and lists of figures; simulated ones lack some."""
    lines = [machine(tick_ms),
             f"C peers on one machine, medians of {runs_of(runs)}; times by the peers' logs"
             "; *: simulated, in virtual ms, one run", "",
             "peers " + "".join(f"{top:>15}" for _, top, _ in GROWTH_COLUMNS),
             "      " + "".join(f"{bottom:>15}" for _, _, bottom in GROWTH_COLUMNS)]
    for row in rows:
        cells = [number(statistics.median(row[key]), 0) if key in row else "-" for key, _, _ in GROWTH_COLUMNS]
        mark = "*" if row["simulated"] else " "
        lines.append(f"{row['peers']:4}{mark} " + "".join(f"{cell:>15}" for cell in cells))
    return lines
