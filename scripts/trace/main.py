"""What scripts/trace/trace.sh and scripts/trace/replay.sh do; their --help says how."""

import argparse
import os
import sys

import check
import feeds
import page
import story
from zktrace import Refusal, load

SCRIPT = os.environ.get("ZK_SCRIPT", "trace.sh")
VERBS = ("check", "story", "mermaid", "shiviz", "perfetto", "replay")


class Parser(argparse.ArgumentParser):
    """Refuses in one line that names the way out."""

    def error(self, message):
        print(f"{SCRIPT}: {message} (try {SCRIPT} --help)", file=sys.stderr)
        sys.exit(2)


def number_above_zero(convert):
    def read(text):
        try:
            number = convert(text)
        except ValueError:
            number = 0
        if not number > 0:
            raise argparse.ArgumentTypeError(f"it takes a number above 0, not {text}")
        return number

    return read


def parse(arguments):
    verb = arguments[0] if arguments else ""
    if verb not in VERBS:
        Parser().error(f"I do not know {verb or 'what to do'}; it is one of {', '.join(VERBS[:-1])}")
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("trace", nargs="*")
    if verb != "check":
        parser.add_argument("-o", "--output")
    if verb in ("mermaid", "shiviz", "perfetto"):
        parser.add_argument("--chapter", type=number_above_zero(int))
        parser.add_argument("--until", type=number_above_zero(float))
    if verb in ("shiviz", "replay"):
        parser.add_argument("--against", nargs="+", default=[])
        parser.add_argument("--label", action="append", default=[])
    if verb == "shiviz":
        parser.add_argument("--by", choices=("peer", "thread"), default="peer")
    if verb == "replay":
        parser.add_argument("--title")
    options = parser.parse_intermixed_args(arguments[1:])
    options.verb = verb
    if verb == "replay" and not options.output:
        parser.error("where to? -o FILE.html")
    for path in options.trace + getattr(options, "against", []):
        if not os.path.exists(path):
            parser.error(f"there is no {path}")
    if len(getattr(options, "label", [])) > (2 if getattr(options, "against", []) else 1):
        parser.error("there are more labels than traces")
    return options


def default_trace():
    """The cluster that cluster.sh would act on."""
    return os.environ.get("ZK_CLUSTER_DIR") or os.path.join(os.environ.get("ZK_REPO", "."), ".cluster")


def load_own(options):
    if options.trace:
        return load(options.trace)
    if not os.path.isdir(default_trace()):
        raise Refusal("no TRACE given, and no cluster is there; start one with: scripts/cluster.sh up --trace")
    return load([default_trace()])


def choose(trace, options):
    """The events of the chapter, up to the time."""
    events = trace.events
    if options.chapter:
        chapters = story.chapters_of(trace)
        if options.chapter > len(chapters):
            raise Refusal(f"there are {len(chapters)} chapters; see: scripts/trace/trace.sh story")
        events = chapters[options.chapter - 1].events
    if options.until:
        start = events[0].t
        events = [event for event in events if event.t - start <= options.until * 1000]
    return events


def runs_of(options, trace):
    """(label, trace), one or two."""
    labels = options.label + [""] * 2
    if not options.against:
        return [(labels[0], trace)]
    return [(labels[0] or "C", trace), (labels[1] or "Java", load(options.against))]


def title_of(trace):
    return "Clients and their servers" if trace.clients else "An election"


def make(options):
    trace = load_own(options)
    for line in trace.notes:
        print(f"{SCRIPT}: {line}", file=sys.stderr)
    if options.verb == "story":
        return story.story(trace)
    if options.verb == "mermaid":
        return feeds.mermaid(choose(trace, options))
    if options.verb == "perfetto":
        return feeds.perfetto(choose(trace, options))
    if options.verb == "shiviz":
        return feeds.shiviz([(label, choose(run, options)) for label, run in runs_of(options, trace)], options.by == "thread")
    runs = runs_of(options, trace)
    return page.page(runs, options.title or " beside ".join(filter(None, (label for label, _ in runs))) or title_of(trace))


def run_check(options):
    trace = load_own(options)
    checker = check.Checker(trace)
    findings = checker.run()
    for where, text in findings:
        print(f"{where}: {text}")
    for line in check.verdict(trace, checker):
        print(line)
    if findings:
        print(f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}")
    return 1 if findings else 0


def write(text, path):
    if not path or path == "-":
        sys.stdout.write(text)
        return
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise Refusal(f"cannot write {path}: {error.strerror}") from error


def main(arguments):
    options = parse(arguments)
    try:
        if options.verb == "check":
            return run_check(options)
        write(make(options), options.output)
        if options.verb == "replay":
            print(f"{options.output}: open it in any browser")
        return 0
    except Refusal as refusal:
        print(f"{SCRIPT}: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
