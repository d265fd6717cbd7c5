"""Asks the admin servers of a C and of a Java follower the same, and compares the answers key by key.

Usage: admin.py C_PORT JAVA_PORT. Keys, their order and the types of values must agree. Java puts the figures of ServerStats
and MultipleAddresses in the order of its reflection, which changes from start to start; there only the sets agree. Of monitor
every figure of Java's that the C peer has must be there in Java's form, and only our own besides. Prints a line for each
difference, and ends with 1 if there is one."""

import json
import sys
import urllib.request

COMMANDS = ["configuration", "connections", "dirs", "dump", "get_trace_mask", "hash", "initial_configuration", "is_read_only",
            "last_snapshot", "leader", "observers", "ruok", "server_stats", "stats", "voting_view", "watch_summary", "watches",
            "watches_by_path", "zabstate", "connection_stat_reset", "observer_connection_stat_reset", "stat_reset", "nosuch",
            "set_trace_mask", "set_trace_mask?traceMask=x", "set_trace_mask?traceMask=306", "conf", "srvr", "lsnp", "RUOK"]
BY_REFLECTION = {"server_stats", "client_response_stats", "client_response", "quorum_address", "election_address"}
OUR_OWN = ("election_", "last_election_time", "last_fsync_time", "thread_count")


def ask(port, command):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/commands/{command}", timeout=60) as page:
        return page.status, page.headers["Content-Type"], json.load(page)


def kind(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def differences(path, ours, javas):
    if kind(ours) != kind(javas):
        yield f"{path}: {kind(ours)} here, {kind(javas)} in Java"
    elif isinstance(ours, dict):
        if set(ours) != set(javas):
            yield f"{path}: only here {sorted(set(ours) - set(javas))}, only in Java {sorted(set(javas) - set(ours))}"
        elif path.split(".")[-1] not in BY_REFLECTION and list(ours) != list(javas):
            yield f"{path}: the order is {list(ours)}, and in Java {list(javas)}"
        for key in ours:
            if key in javas:
                yield from differences(f"{path}.{key}", ours[key], javas[key])
    elif isinstance(ours, list) and ours and javas:
        yield from differences(f"{path}[]", ours[0], javas[0])
    elif isinstance(ours, list) and bool(ours) != bool(javas):
        yield f"{path}: {len(ours)} items here, {len(javas)} in Java"


def monitor_differences(ours, javas):
    missing = [key for key in ours if key not in javas and not key.startswith(OUR_OWN) and "_election_peer_" not in key]
    if missing:
        yield f"monitor: not in Java: {missing}"
    for key in ours:
        if key in javas and kind(ours[key]) != kind(javas[key]):
            yield f"monitor.{key}: {kind(ours[key])} here, {kind(javas[key])} in Java"


def main():
    our_port, java_port = sys.argv[1:]
    found = []
    for command in COMMANDS:
        ours, javas = ask(our_port, command), ask(java_port, command)
        if ours[:2] != javas[:2]:
            found.append(f"{command}: {ours[:2]} here, {javas[:2]} in Java")
        found += differences(command, ours[2], javas[2])
        if ours[2]["error"] != javas[2]["error"]:
            found.append(f"{command}: the error is {ours[2]['error']}, and in Java {javas[2]['error']}")
    found += monitor_differences(ask(our_port, "monitor")[2], ask(java_port, "monitor")[2])
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


main()
