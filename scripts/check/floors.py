"""The floors of the house: who may look at whom. floors.sh tells what is checked."""

import glob
import os
import re
import subprocess

from gate import BUILD_DIR, FLOORS, Gate, read, sources

# What each floor may look at, beside itself. election and zab stand side by side.
GROUND = "io runtime base"
ALLOWED = {
    "base": "",
    "runtime": "base",
    "io": "runtime base",
    "jute": GROUND,
    "ensemble": GROUND,
    "watch": f"jute {GROUND}",
    "tree": f"watch jute {GROUND}",
    "persistence": f"tree watch jute {GROUND}",
    "server": f"persistence tree watch ensemble jute {GROUND}",
    "command": f"server persistence tree watch ensemble jute {GROUND}",
    "cnxn": f"command server persistence tree watch ensemble jute {GROUND}",
    "quorum": f"server persistence ensemble {GROUND}",
    "election": f"quorum server ensemble {GROUND}",
    "zab": f"quorum server persistence ensemble jute {GROUND}",
    "peer": f"election zab quorum cnxn command server persistence tree watch ensemble jute {GROUND}",
}

# Where each floor's band of ten lock ranks begins: a floor that stands on another takes its locks first. watch and ensemble
# have no locks, and their bands are narrow: they only say where the two stand.
BAND_SIZE = 10
BAND = {"peer": 0, "zab": 10, "election": 20, "quorum": 30, "cnxn": 40, "command": 50, "server": 60, "persistence": 70,
        "tree": 80, "watch": 90, "jute": 95, "ensemble": 95, "io": 100, "runtime": 110, "base": 120}


def may_see(floor, other):
    return other in (floor, *ALLOWED[floor].split())


def floor_of(path):
    return re.sub(r"^(src|include/zk)/", "", path).split("/")[0]


def check_includes(gate):
    """How many there are."""
    count = 0
    for path in sources("src", "include"):
        for number, line in enumerate(read(path).split("\n"), 1):
            match = re.match(r'#include "((?:zk/)?([a-z_]+)/)?', line)
            if not match:
                continue
            count += 1
            if os.path.dirname(path) == "src":  # main.c stands on all of them
                continue
            floor, other = floor_of(path), match.group(2)
            if floor not in ALLOWED:
                gate.finding(path, number, f"there is no floor {floor}")
            elif match.group(1) and match.group(1).startswith("zk/"):
                if other not in ALLOWED or not may_see(floor, other):
                    gate.finding(path, number, f"{floor} must not include a header of {other}")
            else:
                if other and other != floor:
                    gate.finding(path, number, f"{floor} includes a private header of {other}")
                if path.startswith("include/"):
                    gate.finding(path, number, "a public header includes a private one")
    return count


def object_symbols():
    """(floor, file, whether it is defined there, symbol) of all objects."""
    prefix = os.path.join(BUILD_DIR, "CMakeFiles", "zkpeer_archive.dir") + os.sep
    objects = {path[len(prefix):-2]: path for path in sorted(glob.glob(prefix + "src/*/*.o"))}
    objects = {file: path for file, path in objects.items() if os.path.exists(file)}  # not those of files that are gone
    if not objects:
        return
    names = {path: file for file, path in objects.items()}
    words = subprocess.run(["nm", "-A", *names], capture_output=True, text=True, check=True).stdout
    for line in words.splitlines():
        path, fields = line.split(":", 1)
        kind, symbol = fields.split()[-2:]
        if kind == "U" or kind in "TDBRVWC":
            yield floor_of(names[path]), names[path], kind != "U", symbol


def check_symbols(gate):
    """How many symbols the objects need from elsewhere."""
    symbols = list(object_symbols())
    owner = {symbol: floor for floor, _, is_defined, symbol in symbols if is_defined}
    needed = [(floor, path, symbol) for floor, path, is_defined, symbol in symbols if not is_defined]
    for floor, path, symbol in needed:
        if floor in ALLOWED and symbol in owner and not may_see(floor, owner[symbol]):
            gate.finding(path, 1, f"{floor} must not call {symbol}() of {owner[symbol]}")
    return len(needed)


def check_ranks(gate):
    """The bands follow the floors, and each rank lies in the band of the floor that declares it. How many there are."""
    count = 0
    for floor, others in ALLOWED.items():
        for other in others.split():
            if BAND[floor] >= BAND[other]:
                gate.finding("scripts/check/floors.py", 1, f"{floor} stands on {other}, but its locks are not taken first")
    for path in sources("src", "include"):
        floor = floor_of(path)
        for number, line in enumerate(read(path).split("\n"), 1):
            match = re.search(r"\bZK_RANK_[A-Z_]+ = ([0-9]+)", line)
            if match and not re.fullmatch(r"src/[a-z_]+/lock_ranks\.h", path) or re.search(r"zk_mutex_init\(.*, [0-9]+\)", line):
                gate.finding(path, number, "a rank is declared in its floor's lock_ranks.h")
            elif match:
                count += 1
                rank, first = int(match.group(1)), BAND[floor]
                if not first <= rank < first + BAND_SIZE:
                    gate.finding(path, number, f"rank {rank} is outside the band of {floor}, {first} to {first + BAND_SIZE - 1}")
    return count


def main():
    gate = Gate()
    includes, symbols, ranks = check_includes(gate), check_symbols(gate), check_ranks(gate)
    gate.verdict(f"{len(FLOORS)} floors, {includes} includes, {symbols} symbols, {ranks} lock ranks")


main()
