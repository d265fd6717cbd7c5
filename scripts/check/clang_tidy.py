"""clang-tidy over all C files, on all processors: tidy.sh calls it.

A file that was clean is not looked at again while nothing that counts has changed: the text that the preprocessor makes
of it, its comments with it (NOLINT), the flags, .clang-tidy, and the tool. What was clean is remembered in the build
directory and, so that a fresh checkout knows it too, in the user's cache. A build database names some files more than
once (the simulator is built with and without instrumentation): the analysis is the same, and one is enough.

It says what clang as a compiler warns of, too, and in src whether the locks are held that REQUIRES asks for
(-Wthread-safety): a pass of clang for these alone would read all of it once more."""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import time

from gate import BUILD_DIR, REPO, Gate, die, read, sources

CACHES = (os.path.join(BUILD_DIR, "clang-tidy"),
          os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "zkpeer", "clang-tidy"))
KEPT_DAYS = 60


def commands():
    """The first compile command of each file, by its path in the repository."""
    path = os.path.join(BUILD_DIR, "compile_commands.json")
    if not os.path.exists(path):
        die(f"there is no {os.path.relpath(path, REPO)}; make it with: cmake --preset dev")
    found = {}
    for entry in json.loads(read(path)):
        found.setdefault(os.path.relpath(entry["file"], REPO), entry)
    return found


def version_of_tool():
    return subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout


def tool(version):
    """What identifies the tool: its version and its file, for distributions rebuild one version."""
    stat = os.stat(os.path.realpath(shutil.which("clang-tidy")))
    return f"{version} {stat.st_size}"


def flags_for_clang(path, version):
    """As CMakeLists.txt has them for clang, with ZK_LOCKCHECK."""
    flags = ["-Wno-gcc-compat"]
    if path.startswith("src/"):
        flags.append("-Wthread-safety")
        major = re.search(r"version ([0-9]+)", version)
        if major and int(major.group(1)) >= 20:
            flags += ["-fexperimental-late-parse-attributes", "-DZK_GUARDED_BY"]
    return flags


def key_of(entry, common):
    """None if the file does not compile. With __clang__ it holds the words about locks, which gcc does not see."""
    words, flags = shlex.split(entry["command"]), []
    while words:
        word = words.pop(0)
        if word in ("-o", "-c"):
            words.pop(0)
        else:
            flags.append(word)
    done = subprocess.run([*flags, "-D__clang__", "-E", "-CC", entry["file"]], cwd=entry["directory"], capture_output=True, check=False)
    if done.returncode != 0:
        return None
    place = REPO.encode() + b"/"
    text = b"\0".join([common.encode(), " ".join(flags).encode().replace(place, b""), done.stdout.replace(place, b"")])
    return hashlib.sha256(text).hexdigest()


def is_known(key):
    """Was it clean before? The other cache learns it, too."""
    places = [os.path.join(cache, key) for cache in CACHES]
    if not any(os.path.exists(place) for place in places):
        return False
    remember(key)
    return True


def remember(key):
    for cache in CACHES:
        try:
            os.makedirs(cache, exist_ok=True)
            with open(os.path.join(cache, key), "w", encoding="utf-8"):
                pass
        except OSError:  # a home that cannot be written: it is only a cache
            pass


def forget_old():
    for cache in CACHES:
        try:
            for entry in os.scandir(cache):
                if time.time() - entry.stat().st_mtime > KEPT_DAYS * 86400:
                    os.unlink(entry.path)
        except OSError:
            pass


def look(path, entry, common, database, extra):
    """The words of clang-tidy about one file, with these flags as well."""
    key = key_of(entry, common + " ".join(extra))
    if key is not None and is_known(key):
        return path, ""
    done = subprocess.run(["clang-tidy", "--quiet", *(f"--extra-arg={flag}" for flag in extra), "-p", database, path],
                          capture_output=True, text=True, check=False)
    words = done.stdout.strip()
    if not words and done.returncode != 0:
        words = f"{path}:1: clang-tidy fails: {done.stderr.strip()}"
    if not words and key is not None:
        remember(key)
    return path, words


def main():
    gate, known = Gate(), commands()
    version = version_of_tool()
    common = read(".clang-tidy") + read("tests/.clang-tidy") + tool(version)
    # tests/sim/wasm is compiled for another machine, with another C library: scripts/lab/module.sh.
    files = [path for path in sources("src", "tests", "scripts")
             if path.endswith(".c") and not path.startswith("tests/sim/wasm/")]
    for path in files:
        if path not in known:
            gate.finding(path, 1, "the build database does not name this file, so nobody compiles it")
    files = [path for path in files if path in known]
    database = os.path.join(BUILD_DIR, "clang-tidy-database")
    os.makedirs(database, exist_ok=True)
    with open(os.path.join(database, "compile_commands.json"), "w", encoding="utf-8") as stream:
        json.dump([known[path] for path in files], stream)
    # Large files first, so that no processor waits for one at the end.
    files.sort(key=os.path.getsize, reverse=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        words_of = lambda path: look(path, known[path], common, database, flags_for_clang(path, version))
        for path, words in pool.map(words_of, files):
            for line in words.splitlines():
                found = re.match(r"(.*?):([0-9]+):(?:[0-9]+:)? ?(.*)$", line.replace(REPO + "/", ""))
                if found and re.search(r"warning:|error:|fails:", line):
                    gate.finding(*found.groups())
            if words and not gate.findings:
                gate.finding(path, 1, f"clang-tidy says: {words.splitlines()[0]}")
    forget_old()
    gate.verdict(f"clang-tidy: {len(files)} files")


main()
