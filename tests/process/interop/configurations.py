"""Gives the same configurations to Java's parser and to zkpeer --check-config, good ones and bad ones: do both take a file, and
do they read the same out of it?

Usage: configurations.py [--count N] [--seed S] DIRECTORY. Of some thousands of files, which are odd in one place or in a few, the
seed chooses N. Where one of the two takes a file and the other refuses it, it must be for a reason of NOTES.md, which stands in
DEPARTURES with its number. Prints what differs, and ends with 1 if something does."""

import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.join(HERE, "..", "..", "..")
ZKPEER = os.environ.get("ZKPEER_BINARY", os.path.join(REPO, "build", "zkpeer"))
# What ours says where it refuses, and what Java throws where it does.
OURS = (("is not served by zkpeer", "D-28"), ("client port .* is also the", "D-29"), ("port of server.* is also the", "D-110"),
        ("must not be |times tickTime is more|is no time to wait", "D-93"), ("is not a port; write a number", "D-288"),
        ("byte-order mark", "D-111"), 
        # Java's parser does not look at it, but its start ends there.
        ("cnxTimeout=.*For input string", "A-19"))
JAVAS = (("StringIndexOutOfBoundsException", "D-33"), ("metrics provider class was not found", "D-286"))
DEPARTURES = {"c": OURS, "java": JAVAS}

ALONE = "dataDir=@/data\nclientPort=22181\nclientPortAddress=127.0.0.1\n"
MEMBER = "tickTime=2000\ninitLimit=10\nsyncLimit=5\n" + ALONE
SERVERS = "server.1=127.0.0.1:3001:3002\nserver.2=127.0.0.1:3003:3004\nserver.3=127.0.0.1:3005:3006\n"
NUMBERS = """tickTime initLimit syncLimit clientPort connectToLearnerMasterLimit maxClientCnxns minSessionTimeout maxSessionTimeout
clientPortListenBacklog electionAlg quorum.cnxn.threads.size multiAddress.reachabilityCheckTimeoutMs autopurge.snapRetainCount
autopurge.purgeInterval secureClientPort observerMasterPort jvm.pause.info-threshold.ms jvm.pause.sleep.time.ms""".split()
BOOLEANS = """quorumListenOnAllIPs syncEnabled standaloneEnabled localSessionsEnabled localSessionsUpgradingEnabled multiAddress.enabled
multiAddress.reachabilityCheckEnabled sslQuorum portUnification quorum.auth.enableSasl jvm.pause.monitor""".split()
TEXTS = """dataDir dataLogDir clientPortAddress secureClientPortAddress dynamicConfigFile oraclePath peerType
quorum.auth.server.saslLoginContext metricsProvider.className metricsProvider.httpPort foo snapCount cnxTimeout server group
version""".split()
VALUES = ["", "0", "-1", "1", "-0", "+5", "007", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1e3", "0x10", "1_0",
          "1.0", "5 ", "5 # five", "5\t", "5\f", "5\v", "5\x1f", " 5", "5,", "\\u0035", "\\u00355", "5\\", "5\\n", "true", "TRUE", "yes",
          "false", "true ", "tru\\\n  e", "true\\", "observer", "OBSERVER", "obser ver", "/", "@/x", "@/x/", "@//x//y", "@/./x",
          "127.0.0.1", "::1", "[::1]", "0.0.0.0", "::", "localhost", "127.1", "2130706433", "0x7f.1", "127.0.0.1:99", "300.1.1.1", "3",
          "22181", "3001", "65535", "65536", "org.apache.zookeeper.metrics.impl.DefaultMetricsProvider"]
FORMS = ["{k} = {v}", "{k}:{v}", "{k} {v}", "{k}\t{v}", "  {k}={v}", "{k}=={v}", "{k}=:{v}", "{K}={v}", "{k}={v}\r", "#{k}={v}", "!{k}={v}",
         "{k}\\={v}", "{k}={v}\n{k}={v}9", "{k}=99999999999\n{k}={v}", "{k}={v}\r{k}={v}", "{k}\\\n={v}", "{k}=\\\n{v}", "{k}=\\\n#{v}",
         "\\\n{k}={v}", "\\\n#{k}={v}", "{u}={v}", "{k}", "={v}", "{k}=", ";{k}={v}", "{k}=\"{v}\"", "{k}={v};", "\\u00zz={v}", "{k}=\\u12",
         "\\k{k}={v}", "{k}=\\{v}", "{k}=\\t{v}", "{k}={v}\\t", "{k}={v}\\u0000",
         # Java trims the keys: two that become one are read in the order of its hash table.
         "{k}\\ ={v}", "\\ {k}={v}", "\\f{k}\\t={v}", "{m}\\ {n}={v}", "{k}\\u00a0={v}", "{k}\\ ={v}\n{k}={o}", "{k}={o}\n{k}\\ ={v}",
         "\\ {k}={v}\n{k}={o}", "{k}={o}\n\\ {k}={v}", "{k}\\t={v}\n{k}={o}", "{k}\\ ={v}\n{k}\\t={o}", "\\t{k}\\ ={v}\n\\r{k}={o}",
         "{k}={o}\n{k}\\ ={v}\n{k}={o}", "{k}={v}\n{k}\\ =x"]
LINES = """127.0.0.1:3007:3008|127.0.0.1:3007|127.0.0.1||127.0.0.1:3007:3008:|127.0.0.1:3007:3008:participant|127.0.0.1:3007:3008:OBSERVER
127.0.0.1:3007:3008: observer|127.0.0.1:3007:3008:foo|127.0.0.1:3007:3008:observer:x|127.0.0.1:3007:3008;22181|127.0.0.1:3007:3008;22182
127.0.0.1:3007:3008;127.0.0.1:22181|127.0.0.1:3007:3008;localhost:22181|127.0.0.1:3007:3008;0.0.0.0:22181|127.0.0.1:3007:3008;
127.0.0.1:3007:3008;;|127.0.0.1:3007:3008;x|127.0.0.1:3007:3008;[::1]:22181|127.0.0.1:3007:3008;::1:22181|[::1]:3007:3008|::1:3007:3008
127.0.0.1:3007:3008;22181:participant|[::1:3007:3008|[::1]3007:3008|[]:3007:3008|[127.0.0.1]:3007:3008|localhost:3007:3008
0.0.0.0:3007:3008|:3007:3008|127.0.0.1 :3007:3008|127.0.0.1:3007:3008 # x|127.0.0.1:+3007:3008|127.0.0.1:-1:3008|127.0.0.1:0:3008
127.0.0.1:65536:3008|127.0.0.1:3007:3007|127.0.0.1::3008|127.0.0.1:3007:|127.0.0.1:a:b|256.1.1.1:3007:3008|127.1:3007:3008
127.0.0.1\\:3007\\:3008|[::ffff:127.0.0.1]:3007:3008|127.0.0.1:3003:3004|127.0.0.1:22181:3008|127.0.0.1:03007:03008""".replace("\n", "|").split("|")
KEYS = ["server.", "server.x", "server.-1", "server.0", "server.01", "server.+1", "server. 1", "server.4", "server.256", "server.1.1",
        "server.9223372036854775807", "server.9223372036854775808", "server", "Server.1", "server1", "server..4", "server.\\u0034"]
GROUPS = ["group.1=1:2:3", "group.1=1:2\ngroup.2=3", "group.1=1:2:3\nweight.1=0", "group.1=", "group.1=:", "group.1=1::2", "group.1=1:2:3:4",
          "group.1=1 :2", "group.1= 1: 2 :3", "group.1=a", "group.x=1:2:3", "group=1:2:3", "groupfoo=1", "weight.1=1", "weight.1=-1",
          "weight.1=x", "weight.x=1", "weight=1", "group.1=1:2\ngroup.2=2:3", "group.1=1:2:3\nweight.1=9223372036854775807\nweight.2=1",
          "group.1=1:2:3\nweight.1=0\nweight.2=0\nweight.3=0", "group.1=1,2,3", "group.1=1:1:2:3", "weightless=1"]
MYIDS = ["1", "2\n", "1\r\n", " 1", "1 ", "01", "+1", "", "\n1", "1\n2", "1.0", "0x1", "-1", "9", "99999999999999999999", "one", None]

Case = collections.namedtuple("Case", "text myid files", defaults=("1\n", {}))


def both(line, **more):
    yield Case(ALONE + line, **more)
    yield Case(MEMBER + SERVERS + line, **more)


def cases(rng):
    for key in NUMBERS + BOOLEANS + TEXTS:
        for value in VALUES:
            yield from both(f"{key}={value}\n")
    for key, value, other in (("tickTime", "1234", "1500"), ("syncEnabled", "false", "true"), ("dataLogDir", "@/log", "@/other"),
                              ("peerType", "observer", "participant"), ("clientPort", "22182", "22183"), ("dataDir", "@/data", "@/data/"),
                              ("initLimit", "7", "8"), ("minSessionTimeout", "5000", "6000"), ("quorumListenOnAllIPs", "true", "false")):
        for form in FORMS:
            yield from both(form.format(k=key, v=value, o=other, m=key[:3], n=key[3:], K=key.upper(),
                                        u="".join(f"\\u{ord(c):04x}" for c in key)) + "\n")
    for form in ("{k}\\ ={v}", "\\ {k}={v}", "{k}={v}\n{k}\\ ={o}", "{k}={v}\n\\ {k}={o}", "\\ {k}={v}\n{k}={o}"):
        for key, value, other in (("server.1", "127.0.0.1:3001:3002", "127.0.0.1:3011:3012"), ("version", "5", "6"), ("group.1", "1:2:3", "1:2"),
                                  ("weight.1", "1", "2"), ("dynamicConfigFile", "@/dyn", "@/dyn.7")):
            lines = form.format(k=key, v=value, o=other) + "\n"
            yield Case(MEMBER + SERVERS + lines, files={"dyn": SERVERS, "dyn.7": SERVERS})
            yield Case(MEMBER + lines, files={"dyn": SERVERS, "dyn.7": SERVERS})
            yield Case(MEMBER + "dynamicConfigFile=@/dynamic.3\n", files={"dynamic.3": SERVERS + lines})
            yield Case(MEMBER + "dynamicConfigFile=@/dynamic\n", files={"dynamic": lines + SERVERS})
    for line in LINES:
        for place in (1, 3):
            rest = "".join(other + "\n" for other in SERVERS.splitlines() if not other.startswith(f"server.{place}="))
            yield Case(f"{MEMBER}{rest}server.{place}={line}\n")
        yield Case(f"{MEMBER}server.1={line}\n")
        yield Case(f"{MEMBER}standaloneEnabled=false\nserver.1={line}\n")
    for key in KEYS:
        yield from both(f"{key}=127.0.0.1:3007:3008\n")
        yield from both(f"{key}=127.0.0.1:3007:3008:observer\n")
    for lines in GROUPS:
        yield from both(lines + "\n")
        yield Case(f"{MEMBER}{SERVERS}server.4=127.0.0.1:3007:3008:observer\n{lines}\n")
    lines = SERVERS.splitlines(True)
    for servers in ("", lines[0], "".join(lines[:2]), SERVERS, lines[0].strip() + ":observer\n", SERVERS.replace("\n", ":observer\n"),
                    "".join(lines[:2]) + lines[2].strip() + ":observer\n", lines[0] + lines[1].strip() + ":observer\n"):
        for switch in ("", "standaloneEnabled=false\n", "peerType=observer\n", "oraclePath=@/oracle\n"):
            for myid in MYIDS:
                yield Case(MEMBER + servers + switch, myid)
    for name in ("dyn", "zoo.cfg.dynamic", "zoo.cfg.dynamic.0", "zoo.cfg.dynamic.100000003", "zoo.cfg.dynamic.zz", "dyn.-1", "dyn.FF"):
        for body in (SERVERS, "", SERVERS + "version=3\n", SERVERS + "foo=1\n", SERVERS.replace("\n", ";22181\n", 1), SERVERS + "x", lines[0],
                     SERVERS + "\\", SERVERS + "\\\n", SERVERS + "\\\r\n", SERVERS + "\\\n  ", SERVERS + "\\\n#", SERVERS.strip() + "\\",
                     SERVERS.strip() + "\\\\", SERVERS + "#\\", SERVERS + "  \\", SERVERS + "\\\n\\", "\\", SERVERS + "version\\=5",
                     SERVERS + "vers\\"):
            yield Case(f"{MEMBER}dynamicConfigFile=@/{name}\n", files={name: body})
            yield Case(f"{MEMBER}dynamicConfigFile=@/{name}\n{lines[0]}", files={name: body})
    for _ in range(1000):
        several = [f"{rng.choice(NUMBERS + BOOLEANS + TEXTS)}={rng.choice(VALUES)}" for _ in range(rng.randint(2, 3))]
        text = (rng.choice((ALONE, MEMBER + SERVERS)) + "\n".join(several)).split("\n")
        rng.shuffle(text)
        yield Case(rng.choice(("\n", "\r\n", "\r")).join(text) + "\n")


def write(directory, case):
    os.makedirs(os.path.join(directory, "data"))
    for name, text in {"zoo.cfg": case.text, "data/myid": case.myid, **case.files}.items():
        if text is not None:
            with open(os.path.join(directory, name), "w", encoding="ascii", newline="") as file:
                file.write(text.replace("@", directory))
    return os.path.join(directory, "zoo.cfg")


def java_says(directory, paths):
    command = subprocess.run([os.path.join(REPO, "scripts", "java-node.sh"), "--print", paths[0]], check=True, capture_output=True,
                             text=True).stdout.split("\n")
    class_path = command[command.index("-cp") + 1]
    subprocess.run(["javac", "-cp", class_path, "-d", directory, os.path.join(HERE, "Configurations.java")], check=True)
    hosts = os.path.join(directory, "hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost\n")
    output = subprocess.run(["java", "-Djdk.net.hosts.file=" + hosts, "-cp", class_path + ":" + directory, "Configurations"], check=True,
                            input="\n".join(paths) + "\n", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return output.splitlines()


def found(pattern, text, otherwise=""):
    match = re.search(pattern, text, re.M)
    return match[1] if match else otherwise


def ours_says(path):
    """The same line out of the report."""
    run = subprocess.run([ZKPEER, "--check-config", path], capture_output=True, text=True, check=False)
    report = run.stdout
    if run.returncode == 2 or "A start would end" in report:
        return "refused " + (report + run.stderr).replace("\n", " ")
    assert "A tick is" in report, (path, run)
    ensemble = "This server is alone" not in report
    values = [("self", found(r"^This server is server\.(-?\d+)", report, "alone")),
              ("client", found(r"^It listens to clients at (.*)\.$", report, "none")),
              ("tick", found(r"^A tick is (-?\d+) ms", report)), ("sessions", found(r"Sessions last (.*) ms\.$", report)),
              ("dataDir", found(r"^dataDir is (.*)\.$", report))]
    values.append(("dataLogDir", found(r"^dataLogDir is (.*)\.$", report, values[-1][1])))
    if ensemble:
        values += [("limits", found(r"initLimit, (-?\d+) tick", report) + " " + found(r"syncLimit, (-?\d+) tick", report)),
                   ("all", str("listens to other servers at all addresses" in report).lower()),
                   ("version", found(r"^The ensemble, version 0x([0-9a-f]+) ", report))]
        for sid, kind, lines in sorted(re.findall(r"^  server\.(-?\d+)(?: \(this one\))?, an? (voter|observer)\n((?:    .*\n)+)", report, re.M),
                                       key=lambda member: int(member[0])):
            ports = {what: sorted(re.findall(rf"^    {what} port +(.*) \(", lines, re.M)) for what in ("quorum", "election")}
            values.append((f"server.{sid}", " ".join([{"voter": "PARTICIPANT"}.get(kind, "OBSERVER"), "quorum", *ports["quorum"], "election",
                                                      *ports["election"]])))
    return "\t".join(f"{key}={value}" for key, value in values)


def departure(kind, words):
    return next((number for pattern, number in DEPARTURES[kind] if re.search(pattern, words)), None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", default="1")
    parser.add_argument("directory")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    chosen = list(cases(rng))
    chosen = rng.sample(chosen, min(arguments.count, len(chosen)))
    top = os.path.join(os.path.abspath(arguments.directory), "configurations")
    paths = [write(os.path.join(top, str(i)), case) for i, case in enumerate(chosen)]
    outcomes, bad = collections.Counter(), 0
    for path, case, java in zip(paths, chosen, java_says(top, paths), strict=True):
        ours = ours_says(path)
        refused = [words.startswith("refused") for words in (ours, java)]
        number = departure("c" if refused[0] else "java", ours if refused[0] else java) if refused[0] != refused[1] else None
        if refused[0] and refused[1]:
            outcomes["refused by both"] += 1
        elif number is not None:
            outcomes[number] += 1
        elif ours == java:
            outcomes["read alike"] += 1
        else:
            bad += 1
            print(f"{case!r}\n  Java: {java}\n  C:    {ours}")
    print(", ".join(f"{outcome}: {count}" for outcome, count in sorted(outcomes.items())), f"differ: {bad}")
    shutil.rmtree(top)
    # Without any of the two first ones nothing has been compared.
    sys.exit(1 if bad or not outcomes["refused by both"] or not outcomes["read alike"] else 0)


main()
