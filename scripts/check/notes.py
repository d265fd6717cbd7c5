"""The numbers that the code cites, and the tables of NOTES.md: notes.sh tells what is checked."""

import glob
import os
import re

from gate import Gate, die, read, sources

BOOK = "NOTES.md"
COMPANIONS = ("READING.md", "EXERCISES.md", "OPERATING.md", "CONTRIBUTING.md")  # chapters of the book that are files of their own
_CITATION = re.compile(r"(?<![A-Za-z0-9_-])([DKRALTQW]-[0-9]+)")
_CALL = re.compile(r"(?:^|(?<=[^a-z_]))(zk_thread_group_start|c?bq_new)\(")
_DECLARATION = re.compile(r"[a-z].*\*c?bq_new\(|int zk_thread_group_start")
_PRINT = re.compile(r"(?:zk_str_printf\(&|snprintf\()[a-z_]+")


def rows(book):
    """Number and line of what the book explains: rows "| D-7 | ..." and paragraphs or items "**D-69 ...", in order."""
    found = []
    for number, line in enumerate(book, 1):
        match = re.match(r"\| ([DKRLTQW]-[0-9]+) \|", line) or re.match(r"(?:\* )?\*\*([ADKR]-[0-9]+) ", line)
        if match:
            found.append((match.group(1), number))
    return found


def texts():
    """The book, the code, the tests and the scripts."""
    paths = [BOOK]
    for directory in ("src", "include", "tests", "scripts"):
        for where, _, names in os.walk(directory):
            paths += [os.path.join(where, name) for name in names if name.endswith((".c", ".h", ".sh", ".py", ".txt", ".md"))]
    return sorted(paths)


def citations():
    """(path, line, number) of all that the book, the code, the tests and the scripts cite."""
    found = []
    for path in texts():
        for number, line in enumerate(read(path).split("\n"), 1):
            found += [(path, number, match.group(1)) for match in _CITATION.finditer(line)]
    return found


def check_numbers(gate, book, cited):
    known = {}
    for number, line in rows(book):
        if number in known:
            gate.finding(BOOK, line, f"{number} is explained twice")
        known[number] = line
    for path, line, number in cited:
        if number not in known:
            gate.finding(path, line, f"{number} does not exist in NOTES.md")


def name_in(call):
    """The text of a call, a format; PRId64 is written %d."""
    match = re.search(r'".*"( PRI[a-zA-Z0-9]+)?', call)
    if not match:
        return ""
    return re.sub(r'"$', "", re.sub(r'" PRId64 *"?', "d", match.group()[1:]))


def names_in(path):
    """(line, "thread" or "queue", name) of what the file makes. Where a variable is handed over, its name is what was
    last printed into it."""
    found, printed, call, start = [], {}, "", 0
    for number, line in enumerate(read(path).split("\n"), 1):
        if call:
            call += " " + line
        else:
            start = number
            match = _CALL.search(line) if not _DECLARATION.match(line) else None
            match = match or _PRINT.search(line)
            if not match:
                continue
            call = line[match.start():]
        if not re.search(r";|{ *$", call):
            continue
        text = name_in(call)
        if call.startswith(("zk_str_printf", "snprintf")):
            printed[re.match(r"[a-z_]*\(&?([a-z_]*)", call).group(1)] = text
        else:
            if not text:
                for variable, words in printed.items():
                    if re.search(rf"[^a-z_]{variable}[^a-z_]", call):
                        text = words
            found.append((start, "thread" if "zk_thread_group_start" in call else "queue", text))
        call = ""
    return found


def check_names(gate, book, kind, table):
    """What the code calls its threads or queues, and what the table does. How many the code has."""
    listed, made = {}, []
    for number, line in enumerate(book, 1):
        match = re.match(rf"\| {table}-[0-9]+ \| `([^`]+)`", line)
        if match:
            listed[match.group(1)] = number
    for path in sources("src"):
        for line, what, name in names_in(path):
            if what != kind:
                continue
            made.append(name)
            if not name:
                gate.finding(path, line, f"I cannot read the name of this {kind}")
            elif name not in listed:
                gate.finding(path, line, f"the {kind} {name} has no row in table {table}")
    for name, line in listed.items():
        if name not in made and name != "main":
            gate.finding(BOOK, line, f"no {kind} of the code is called {name}")
    return len(made)


def check_ranks(gate, book):
    """The ranks in the floors' lock_ranks.h, and the rows of table L."""
    ranks, listed = {}, {}
    for path in glob.glob("src/*/lock_ranks.h"):
        for number, line in enumerate(read(path).split("\n"), 1):
            for name, rank in re.findall(r"^ *(ZK_RANK_[A-Z_]+) = ([0-9]+),", line):
                ranks[rank, name] = path, number
    for number, line in enumerate(book, 1):
        for row in re.findall(r"^\| L-([0-9]+) \| `(ZK_RANK_[A-Z_]+)`", line):
            listed[row] = number
    for rank, name in ranks.keys() - listed.keys():
        gate.finding(*ranks[rank, name], f"{rank} {name} has no row in table L")
    for rank, name in listed.keys() - ranks.keys():
        gate.finding(BOOK, listed[rank, name], f"the row {rank} {name} of table L is in no lock_ranks.h")


def documents():
    """All Markdown files of the repository."""
    found = glob.glob("*.md")
    for directory in ("include", "scripts", "src", "tests"):
        for where, _, names in os.walk(directory):
            found += [os.path.join(where, name) for name in names if name.endswith(".md")]
    return sorted(found)


def text_lines(path):
    """(number, line) of a Markdown file, without what stands between ``` and ```."""
    inside, found = False, []
    for number, line in enumerate(read(path).split("\n"), 1):
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            found.append((number, line))
    return found


def anchors(path):
    """What a link can name in a Markdown file: its headings, as GitHub turns them into anchors."""
    headings = [re.match(r"#+ (.*)", line) for _, line in text_lines(path)]
    return {re.sub(r"[^\w\- ]", "", match.group(1).lower()).replace(" ", "-") for match in headings if match}


def check_links(gate, paths):
    """Every link leads to a file that is there, and to a heading of it. How many there are."""
    links = 0
    for path in paths:
        for number, line in text_lines(path):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                if target.startswith("http"):
                    continue
                links += 1
                name, _, anchor = target.partition("#")
                file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if not os.path.exists(file):
                    gate.finding(path, number, f"the link {target} leads to no file")
                elif anchor and anchor not in anchors(file):
                    gate.finding(path, number, f"the link {target} leads to no heading")
    return links


def check_chapters(gate, cited_in):
    """"NOTES 3.6" anywhere, and "chapter 11" or "section 4.2" in the book, name a heading that it has."""
    headings = {match.group(1) for _, line in text_lines(BOOK) if (match := re.match(r"#+ ([0-9]+(?:\.[0-9]+)?) ", line))}
    for path in cited_in:
        for number, line in enumerate(read(path).split("\n"), 1):
            named = re.findall(r"\bNOTES(?:\.md)? ([0-9]+(?:\.[0-9]+)?)", line)
            if path == BOOK:
                named += re.findall(r"\b(?:[Cc]hapter|[Ss]ection) ([0-9]+(?:\.[0-9]+)?)", line)
            for name in named:
                if name not in headings:
                    gate.finding(path, number, f"NOTES.md has no chapter {name}")


def check_lists(gate):
    """Every play and every story stands in the list beside it."""
    for directory, suffix in (("tests/sim/plays", ".txt"), ("scripts/stories", ".story")):
        readme = os.path.join(directory, "README.md")
        listed = set(re.findall(r"`([a-z0-9_-]+)`", read(readme)))
        for file in sorted(os.listdir(directory)):
            name, end = os.path.splitext(file)
            if end == suffix and name not in listed:
                gate.finding(readme, 1, f"{file} is not in its list")


def check_paths(gate, paths):
    """Every path from the top of the repository that a document names in `...` exists; FLOOR stands for any name."""
    for path in paths:
        for number, line in text_lines(path):
            for name in re.findall(r"`((?:include|scripts|src|tests)/[A-Za-z0-9_./*-]+)`", line):
                if not glob.glob(name.replace("FLOOR", "*")):
                    gate.finding(path, number, f"there is no {name}")


def check_names_of_code(gate):
    """A file, or a name in C, that the book or a companion names in `...` must be somewhere in the repository."""
    files, words = [], set()
    for directory in ("include", "scripts", "src", "tests"):
        for where, _, names in os.walk(directory):
            files += ["/" + os.path.join(where, name) for name in names]
    for path in sources("include", "src", "tests") + glob.glob("scripts/**/*.[ps][yh]", recursive=True):
        words.update(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", read(path)))
    for book in (BOOK, *filter(os.path.exists, COMPANIONS)):
        for number, line in text_lines(book):
            for name in re.findall(r"`([^`]+)`", line):
                if re.fullmatch(r"(?!build/)[a-z0-9_/-]+\.(c|h|sh|py|txt|hex|story)", name):
                    if not any(file.endswith("/" + name) for file in files):
                        gate.finding(book, number, f"there is no file {name}")
                elif re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name) and name not in words:
                    if not any(file.endswith((f"/{name}.txt", f"/{name}.c")) for file in files):
                        gate.finding(book, number, f"nothing in the repository is called {name}")


def main():
    gate = Gate()
    if not os.path.exists(BOOK):
        die(f"there is no {BOOK}")
    book, cited = read(BOOK).split("\n"), citations()
    check_numbers(gate, book, cited)
    made = check_names(gate, book, "thread", "T") + check_names(gate, book, "queue", "Q")
    check_ranks(gate, book)
    paths = documents()
    links = check_links(gate, paths)
    check_chapters(gate, texts() + ["README.md"])
    check_lists(gate)
    check_paths(gate, paths)
    check_names_of_code(gate)
    gate.verdict(f"{len(rows(book))} numbers, {len(cited)} citations, {made} threads and queues, "
                 f"{links} links in {len(paths)} documents")


main()
