"""The growth as a picture: four panels, lines over the number of peers. Plain SVG that needs no script and no font."""

import math
import statistics
from xml.sax.saxutils import escape

# Okabe and Ito's colours, which the colour-blind tell apart, and a shape for each, which needs no colour.
SERIES = {
    "start": ("first election", "#0072B2", "circle", False),
    "kill": ("after the leader's death", "#D55E00", "square", False),
    "sim_start": ("first, simulated", "#56B4E9", "circle", True),
    "sim_kill": ("after a death, simulated", "#E69F00", "square", True),
    "busiest": ("one peer", "#009E73", "diamond", False),
    "c": ("C", "#0072B2", "circle", False),
    "java": ("Java", "#D55E00", "square", False),
}
CLIENT_PANELS = [  # title, what is across, whether it grows tenfold from mark to mark
    ("Processor us of a get, one server", "connections", True),
    ("Switches of threads for a get, one server", "connections", True),
    ("Processor us of a create, all servers", "servers", False),
    ("Switches of threads for a create, all servers", "servers", False),
]
PANELS = [  # title, unit, [(series, key, simulated)]
    ("Until all serve", "ms", [("start", "start", False), ("kill", "kill_all_serve", False),
                               ("sim_start", "start", True), ("sim_kill", "kill_all_serve", True)]),
    ("Notifications heard, all peers", "", [
        ("start", "start_messages", False), ("kill", "kill_messages", False),
        ("sim_start", "start_messages", True), ("sim_kill", "kill_messages", True)]),
    ("Resident memory of the largest peer", "kB", [("busiest", "memory", False)]),
    ("Threads of the busiest peer", "", [("busiest", "threads", False)]),
]
WIDTH, HEIGHT = 960, 720
PANEL_WIDTH, PANEL_HEIGHT = 360, 210
LEFT, TOP, STEP_X, STEP_Y = 86, 118, 470, 300

HOW_PEERS_GROW = "How an ensemble grows with the number of its peers"

STYLE = """
  .paper { fill: #ffffff } text { font-family: sans-serif; font-size: 13px; fill: #24292f }
  .title { font-size: 17px; font-weight: bold } .panel { font-weight: bold } .small { font-size: 12px }
  .grid { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #57606a; stroke-width: 1.2 }
  .line { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
  }
"""


def ticks(most, count=6):
    """Round numbers from 0 up to at least most."""
    raw = most / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
    return [step * i for i in range(math.ceil(most / step - 1e-9) + 1)]


def points_of(rows, key, simulated):
    return [(row["peers"], statistics.median(row[key])) for row in rows if row["simulated"] == simulated and key in row]


def marker(shape, x, y, color, hollow):
    fill = f'class="paper" stroke="{color}" stroke-width="1.8"' if hollow else f'fill="{color}"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {fill}/>'
    if shape == "square":
        return f'<rect x="{x - 3.6:.1f}" y="{y - 3.6:.1f}" width="7.2" height="7.2" {fill}/>'
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z" {fill}/>'


def text(x, y, words, anchor="start", kind=""):
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(words)}</text>'


def decades(most):
    """1, 10, 100 ... up to at least most."""
    return [10 ** i for i in range(max(1, math.ceil(math.log10(most) - 1e-9)) + 1)]


def panel(column, row, title, unit, lines, widest, what="peers", tenfold=False):
    """lines: (series, points). The elements of one panel."""
    left, top = LEFT + column * STEP_X, TOP + row * STEP_Y
    bottom, right = top + PANEL_HEIGHT, left + PANEL_WIDTH
    across, up = (decades if tenfold else ticks)(widest), ticks(max(y for _, points in lines for _, y in points))

    def place(x, y):
        share = math.log(x) / math.log(across[-1]) if tenfold else x / across[-1]
        return left + share * PANEL_WIDTH, bottom - y / up[-1] * PANEL_HEIGHT

    out = [text(left, top - 12, title + (f", {unit}" if unit else ""), kind="panel")]
    for value in up:
        _, y = place(across[0], value)
        out.append(f'<path class="grid" d="M{left} {y:.1f}H{right}"/>')
        out.append(text(left - 8, y + 4, f"{value:,.0f}" if up[1] >= 1 else f"{value:g}", "end", "small"))
    for value in across:
        x, _ = place(value, 0)
        out.append(f'<path class="axis" d="M{x:.1f} {bottom}v5"/>')
        out.append(text(x, bottom + 19, f"{value:g}", "middle", "small"))
    out.append(f'<path class="axis" d="M{left} {bottom}H{right}"/>')
    out.append(text((left + right) / 2, bottom + 37, what, "middle", "small"))
    for name, points in lines:
        _, color, shape, hollow = SERIES[name]
        placed = [place(x, y) for x, y in points]
        dash = ' stroke-dasharray="5 4"' if hollow else ""
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        out.append(f'<path class="line" stroke="{color}"{dash} d="M{path}"/>')
        out += [marker(shape, x, y, color, hollow) for x, y in placed]
    return out


def legend(names):
    out, x = [], LEFT
    for name in names:
        words, color, shape, hollow = SERIES[name]
        out += [marker(shape, x + 6, 64, color, hollow), text(x + 17, 68.5, words)]
        x += 40 + 7.2 * len(words)
    return out


def begin(title, headline):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            'role="img" aria-labelledby="title">', f"<style>{STYLE}</style>", f'<title id="title">{escape(title)}</title>',
            f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>', text(LEFT, 36, headline, kind="title")]


def end(out, words):
    return "\n".join(out + [text(LEFT, HEIGHT - 14, words, kind="small"), "</svg>"]) + "\n"


def draw_clients(panels, words):
    """The picture of --clients as a text. panels: for each of CLIENT_PANELS the points of each kind."""
    out = begin("What clients cost as connections and servers grow in number", "What clients cost as their number and that "
                "of the servers grows") + legend(panels[0])
    for i, ((title, what, tenfold), points) in enumerate(zip(CLIENT_PANELS, panels)):
        lines = list(points.items())
        widest = max(x for _, line in lines for x, _ in line)
        out += panel(i % 2, i // 2, title, "", lines, widest, what, tenfold)
    return end(out, words)


def draw(rows, words):
    """The picture as a text. words: one line on where the figures come from."""
    panels = []
    for title, unit, lines in PANELS:
        drawn = [(name, points_of(rows, key, simulated)) for name, key, simulated in lines]
        if drawn := [(name, points) for name, points in drawn if points]:
            panels.append((title, unit, drawn))
    used = [name for name in SERIES if any(name == line[0] for _, _, lines in panels for line in lines)]
    out = begin(HOW_PEERS_GROW, "C peers on one machine: what grows with their number") + legend(used)
    for i, (title, unit, lines) in enumerate(panels):
        widest = max(x for _, points in lines for x, _ in points)
        out += panel(i % 2, i // 2, title, unit, lines, widest)
    return end(out, words)
