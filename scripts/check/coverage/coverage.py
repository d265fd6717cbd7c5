#!/usr/bin/env python3
"""What ran and what did not, from the counters that gcc's --coverage leaves behind.

coverage.py BUILD_DIR [--floors NAME...] [--html DIR] prints a table of files and floors, then every
line that did not run and is not excused, and every excuse that excuses nothing.

An excuse is a row of excused.txt: FILE | FUNCTION | TEXT | REASON. It excuses the lines of that
function that hold TEXT and did not run ("*": any line of it). So it survives when lines move. A
REASON that begins with "chance:" is of lines that run in some runs only.

Exit: 0 the goal is reached and nothing is unexplained, 1 not, 2 wrong usage or no counters.
"""
import argparse
import collections
import html
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent.parent
EXCUSES = HERE / "excused.txt"
GOAL_FLOORS = ("election", "quorum")
GOAL_PERCENT = 95.0
# The part of the ground floors that is connection code.
GROUND_FLOORS = ("base", "runtime", "io")
CONNECTION = {
    "blocking_queue", "buf", "circular_blocking_queue", "inet", "inet_cache", "lock", "sock",
    "stop", "stream", "thread", "thread_registry",
}

Line = collections.namedtuple("Line", "file number function text count")
Excuse = collections.namedtuple("Excuse", "row file function text reason")


def die(words):
    print(f"coverage.py: {words}", file=sys.stderr)
    sys.exit(2)


# ---- counters ------------------------------------------------------------------------------------


def counters_of(build):
    """(file, line number) -> [count, function], of the objects of the archive."""
    objects = sorted((build / "CMakeFiles/zkpeer_archive.dir/src").glob("*/*.gcda"))
    if not objects:
        die(f"no counters in {build}: nothing that was built there has run")
    ran = subprocess.run(
        ["gcov", "--json-format", "--stdout", *map(str, objects)],
        cwd=build, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        die(f"gcov: {ran.stderr.strip()}")
    counters = {}
    for document in ran.stdout.splitlines():
        for file in json.loads(document)["files"]:
            for line in file["lines"]:
                counter = counters.setdefault(
                    (file["file"], line["line_number"]), [0, line.get("function_name", "")])
                counter[0] += line["count"]
    return counters


def is_of_floor(path, floor):
    if floor == "connection":
        return path.parts[:1] == ("src",) and path.parts[1] in GROUND_FLOORS and path.stem in CONNECTION
    return path.parent == pathlib.Path("src") / floor


def lines_by_floor(counters, floors):
    """floor -> file -> its lines that can run, in order. Sources that never ran count, too."""
    result = {}
    for floor in floors:
        files = result.setdefault(floor, {})
        for (name, number), (count, function) in sorted(counters.items()):
            if is_of_floor(pathlib.Path(name), floor):
                files.setdefault(name, []).append(Line(name, number, function, "", count))
        folders = GROUND_FLOORS if floor == "connection" else (floor,)
        for source in sorted(file for folder in folders for file in (REPO / "src" / folder).glob("*.c")):
            name = str(source.relative_to(REPO))
            if is_of_floor(pathlib.Path(name), floor) and name not in files:
                die(f"{name} has no counters: no program that holds it has run")
        for name, lines in files.items():
            texts = (REPO / name).read_text().splitlines()
            if lines[-1].number > len(texts):
                die(f"{name} has changed since it was built")
            files[name] = [line._replace(text=texts[line.number - 1].strip()) for line in lines]
    return result


# ---- excuses -------------------------------------------------------------------------------------


def read_excuses():
    excuses = []
    for row, text in enumerate(EXCUSES.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        fields = [field.strip() for field in re.split(r" \| ", text, maxsplit=3)]
        if len(fields) != 4 or not all(fields):
            die(f"{EXCUSES.name}:{row}: not FILE | FUNCTION | TEXT | REASON")
        excuses.append(Excuse(row, *fields))
    return excuses


def fits(excuse, line):
    return (line.file == excuse.file and line.function == excuse.function and
            (excuse.text == "*" or excuse.text in line.text))


def hold_against(floors, excuses):
    """The excused lines with their excuses; what is wrong, a text each."""
    excused, wrong = [], []
    used, known = set(), set()
    for line in (line for files in floors.values() for lines in files.values() for line in lines):
        rows = [excuse for excuse in excuses if fits(excuse, line)]
        known.update(excuse.row for excuse in rows)
        if line.count > 0:
            continue
        used.update(excuse.row for excuse in rows)
        if rows:
            excused.append((line, rows[0]))
        else:
            wrong.append(f"{line.file}:{line.number}: {line.function}: never runs: {line.text}")
    looked_at = {file for files in floors.values() for file in files}
    for excuse in excuses:
        where = f"{EXCUSES.relative_to(REPO)}:{excuse.row}: {excuse.file}: {excuse.function}"
        if excuse.file not in looked_at and (REPO / excuse.file).exists():
            continue
        if excuse.row not in known:
            wrong.append(f"{where}: no line there is \"{excuse.text}\"")
        elif excuse.row not in used and not excuse.reason.startswith("chance:"):
            wrong.append(f"{where}: it runs and needs no excuse: {excuse.text}")
    return excused, wrong


# ---- what is told --------------------------------------------------------------------------------


def percent(covered, total):
    return 100.0 * covered / total if total else 100.0


def sums(lines):
    return len(lines), sum(line.count > 0 for line in lines)


def table(floors):
    """Rows (name, lines, covered); a floor's total after its files."""
    rows = []
    for floor, files in floors.items():
        for name, lines in files.items():
            rows.append((name, *sums(lines)))
        rows.append((f"{floor}, all of it",
                     *sums([line for lines in files.values() for line in lines])))
    return rows


def print_table(rows):
    print(f"{'file':<48} {'lines':>6} {'run':>6} {'%':>6}")
    for name, total, covered in rows:
        print(f"{name:<48} {total:>6} {covered:>6} {percent(covered, total):>6.1f}")


STYLE = """body{font:15px/1.5 sans-serif;margin:2em;max-width:60em}pre{margin:0}
table{border-collapse:collapse}td,th{padding:.1em .8em;text-align:right}
td:first-child,th:first-child{text-align:left}
.no{background:#ffd7d7}.no:before{content:"- "}.ex{background:#fff3c4}.ex:before{content:"~ "}
.yes:before,.text:before{content:"  "}.text{color:#777}
"""


def page_name(file):
    return file.replace("/", "_") + ".html"


def write_page(path, title, body):
    path.write_text(f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title>"
                    f"<style>{STYLE}</style><h1>{html.escape(title)}</h1>{body}\n")


def write_html(directory, floors, rows, excused):
    directory.mkdir(parents=True, exist_ok=True)
    reasons = {(line.file, line.number): excuse.reason for line, excuse in excused}
    cells = []
    for name, total, covered in rows:
        shown = html.escape(name)
        if name.startswith("src/"):
            shown = f"<a href=\"{page_name(name)}\">{shown}</a>"
        cells.append(f"<tr><td>{shown}<td>{total}<td>{covered}<td>{percent(covered, total):.1f}")
    write_page(directory / "index.html", "What the tests run",
               "<table><tr><th>file<th>lines<th>run<th>%" + "".join(cells) + "</table>")
    for name, lines in ((n, ls) for files in floors.values() for n, ls in files.items()):
        counts = {line.number: line.count for line in lines}
        body = []
        for number, text in enumerate((REPO / name).read_text().splitlines(), 1):
            reason = reasons.get((name, number), "")
            kind = ("text" if number not in counts else "yes" if counts[number] > 0 else
                    "ex" if reason else "no")
            body.append(f"<pre class={kind} title=\"{html.escape(reason)}\">"
                        f"{number:5} {html.escape(text)}</pre>")
        write_page(directory / page_name(name), name,
                   "<p>- never ran; ~ never ran, for a reason (point at it)</p>" + "".join(body))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--floors", nargs="+", default=[*GOAL_FLOORS, "connection"])
    parser.add_argument("--html", type=pathlib.Path)
    options = parser.parse_args()

    floors = lines_by_floor(counters_of(options.build.resolve()), options.floors)
    excused, wrong = hold_against(floors, read_excuses())
    rows = table(floors)
    print_table(rows)
    if excused:
        print("\nnever ran, for a reason:")
        for line, excuse in excused:
            print(f"{line.file}:{line.number}: {line.text}\n    {excuse.reason}")
    if wrong:
        print("\nwithout a reason:")
        print("\n".join(wrong))
    if options.html:
        write_html(options.html, floors, rows, excused)

    goal = [line for floor in GOAL_FLOORS for lines in floors.get(floor, {}).values()
            for line in lines]
    total, covered = sums(goal)
    reached = percent(covered, total) >= GOAL_PERCENT
    word = "ok" if reached and not wrong else "FAILED"
    print(f"\n{word} coverage: {' and '.join(GOAL_FLOORS)}: {covered} of {total} lines run, "
          f"{percent(covered, total):.1f} % (goal {GOAL_PERCENT:.0f} %); "
          f"{len(excused)} excused, {len(wrong)} to explain")
    sys.exit(0 if word == "ok" else 1)


if __name__ == "__main__":
    main()
