#!/usr/bin/env python3
"""Reads the pages for Prometheus of C peers, as strictly as the text format 0.0.4 is written.

    prometheus.py check PORT CLIENT_PORT ROLE    at rest: the page's figures are those of mntr, and those of Java for the role
    prometheus.py beside PORT JAVA_CLIENT_PORT   two followers: what Java's mntr has is on the page of C
    prometheus.py waiting PORT                   while nothing serves: counters and summaries, and no gauge of a server
    prometheus.py elsewhere PORT                 nothing but the page is there
    prometheus.py watch STOP_FILE SERVERS PORT... until the file is there: clients work, pages are read on and on, and no
                                                 counter falls

ROLE is F, L or O: a follower, a leader, an observer. prometheus.txt has Java's figures. Prints what is wrong, and ends with 1 if
anything is."""

import http.client
import logging
import math
import os
import re
import socket
import sys
import threading
import time
import urllib.request

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
# In a label's value a quote, a backslash and the end of a line are escaped; nothing else may be.
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (NaN|[+-]?(?:Inf|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))")
TYPES = ("counter", "gauge", "summary", "histogram", "untyped")
OUR_OWN = re.compile("election_round|last_election_time|last_fsync_time|thread_count|observer_master_id|election_peer_.*")
# D-286: what only Java's page has.
NOT_HERE = re.compile("jvm_pause_time_ms|tls_.*|outstanding_tls_handshake|unsuccessful_handshake|non_mtls_.*|"
                      "netty_queued_buffer_capacity|insecure_admin_count|cnxn_closed_without_zk_server_running|"
                      "auth_failed_count|connection_drop_probability|ensemble_auth_.*|om_.*|dead_watchers_.*|"
                      "add_dead_watcher_stall_time|skip_learner_request_to_next_processor_count|"
                      "requests_not_forwarded_to_commit_processor|quit_leading_due_to_disloyal_voter|"
                      "(write|read|quota_.*)_per_namespace|response_packet_.*|node_.*_watch_count|"
                      "(write|read)_(commitproc|final_proc)_time_ms|(local|server)_write_committed_time_ms|"
                      "concurrent_request_processing_in_commit_processor|"
                      "time_waiting_empty_pool_in_commit_processor_read_ms|socket_closing_time")
NOT_HERE_OF_FOLLOWER = re.compile("synced_observers")
# A word and a page are asked over connections of their own, and a word is answered by a thread of its own.
ASKING_CHANGES = ("num_alive_connections", "open_file_descriptor_count", "thread_count")


class Wrong(Exception):
    """The page is not what it should be."""


def need(condition, words):
    if not condition:
        raise Wrong(words)


# ---- the text format -------------------------------------------------------------------------------------------------


class Family:
    """What stands behind one TYPE."""

    def __init__(self, name):
        self.name = name
        self.type = None
        self.samples = {}  # by name and labels

    def may_have(self, name):
        return name == self.name or self.type == "summary" and name in (self.name + "_count", self.name + "_sum")


def labels_of(text):
    """Those of a sample, in order. Each has a name of its own; a comma may stand behind the last one."""
    labels = re.findall(LABEL, text or "")
    need(",".join(f'{name}="{value}"' for name, value in labels) == (text or "").removesuffix(","), f"the labels {text}")
    need(len({name for name, _ in labels}) == len(labels), f"a label comes twice in {text}")
    return tuple(labels)


def families_of(page):
    """All families of a page, by name. Each stands together: HELP, TYPE, samples."""
    need(page.endswith("\n"), "the last line has no end")
    families, family = {}, None
    for line in page[:-1].split("\n"):
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            need(re.fullmatch(NAME, name) and name not in families, f"a name twice, or none: {line}")
            need(family is None or family.samples or family.type == "summary", f"{line}: nothing stands before it")
            need(not re.search(r"\\(?![\\n])", line), f"{line}: a backslash is not escaped")
            family = families[name] = Family(name)
        elif line.startswith("# TYPE "):
            words = line.split(" ")
            need(len(words) == 4 and family is not None and words[2] == family.name and family.type is None
                 and words[3] in TYPES, f"{line}: not just behind its HELP")
            family.type = words[3]
        else:
            take_sample(family, line)
    for family in families.values():
        check_family(family)
    return families


def take_sample(family, line):
    found = SAMPLE.fullmatch(line)
    need(found is not None and family is not None and family.type is not None, f"no sample of a family: {line!r}")
    key = (found[1], labels_of(found[2]))
    need(family.may_have(key[0]), f"{line} stands in the family {family.name}")
    need(key not in family.samples, f"{line} comes twice")
    family.samples[key] = float(found[5])


def check_family(family):
    need(family.type is not None, f"{family.name} has no type")
    for (name, labels), value in family.samples.items():
        quantile = dict(labels).get("quantile")
        if family.type != "summary":
            need(not labels and math.isfinite(value), f"{name}{labels} is {value}")
            need(family.type != "counter" or value >= 0, f"{name} is {value}")
        elif name == family.name:
            need(quantile in ("0.5", "0.9", "0.99"), f"{name}{labels}: no quantile")
            count = count_of(family, labels)
            need(math.isfinite(value) or count == 0, f"{name}{labels} is {value}, and there are {count} values")
        else:
            need(quantile is None and math.isfinite(value), f"{name}{labels} is {value}")
            need(key_of(labels) is None or re.fullmatch("-?[0-9]+", key_of(labels)), f"{name}{labels}: no id")


def key_of(labels):
    return dict(labels).get("key")


def count_of(family, labels):
    key = key_of(labels)
    found = family.samples.get((family.name + "_count", (("key", key),) if key else ()))
    need(found is not None and (family.name + "_sum", (("key", key),) if key else ()) in family.samples,
         f"{family.name}{labels} has no count, or no sum")
    return found


# ---- asking ----------------------------------------------------------------------------------------------------------


def page_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        need(answer.status == 200 and answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8",
             f"{answer.status} {answer.headers['Content-Type']}")
        return families_of(answer.read().decode())


def mntr_of(port):
    port = int(port)
    """The numbers of mntr, without zk_."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        sock.sendall(b"mntr")
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    lines = [line.split("\t") for line in answer.decode().splitlines()]
    return {name.removeprefix("zk_"): float(value) for name, value in lines if re.fullmatch(r"-?\d+(\.\d+)?", value)}


def samples_of(families):
    return {key: value for family in families.values() for key, value in family.samples.items()}


# ---- at rest ---------------------------------------------------------------------------------------------------------


def in_mntr(name, labels):
    """The name of a sample there, or None: it has no quantile 0.9, and none of a summary of Java's level BASIC."""
    key = key_of(labels)
    quantile = dict(labels).get("quantile")
    if quantile is not None:
        prefix = {"0.5": "p50_", "0.99": "p99_"}.get(quantile)
    elif name.endswith(("_count", "_sum")) and key is not None:
        prefix, name = ("cnt_", name.removesuffix("_count")) if name.endswith("_count") else ("sum_", name.removesuffix("_sum"))
    else:
        prefix = ""
    return prefix if prefix is None else prefix + (key + "_" if key is not None else "") + name


def figures_differ(before, mntr, after):
    """mntr is asked between two pages, so each of its figures is between theirs, or is both."""
    first, last = samples_of(before), samples_of(after)
    left = {name for name in mntr if not re.match("(avg|min|max|p50|p95|p99|p999)_", name)}
    for family in before.values():
        for (name, labels), value in family.samples.items():
            if family.type == "summary" and "quantile" not in dict(labels) and key_of(labels) is None:
                there = {"_count": "cnt_", "_sum": "sum_"}[name.removeprefix(family.name)] + family.name
            else:
                there = in_mntr(name, labels)
            is_told = there is not None and (there in mntr or "quantile" not in dict(labels))
            left.discard(there)
            if not is_told:
                continue
            low, high = sorted((value, last.get((name, labels), value)))
            near = 2 if name in ASKING_CHANGES else 0
            if there not in mntr:
                yield f"{name}{labels} is on the page, and not in mntr"
            elif math.isnan(value) and mntr[there] != 0 or not math.isnan(value) and not low - near <= mntr[there] <= high + near:
                yield f"{name}{labels} is {value} and {last.get((name, labels))} on the page, and {mntr[there]} in mntr"
    yield from (f"{name} is in mntr, and not on the page" for name in sorted(left) if name in mntr)
    yield from (f"{key} is not on the second page" for key in first if key not in last)


def javas_figures():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prometheus.txt")
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file if not line.startswith("#")]


def quantiles_of(family):
    return {dict(labels)["quantile"] for name, labels in family.samples if name == family.name and "quantile" in dict(labels)}


def names_differ(families, role):
    javas = {name: (kind, quantiles) for name, kind, quantiles, roles in javas_figures() if role in roles}
    for name, (kind, quantiles) in javas.items():
        is_not_here = NOT_HERE.fullmatch(name) or role == "F" and NOT_HERE_OF_FOLLOWER.fullmatch(name)
        if name not in families:
            if not is_not_here:
                yield f"Java's page has {name}"
            continue
        if is_not_here:
            yield f"{name} is here, and D-286 says that it is not"
        if families[name].type != kind:
            yield f"{name} is a {families[name].type}, and in Java a {kind}"
        found = quantiles_of(families[name])
        if found and quantiles not in ("?", "-") and found != set(quantiles.split(",")):
            yield f"{name} has the quantiles {sorted(found)}, and in Java {quantiles}"
    yield from (f"Java's page has no {name}" for name in families if name not in javas and not OUR_OWN.fullmatch(name))


def quantiles_fall(families):
    for family in families.values():
        by_key = {}
        for (name, labels), value in family.samples.items():
            if name == family.name and family.type == "summary" and not math.isnan(value):
                by_key.setdefault(key_of(labels), []).append((float(dict(labels)["quantile"]), value))
        for key, pairs in by_key.items():
            if pairs != sorted(pairs) or [value for _, value in pairs] != sorted(value for _, value in pairs):
                yield f"{family.name} of {key}: the quantiles are {pairs}"


def check(port, client_port, role):
    """A tick, a ping or a snapshot may come between; then the next look counts."""
    for _ in range(20):
        before, mntr, after = page_of(port), mntr_of(client_port), page_of(port)
        found = [*figures_differ(before, mntr, after), *quantiles_fall(before)]
        if not found:
            break
    found += names_differ(before, role)
    print(f"{len(samples_of(before))} figures on the page, {len(mntr)} in mntr")
    return found


def beside(port, java_client_port):
    """Java's other provider has a summary's count as cnt_NAME, and cnt_KEY_NAME where it has keys."""
    families, found = page_of(port), []
    javas = mntr_of(java_client_port)
    summaries = {name.removeprefix("cnt_") for name in javas if name.startswith("cnt_")}
    of_summaries = {prefix + name for name in summaries for prefix in ("cnt_", "sum_", "avg_", "min_", "max_",
                                                                        "p50_", "p95_", "p99_", "p999_")}
    for name, kinds in [*((name, ("summary",)) for name in summaries),
                        *((name, ("gauge", "counter")) for name in javas if name not in of_summaries)]:
        is_not_here = NOT_HERE.fullmatch(name) or NOT_HERE_OF_FOLLOWER.fullmatch(name) or name.endswith("_per_namespace")
        if not is_not_here and (name not in families or families[name].type not in kinds):
            found.append(f"Java's mntr has {name}, and the page has {families[name].type if name in families else 'nothing'}")
    print(f"{len(summaries)} summaries in Java's mntr, {len(javas)} numbers")
    return found if len(summaries) > 50 else found + ["too few of Java's"]


def elsewhere(port):
    found = []
    for path, method, status in (("/", "GET", 404), ("/metricsx", "GET", 404), ("/commands", "GET", 404), ("/metrics", "HEAD", 200),
                                 ("/metrics", "POST", 405), ("/metrics?name[]=znode_count", "GET", 200)):
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        connection.request(method, path)
        answer = connection.getresponse()
        length = len(answer.read())
        if answer.status != status or method == "HEAD" and (length > 0 or int(answer.headers["Content-Length"]) < 1000):
            found.append(f"{method} {path}: {answer.status}, {length} bytes")
        connection.close()
    return found


def waiting(port):
    families = page_of(port)
    print(f"{len(families)} names")
    return [f"{name} is a gauge" for name, family in families.items()
            if family.type == "gauge" and not OUR_OWN.fullmatch(name)] + [
                f"there is no {name}" for name in ("looking_count", "election_time", "fsynctime") if name not in families]


# ---- at work ---------------------------------------------------------------------------------------------------------


class Worker(threading.Thread):
    """A client whose sessions come and go, in which it writes, reads and watches."""

    def __init__(self, servers, number, is_over):
        super().__init__()
        self.servers, self.number, self.is_over = servers, number, is_over
        self.sessions = 0

    def run(self):
        while not self.is_over():
            client = KazooClient(hosts=self.servers, timeout=10, randomize_hosts=True)
            try:
                client.start(timeout=60)
                self.sessions += 1
                self.work(client)
            except Exception:  # pylint: disable=broad-except
                time.sleep(0.1)  # no quorum serves: a client's pause between two tries
            finally:
                client.stop()
                client.close()

    def work(self, client):
        path = f"/at-work-{self.number}"
        client.ensure_path(path)
        for i in range(40):
            if self.is_over():
                return
            try:
                node = client.create(path + "/n-", b"x" * (i * 30), sequence=True, ephemeral=i % 2 == 0)
                client.get(node, watch=print_nothing)
                client.set(node, b"y")
                client.get_children(path)
                client.sync(path)
                client.delete(node)
            except KazooException:
                time.sleep(0.1)


def print_nothing(_event):
    pass


def what_falls(before, after):
    """A figure that only grows: a counter, the count and the sum of a summary."""
    for name, family in before.items():
        if family.type == "gauge":
            continue
        if name not in after:
            yield f"{name} is gone"
            continue
        for key, value in family.samples.items():
            if family.type == "summary" and key[0] == name:
                continue
            now = after[name].samples.get(key)
            if now is None or now < value:
                yield f"{key} was {value} and is {now}"


def watch(stop_file, servers, *ports):
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # connections that are lost are what this is about

    def is_over():
        return os.path.exists(stop_file)

    workers = [Worker(servers, number, is_over) for number in range(3)]
    for worker in workers:
        worker.start()
    last, pages, found = {}, 0, []
    while not is_over() and not found:
        for port in ports:
            try:
                families = page_of(port)
                found += [f"{port}: {words}" for words in what_falls(last.get(port, {}), families)]
                last[port] = families
            except Wrong as wrong:
                found.append(f"{port}: {wrong}")
            pages += 1
    for worker in workers:
        worker.join()
    print(f"{pages} pages, {sum(worker.sessions for worker in workers)} sessions")
    if pages < 20 * len(ports) or not all(worker.sessions for worker in workers):
        found.append("that is not enough")
    return found


def main():
    verbs = {"check": check, "beside": beside, "waiting": waiting, "elsewhere": elsewhere, "watch": watch}
    try:
        found = verbs[sys.argv[1]](*sys.argv[2:])
    except Wrong as wrong:
        found = [str(wrong)]
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
