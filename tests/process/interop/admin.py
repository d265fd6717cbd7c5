"""Asks the admin servers of a C and of a Java follower the same, and compares the answers key by key.

Usage: admin.py C_PORT JAVA_PORT. Two followers: keys, their order and the types of values must agree, and what they say of their
leader and of the addresses of the voters must be the same. Java puts the figures of ServerStats
and MultipleAddresses in the order of its reflection, which changes from start to start; there only the sets agree. Of monitor
every figure of Java's that the C peer has must be there in Java's form, and only our own besides. admin.py --observers C_PORT JAVA_PORT: two leaders, each with an observer
that has had the same requests: what they count of it, and which figures of their learners they have. Prints a line for each
difference, and ends with 1 if there is one."""

import json
import re
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


def of_learners(port):
    """The names of the figures by learner, and of those about bringing one up to date."""
    return {key for key in ask(port, "monitor")[2] if re.search("learner_handler|ack_latency|inflight", key)}


def observers_of(port):
    answer = ask(port, "observers")[2]
    for observer in answer["observers"]:
        assert observer["established"] > 1e12 and observer["packets_sent"] > 0 and observer["last_zxid"] > 0, observer
    return answer


def observer_differences(ours, javas):
    """The weight of a queue is below zero in Java (D-285), and pings make the numbers of packets differ."""
    here, there = observers_of(ours), observers_of(javas)
    yield from differences("observers", here, there)
    for key in ("sid", "requests", "queued_packets"):
        values = [[observer[key] for observer in answer["observers"]] for answer in (here, there)]
        if values[0] != values[1]:
            yield f"observers: {key} is {values[0]} here, {values[1]} in Java"
    if here["synced_observers"] != 1 or here["observers"][0]["queued_packets_size"] < 0:
        yield f"observers: {here}"
    # Java has no time of a queue that it has cleared for a SNAP, until a thousand packets are through.
    missing = of_learners(javas) - of_learners(ours)
    if missing:
        yield f"monitor: only in Java: {sorted(missing)}"
    for port in (ours, javas):
        ask(port, "observer_connection_stat_reset")
    yield from (f"observers: {answer['observers'][0]['requests']} requests after the reset"
                for answer in map(observers_of_any, (ours, javas)) if answer["observers"][0]["requests"] != 0)


def observers_of_any(port):
    return ask(port, "observers")[2]


def ensemble_of(port):
    """What all members must tell alike: who leads and where, and the addresses of each voter."""
    voters = ask(port, "voting_view")[2]["current_config"]
    return ask(port, "leader")[2], {sid: [voter[key] for key in ("server_addresses", "election_addresses", "learner_type")]
                                    for sid, voter in voters.items()}


def ensemble_differences(ours, javas):
    here, there = ensemble_of(ours), ensemble_of(javas)
    if here != there:
        yield f"the ensemble is {here} here, and in Java {there}"
    if here[0]["leader_ip"] != "localhost" or len(here[1]) < 3:
        yield f"the ensemble is {here}"


def main():
    if sys.argv[1] == "--observers":
        end(list(observer_differences(*sys.argv[2:])))
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
    found += ensemble_differences(our_port, java_port)
    end(found)


def end(found):
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


main()
