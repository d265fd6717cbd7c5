#!/usr/bin/env python3
"""make_page.py MODULE OUT: the laboratory as one HTML file that needs nothing else."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
REPLAY = os.path.join(REPO, "scripts", "trace", "page")
PAGE = os.path.join(HERE, "page")
STYLES = ((REPLAY, "page.css"), (PAGE, "lab.css"))
SCRIPTS = (
    *((REPLAY, name) for name in ("model.js", "clients.js", "words.js", "ring.js", "lanes.js", "panels.js")),
    *((PAGE, name) for name in ("world.js", "session.js", "live_run.js", "words_zh.js", "texts.js", "lessons.js",
                                "lesson_player.js", "inside.js", "lab.js", "code.js", "controls.js", "guide.js", "main.js")),
)
MOST_BYTES = 1 << 20


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as stream:
        return stream.read()


def c_functions():
    """name -> {file, first, text, java} of every function of the peer; zkdump is another program."""
    files = subprocess.run(["git", "ls-files", "src/*.c", "src/*/*.c"], cwd=REPO, capture_output=True, text=True, check=True)
    functions = {}
    for file in (file for file in files.stdout.split() if file != "src/zkdump.c"):
        lines = read(REPO, file).split("\n")
        for number, line in enumerate(lines):
            if line != "{":
                continue
            first = number
            while first > 0 and re.match(r"[A-Za-z]| (?!\*)", lines[first - 1]) and not lines[first - 1].endswith(("}", ";", "*/")):
                first -= 1
            head = " ".join(lines[first:number])
            name = re.search(r"([a-z_0-9]+)\(", head)
            if name is None:
                continue
            comment = first
            while comment > 0 and re.match(r"(/\*| \*)", lines[comment - 1]):
                comment -= 1
            end = lines.index("}", number)
            java = re.search(r"Java: ([A-Za-z.]+\(\)(?:[^*]*?\))*)", " ".join(lines[comment:first]))
            functions[name[1]] = {"file": file, "first": comment + 1, "text": "\n".join(lines[comment:end + 1]),
                                  "java": java[1] if java else ""}
    return functions


def rules(functions):
    """The rows of lines.txt, with the number of the line that each one means."""
    found = []
    for number, row in enumerate(read(HERE, "lines.txt").split("\n"), 1):
        if not row.strip() or row.startswith("#"):
            continue
        left, function, marker = (part.strip() for part in row.split(" | "))
        event, *conditions = left.split()
        if function not in functions:
            sys.exit(f"scripts/lab/lines.txt:{number}: there is no function {function}")
        lines = functions[function]["text"].split("\n")
        at = next((k for k, line in enumerate(lines) if marker in line and not line.startswith((" *", "/*"))), None)
        if at is None:
            sys.exit(f"scripts/lab/lines.txt:{number}: {function}() has no line with '{marker}'")
        rule = {"event": event, "function": function, "line": functions[function]["first"] + at, "field": {}}
        for condition in conditions:
            if condition.startswith("thread:"):
                rule["thread"] = condition[len("thread:"):]
            else:
                name, pattern = condition.split("=", 1)
                rule["field"][name] = pattern
        found.append(rule)
    return found


def anchor(heading):
    """The name under which a page of the repository can be asked for this chapter."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def notes(texts, out):
    """number -> {text, link} of each row of NOTES.md whose number (K-10, D-14) stands in one of the texts."""
    cited = {number for text in texts for number in re.findall(r"\b[A-Z]-\d+\b", text)}
    book = os.path.relpath(os.path.join(REPO, "NOTES.md"), os.path.dirname(os.path.abspath(out)))
    found = {}
    chapter = ""
    for line in read(REPO, "NOTES.md").split("\n"):
        if line.startswith("## "):
            chapter = anchor(line[len("## "):])
        row = re.match(r"\| ([A-Z]-\d+) \| (.*) \|$", line)
        if row and row[1] in cited:
            words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", row[2])
            words = re.sub(r"\*+([^*]+)\*+", r"\1", words.replace("`", "").replace(" | ", " · "))
            found[row[1]] = {"text": words,
                             "link": f"{book}#{chapter}" if os.path.abspath(out).startswith(REPO + os.sep) else ""}
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make_page.py MODULE OUT")
    module, out = sys.argv[1:]
    with open(module, "rb") as stream:
        packed = gzip.compress(stream.read(), 9, mtime=0)
    functions = c_functions()
    used = rules(functions)
    names = {rule["function"] for rule in used}
    shown = {name: functions[name] for name in sorted(names)}
    script = "\n".join(read(*path) for path in SCRIPTS)
    sources = {"rules": used, "functions": shown,
               "notes": notes([script, *(function["text"] for function in shown.values())], out)}
    parts = {
        "STYLE": "\n".join(read(*path) for path in STYLES),
        "MODULE": base64.b64encode(packed).decode(),
        "SOURCES": json.dumps(sources, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c"),
        "SCRIPT": script,
    }
    html = read(PAGE, "lab.html")
    for name, part in parts.items():
        html = html.replace(f"@@{name}@@", part)
    size = len(html.encode())
    if size > MOST_BYTES:
        sys.exit(f"the page has {size} bytes; it should have {MOST_BYTES} at most")
    with open(out, "w", encoding="utf-8") as stream:
        stream.write(html)
    print(f"{size // 1024} KiB, of which the module is {len(packed) * 4 // 3 // 1024} KiB")


main()
