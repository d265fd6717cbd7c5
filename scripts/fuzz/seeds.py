#!/usr/bin/env python3
"""Writes the named seeds of the corpora: what Java sent (tests/golden) and every malformed input whose effect on a
real Java peer is known. Files with other names in corpus/ were found by the fuzzer; this script leaves them alone."""
import glob
import gzip
import os
import struct
import zlib

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests")
V1, V2, MAX, MIN = -65536, -65535, 2**63 - 1, -2**63


def seed(target, name, data):
    directory = os.path.join(TESTS, "fuzz", "corpus", target)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def seeds(target, prefix, table):
    for name, data in table.items():
        seed(target, prefix + name if prefix else name, data)


def golden():
    """name -> bytes of each tests/golden/<name>.hex."""
    found = {}
    for path in sorted(glob.glob(os.path.join(TESTS, "golden", "*.hex"))):
        with open(path, encoding="utf-8") as file:
            text = "".join(line.split("#")[0] for line in file)
        found[os.path.basename(path)[:-4]] = bytes.fromhex("".join(text.split()))
    return found


# ---- the election port ----------------------------------------------------------------------------

def hello(text=b"127.0.0.1:24383", sid=7, version=V1, length=None):
    return struct.pack(">qqi", version, sid, len(text) if length is None else length) + text


INITIAL = {
    "legacy-8-bytes": struct.pack(">q", 7),
    "legacy-largest": struct.pack(">q", MAX),
    "legacy-then-frame": struct.pack(">qi", 7, 28) + bytes(28),
    "then-frame": hello() + struct.pack(">i", 28) + bytes(28),
    "nothing": b"",
    "header-cut-7": hello()[:7],
    "header-cut-12": hello()[:12],
    "header-cut-19": hello()[:19],
    "version-minus-1": hello(version=-1),
    "version-min": hello(version=MIN),
    "length-0": hello(b""),
    "length-minus-1": hello(length=-1),
    "length-min": hello(length=-2**31),
    "length-2048": hello(b"h" * 2042 + b":24383"),
    "length-2049": hello(b"h" * 2043 + b":24383"),
    "length-max": hello(length=2**31 - 1),
    "text-cut": hello(length=16),
    "text-longer-than-said": hello(length=5),
    "sid-negative": hello(sid=-3),
    "sid-min": hello(sid=MIN),
    "sid-observer": hello(sid=MAX),
    "port-70000": hello(b"127.0.0.1:70000"),
    "port-minus-1": hello(b"127.0.0.1:-1"),
    "port-abc": hello(b"127.0.0.1:abc"),
    "port-blank": hello(b"127.0.0.1: 24383"),
    "port-plus": hello(b"127.0.0.1:+24383"),
    "port-missing": hello(b"127.0.0.1"),
    "port-empty": hello(b"127.0.0.1:"),
    "ports-two": hello(b"127.0.0.1:1:2"),
    "bracket-unclosed": hello(b"[::1:24383"),
    "bracket-any-character": hello(b"[::1]x24383"),
    "bracket-nothing-behind": hello(b"[::1]:"),
    "bracket-name": hello(b"[some.host]:24383"),
    "ipv6-zone": hello(b"[fe80::1%eth0]:24383"),
    "piece-empty-first": hello(b"|127.0.0.1:24383"),
    "piece-empty-middle": hello(b"127.0.0.1:1||127.0.0.2:2"),
    "piece-empty-last": hello(b"127.0.0.1:24383|"),
    "bar-alone": hello(b"|", version=V2),
    "v1-with-list": hello(b"127.0.0.1:1|127.0.0.2:2"),
    "v2-same-twice": hello(b"127.0.0.1:1|127.0.0.1:1", version=V2),
    "wildcard": hello(b"0.0.0.0:24383"),
    "wildcard-ipv6": hello(b"[::]:24383"),
    "wildcard-among-others": hello(b"0.0.0.0:1|127.0.0.1:2", version=V2),
    "name-unknown": hello(b"no.such.host.invalid:24383"),
    "host-empty": hello(b":24383"),
    "host-127.1": hello(b"127.1:24383"),
    "host-leading-zeros": hello(b"0177.0.0.1:24383"),
    "utf8-invalid": hello(b"\xff\xfe\xc0:24383"),
    "zero-byte": hello(b"127.0.0.1\0:24383"),
    "http": b"GET / HTTP/1.0\r\n\r\n",
}

CONFIG = (b"server.1=127.0.0.1:24281:24381:participant\nserver.2=127.0.0.1:24282:24382:participant\n"
          b"server.3=127.0.0.1:24283:24383:participant\nversion=0")


def vote(total=None, state=0, leader=3, zxid=0x100000000, ee=1, pe=1, version=2, length=None, config=CONFIG):
    data = struct.pack(">iqqqqii", state, leader, zxid, ee, pe, version, len(config) if length is None else length)
    data += config
    return data if total is None else data[:total]


NOTIFICATION = {f"length-{n}": vote(n) for n in (0, 1, 27, 28, 29, 35, 36, 37, 39, 40, 41, 43, 44, 45)}
NOTIFICATION.update({
    "version-0-of-44": vote(44, version=0),
    "version-1-of-41": vote(41, version=1),
    "version-1": vote(version=1),
    "version-minus-1": vote(version=-1),
    "version-3": vote(version=3),
    "version-max": vote(version=2**31 - 1),
    "config-empty": vote(config=b""),
    "config-length-minus-1": vote(length=-1),
    "config-length-min": vote(length=-2**31),
    "config-length-max": vote(length=2**31 - 1),
    "config-length-one-more": vote(length=len(CONFIG) + 1),
    "config-length-one-less": vote(length=len(CONFIG) - 1),
    "config-zero-byte": vote(config=b"version\0=1"),
    "state-4": vote(state=4),
    "state-minus-1": vote(state=-1),
    "zxid-negative-of-28": vote(28, zxid=-1),
    "observer-first": vote(leader=MIN, zxid=MIN, pe=MIN),
    "round-max": vote(ee=MAX),
    "zeros": bytes(4096),
})

# ---- configurations -------------------------------------------------------------------------------

LINES = {
    "plain": "127.0.0.1:2888:3888",
    "participant": "127.0.0.1:2888:3888:participant",
    "observer-capitals": "127.0.0.1:2888:3888:OBSERVER ",
    "client-port": "127.0.0.1:2888:3888:participant;2181",
    "client-address": "127.0.0.1:2888:3888;127.0.0.1:2181",
    "client-ipv6": "[::1]:2888:3888;[::1]:2181",
    "name": "zoo-1.example.org:2888:3888",
    "trailing-blank": "127.0.0.1:2888:3888 ",
    "semicolon-alone": ";",
    "semicolon-last": "127.0.0.1:2888:3888;;",
    "semicolons-three-parts": "127.0.0.1:2888:3888;2181;2182",
    "client-bad": "127.0.0.1:2888:3888;abc",
    "client-too-many": "127.0.0.1:2888:3888;a:b:c",
    "client-out-of-range": "127.0.0.1:2888:3888;65536",
    "bar": "127.0.0.1:2888:3888|127.0.0.2:2888:3888",
    "bar-last": "127.0.0.1:2888:3888|",
    "bar-alone": "|",
    "bracket-unclosed": "[::1:2888:3888",
    "bracket-nothing": "[::1]:",
    "bracket-any-character": "[::1]x2888:3888",
    "port-not-a-number": "127.0.0.1:abc:3888",
    "port-70000": "127.0.0.1:70000:3888",
    "port-negative": "127.0.0.1:2888:-1",
    "ports-equal": "127.0.0.1:2888:2888",
    "role-unknown": "127.0.0.1:2888:3888:leader",
    "colon-last": "127.0.0.1:2888:3888:",
    "parts-two": "127.0.0.1:2888",
    "parts-five": "127.0.0.1:2888:3888:observer:x",
    "host-empty": ":2888:3888",
    "host-127.1": "127.1:2888:3888",
    "host-leading-zeros": "0177.0.0.1:2888:3888",
    "empty": "",
}
LINES_SEVERAL = {
    "two": "127.0.0.1:2888:3888|127.0.0.2:2889:3889",
    "same-host": "127.0.0.1:10:21|127.0.0.1:11:20",
    "roles-differ": "127.0.0.1:2888:3888:observer|127.0.0.2:2888:3888:participant",
    "same-quorum-port": "127.0.0.1:10:21|127.0.0.1:10:22",
    "same-election-port": "127.0.0.1:10:21|127.0.0.1:11:21",
}

PROPERTIES = {
    "separators": "a=1\nb:2\nc 3\nd\t=\t4\ne : 5\nf  =  = 6\n",
    "comments": "# one\n! two\n   # three\nkey=value # no comment\n",
    "continued": "key=one \\\n   two\\\n\n",
    "continued-key": "ke\\\n  y=1\n",
    "escapes": "a\\=b\\:c\\ d=\\t\\n\\r\\f\\\\\\q\n",
    "unicode": "\\u0041\\u00e9\\u20ac=\\ud83d\\ude00\n",
    "unicode-half-pair": "a=\\ud83d\n",
    "unicode-malformed": "a=\\u12g4\n",
    "unicode-cut": "a=\\u12",
    "unicode-zero": "a=\\u0000b\n",
    "endings": "a=1\rb=2\r\nc=3\n\r\n",
    "twice": "a=1\na=2\n",
    "key-empty": "=1\n:2\n",
    "value-trailing-blank": "a=1 \n",
    "latin-1": b"a=\xe9\xff\n",
    "zero-byte": b"a\0b=c\0d\n",
    "backslash-last": "a=b\\",
    "form-feed": "\f a\f=\f1\n",
}

THREE = "server.1=127.0.0.1:24281:24381:participant\nserver.2=127.0.0.1:24282:24382:participant\n" \
        "server.3=127.0.0.1:24283:24383:participant\n"
GROUPS = THREE + "group.1=1:2\ngroup.2=3\nweight.1=2\nweight.2=1\nweight.3=1\n"

CONFIG_TEXTS = {
    "three": THREE + "version=0",
    "version-hex": THREE + "version=cafe",
    "version-negative": THREE + "version=-5",
    "version-not-hex": THREE + "version=xyz",
    "version-too-large": THREE + "version=10000000000000000",
    "five-hash-order": "".join(f"server.{i}=127.0.0.1:{i}:{i + 100}\n" for i in (1, 2, 16, 17, 33)),
    "negative-ids": "server.-3=h:1:2\nserver.2=h:3:4\nversion=0",
    "observers": THREE + "server.4=127.0.0.1:4:5:observer;127.0.0.1:6\nversion=1",
    "observers-only": "server.1=h:1:2:observer\nversion=0",
    "one": "server.1=h:1:2\nversion=0",
    "none": "version=0",
    "empty": "",
    "garbage": "not a config at all",
    "unicode-malformed": "server.1=\\uZZZZ",
    "unrecognised": THREE + "dataDir=/tmp\nversion=0",
    "sid-not-a-number": "server.abc=h:1:2\nversion=0",
    "sid-empty": "server.=h:1:2\nversion=0",
    "sid-too-large": "server.9223372036854775808=h:1:2\nversion=0",
    "sid-twice": "server.1=h:1:2\nserver.01=h:3:4:observer\nserver.2=h:5:6\nversion=0",
    "line-semicolon": "server.1=;\nserver.2=h:1:2\nversion=0",
    "port-out-of-range": "server.1=h:70000:2\nserver.2=h:1:2\nversion=0",
    "groups": GROUPS + "version=0",
    "groups-default-weights": THREE + "group.1=1:2:3\nversion=0",
    "groups-zero-weight": GROUPS + "weight.3=0\nversion=0",
    "groups-negative-weight": GROUPS + "weight.3=-7\nversion=0",
    "group-twice": THREE + "group.1=1:2\ngroup.2=2:3\nversion=0",
    "group-missing": THREE + "group.1=1:2\nversion=0",
    "group-stranger": THREE + "group.1=1:2:3:9\nversion=0",
    "group-empty": THREE + "group.1=\nversion=0",
    "group-no-dot": THREE + "groupfoo=1\nversion=0",
    "weight-not-a-number": GROUPS + "weight.9=x\nversion=0",
    "weights-share-a-bucket": THREE + "group.1=1:2\ngroup.2=3\nweight.242=2\nversion=0",
    "weight-without-group": THREE + "weight.1=3\nversion=0",
    "host-escaped": "server.1=a\\nb:1:2\nserver.2=h:1:2\nversion=0",
    "zero-bytes": b"server.1=h\0:1:2\nversion=0",
}

BASE = "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=.\n"
SERVERS = "server.1=127.0.0.1:2881:3881\nserver.2=127.0.0.1:2882:3882\nserver.3=localhost:2883:3883\n"


def cfg(lines="", myid="1\n", dynamic=None, following=None, base=BASE, servers=SERVERS):
    files = [base + servers + lines] + [text for text in (myid, dynamic, following) if text is not None]
    return "\0".join(files)


DYNAMIC = "dynamicConfigFile=dynamic\n"
ZOO_CFGS = {
    "three": cfg(),
    "client-port": cfg("clientPort=2181\n"),
    "client-address": cfg("clientPort=2181\nclientPortAddress=127.0.0.1\n"),
    "client-address-alone": cfg("clientPortAddress=127.0.0.1\n"),
    "client-port-differs": cfg("clientPort=2181\nserver.1=127.0.0.1:2881:3881;2182\n"),
    "client-port-is-election-port": cfg("clientPort=3881\n"),
    "tick-0": cfg("tickTime=0\n"),
    "tick-negative": cfg("tickTime=-1\n"),
    "tick-not-a-number": cfg("tickTime=2 000\n"),
    "init-limit-0": cfg("initLimit=0\n"),
    "sync-limit-missing": cfg(base="tickTime=2000\ninitLimit=10\ndataDir=.\n"),
    "data-dir-missing": cfg(base="tickTime=2000\ninitLimit=10\nsyncLimit=5\n"),
    "election-alg-1": cfg("electionAlg=1\n"),
    "peer-type-unknown": cfg("peerType=leader\n"),
    "peer-type-observer": cfg("peerType=observer\n"),
    "boolean-bad": cfg("quorumListenOnAllIPs=yes\n"),
    "session-timeouts": cfg("minSessionTimeout=5\nmaxSessionTimeout=4\n"),
    "unknown-key": cfg("cnxTimeout=5000\nfastleader.maxNotificationInterval=0x100\n"),
    "refused": cfg("sslQuorum=true\n"),
    "multi-address": cfg("multiAddress.enabled=true\n"),
    "oracle": cfg("oraclePath=oracle\n"),
    "groups": cfg("group.1=1:2\ngroup.2=3\nweight.1=2\n"),
    "version": cfg("version=cafe\n"),
    "server-trailing-blank": cfg("server.3=127.0.0.1:2883:3883 \n"),
    "standalone": cfg(servers="server.1=127.0.0.1:2881:3881\n"),
    "standalone-disabled": cfg("standaloneEnabled=false\n", servers="server.1=127.0.0.1:2881:3881\n"),
    "no-servers": cfg(servers=""),
    "observers-only": cfg(servers="server.1=h:1:2:observer\n"),
    "unicode-malformed": cfg("a=\\uXXXX\n"),
    "myid-missing": cfg(myid=None),
    "dynamic": cfg(DYNAMIC, dynamic=SERVERS, servers=""),
    "dynamic-and-server": cfg(DYNAMIC, dynamic=SERVERS),
    "dynamic-missing": cfg(DYNAMIC, servers=""),
    "dynamic-path-empty": cfg("dynamicConfigFile=\n", servers=""),
    "dynamic-version-inside": cfg(DYNAMIC, dynamic=SERVERS + "version=1\n", servers=""),
    "dynamic-other-key": cfg(DYNAMIC, dynamic=SERVERS + "tickTime=1\n", servers=""),
    "dynamic-next": cfg(DYNAMIC, dynamic=SERVERS, following=SERVERS + "version=5\n", servers=""),
    "dynamic-next-bad": cfg(DYNAMIC, dynamic=SERVERS, following="server.1=x\n", servers=""),
}
for word, text in {"crlf": "2\r\n", "leading-zeros": "002", "plus": "+2", "blank": "2 ", "line-two": "\n2", "abc": "abc",
                   "bom": "\ufeff2", "long": "2" * 20, "empty": "", "minus-5": "-5", "minus-1": "-1",
                   "stranger": "9\n"}.items():
    ZOO_CFGS["myid-" + word] = cfg(myid=text)

# ---- after the election ---------------------------------------------------------------------------


def packet(kind, zxid=0, data=None, auth=None):
    body = struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data
    ids = struct.pack(">i", -1)
    if auth is not None:
        ids = struct.pack(">i", len(auth))
        for part in (text for pair in auth for text in pair):
            ids += struct.pack(">i", len(part)) + part
    return struct.pack(">iq", kind, zxid) + body + ids


INFO = struct.pack(">qiq", 1, 0x10000, 0)
PACKETS = {
    "authinfo": packet(1, 5, b"request", [(b"ip", b"127.0.0.1"), (b"digest", b"a:b")]),
    "authinfo-empty": packet(1, 5, b"", []),
    "authinfo-count-max": packet(1)[:-4] + struct.pack(">i", 2**31 - 1),
    "authinfo-count-minus-2": packet(1)[:-4] + struct.pack(">i", -2),
    "authinfo-null-strings": packet(1)[:-4] + struct.pack(">iii", 1, -1, -1),
    "data-empty": packet(5, 0, b""),
    "data-length-max": struct.pack(">iqi", 5, 0, 2**31 - 1),
    "data-length-minus-2": struct.pack(">iqi", 5, 0, -2),
    "type-unknown": packet(-7, -1),
    "cut": packet(11, 0, INFO)[:-1],
    "learner-info-8": packet(11, 0, INFO[:8]),
    "learner-info-12": packet(11, 0, INFO[:12]),
    "learner-info-7": packet(11, 0, INFO[:7]),
    "several": packet(17, 1 << 32, struct.pack(">i", 0x10000)) + packet(13, 1) + packet(10, 1 << 32, CONFIG) + packet(12),
    "http": b"GET / HTTP/1.0\r\n\r\n",
}


def text(value):
    return struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value


def node(path, data=b"", acl=-1, owner=0):
    return text(path) + text(data) + struct.pack(">q", acl) + struct.pack(">qqqqiiiqq", 1, 2, 3, 4, 5, 6, 7, owner, 8)


def tree(nodes, sessions=(), acls=()):
    out = struct.pack(">i", len(sessions)) + b"".join(struct.pack(">qi", *session) for session in sessions)
    out += struct.pack(">i", len(acls))
    for number, entries in acls:
        out += struct.pack(">qi", number, len(entries))
        out += b"".join(struct.pack(">i", perms) + text(scheme) + text(who) for perms, scheme, who in entries)
    return out + b"".join(nodes) + text(b"/")


ROOT = node(b"")
STREAMS = {
    "root-only": tree([ROOT]),
    "nodes": tree([ROOT, node(b"/a", b"x", 1), node(b"/a/b", None), node(b"/c", b"", -1, 0x1000)],
                  [(0x1000, 4000), (5, 6)], [(1, [(31, b"world", b"anyone"), (1, b"ip", b"::1")])]),
    "session-twice": tree([ROOT], [(7, 1), (7, 2), (-1, 3)]),
    "sessions-negative": struct.pack(">i", -5) + tree([ROOT])[4:],
    "sessions-max": struct.pack(">i", 2**31 - 1) + tree([ROOT])[4:],
    "acl-unused": tree([ROOT], (), [(9, [(1, b"world", b"anyone")])]),
    "acl-unknown": tree([ROOT, node(b"/a", b"", 77)]),
    "acl-twice": tree([node(b"", b"", 9)], (), [(9, [(1, b"a", b"b")]), (9, [(2, b"c", b"d")])]),
    "acl-same-list": tree([node(b"", b"", 9), node(b"/a", b"", 8)], (), [(9, [(1, b"a", b"b")]), (8, [(1, b"a", b"b")])]),
    "acl-null-strings": tree([ROOT], (), [(1, [(1, None, None)])]),
    "path-twice": tree([ROOT, node(b"/a"), node(b"/a")]),
    "path-without-parent": tree([ROOT, node(b"/a/b")]),
    "path-null": tree([ROOT, node(None)]),
    "path-zero-byte": tree([ROOT, node(b"/a\0b")]),
    "path-without-slash": tree([ROOT, node(b"a")]),
    "path-double-slash": tree([ROOT, node(b"/a"), node(b"/a/"), node(b"/a//b")]),
    "no-root": tree([]),
    "root-twice": tree([ROOT, ROOT]),
    "container": tree([ROOT, node(b"/c", b"", -1, MIN), node(b"/t", b"", -1, -(1 << 56))]),
    "deep": tree([ROOT] + [node(b"/d" * depth) for depth in range(1, 40)]),
    "cut": tree([ROOT])[:-1],
}


def snapshot_file(body, digest=None):
    out = struct.pack(">iiq", 0x5a4b534e, 2, -1) + body
    out += struct.pack(">q", zlib.adler32(out)) + text(b"/")
    if digest is not None:
        out += digest
        out += struct.pack(">q", zlib.adler32(out)) + text(b"/")
    return out


def snappy(*blocks, version=1):
    return b"\x82SNAPPY\0" + struct.pack(">ii", version, 1) + b"".join(struct.pack(">i", len(b)) + b for b in blocks)


LITERAL = b"\6\x14snappy"
SNAPPY = {
    "nothing": b"",
    "header-only": snappy(),
    "header-cut": snappy()[:15],
    "literal": snappy(LITERAL),
    "literal-cut": snappy(LITERAL)[:-1],
    "joined": snappy(LITERAL) + snappy(LITERAL, b"\0"),
    "version-0": snappy(LITERAL, version=0),
    "version-2": snappy(LITERAL, version=2),
    "copies": snappy(b"\x80\1\0a" + b"\xfe\1\0" + b"\xfa\1\0", LITERAL),
    "copy-from-before": snappy(b"\5\0a\x0e\2\0"),
    "copy-from-nowhere": snappy(b"\5\0a\x0e\0\0"),
    "unpacked-4-gib": snappy(LITERAL, b"\xff\xff\xff\xff\x0f\0a"),
    "length-0": snappy() + struct.pack(">i", 0),
    "length-minus-1": snappy() + struct.pack(">i", -1),
    "length-max": snappy() + struct.pack(">i", 2**31 - 1) + LITERAL,
    "no-header": struct.pack(">i", len(LITERAL)) + LITERAL,
}

WHOLE = snapshot_file(tree([ROOT]), struct.pack(">qiq", 0, 2, 0))
SNAPSHOT_FILES = {
    "root-only": WHOLE,
    "nodes": snapshot_file(STREAMS["nodes"], struct.pack(">qiq", 1 << 32, 2, 77)),
    "without-digest": snapshot_file(tree([ROOT])),
    "digest-cut": WHOLE[:-14],
    "seal-cut": WHOLE[:-3],
    "seal-wrong": WHOLE[:-9] + b"\0" + WHOLE[-8:],
    "magic-wrong": b"ZKLG" + WHOLE[4:],
    "header-only": WHOLE[:16],
}

WORDS = "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs".split()
FOUR_LETTER = {word: word.encode() + b"\x12*" for word in WORDS}
FOUR_LETTER.update({
    "looking": b"srvr\x00*", "follower": b"mntr\x11*", "observer": b"mntr\x13*", "leader": b"stat\x12 ruok ,stat\t,",
    "not-listed": b"mntr\x12ruok,stat", "list-empty": b"ruok\x12", "list-commas": b"ruok\x12,,,",
    "unknown": b"xxxx\x12*", "capitals": b"RUOK\x12*", "length": b"\0\0\0\x2d\x12*", "short": b"ruo",
})


# ---- transactions and what clients ask --------------------------------------------------------

def log_entries(log):
    """Returns the entries of a log file, each behind two bytes of length."""
    at, found = 16, []
    while at < len(log):
        length = struct.unpack_from(">i", log, at + 8)[0]
        found.append(struct.pack(">H", length) + log[at + 12:at + 12 + length])
        at += 12 + length + 1
    return found


def txn(kind, body, zxid=1, session=7, digest=b""):
    entry = struct.pack(">qiqqi", session, 1, zxid, 10, kind) + body + digest
    return struct.pack(">H", len(entry)) + entry


OPEN = struct.pack(">ii", 1, 31) + text(b"world") + text(b"anyone")


def create(path, ephemeral=b"\0", parent=1):
    return text(path) + text(b"x") + OPEN + ephemeral + struct.pack(">i", parent)


def operation(kind, body):
    return struct.pack(">ii", kind, len(body)) + body


MINUS = struct.pack(">i", -1)
DIGEST = struct.pack(">iq", 2, 1371985504)
TXNS = {
    "create-v0": txn(1, text(b"/t") + text(b"x") + OPEN + b"\1"), "create-null": txn(1, MINUS * 3 + b"\0" + MINUS),
    "create-root": txn(1, create(b"/")), "create-empty-path": txn(1, create(b"")), "create-slash": txn(1, create(b"/a/")),
    "create-zero": txn(1, create(b"/a\0b")), "create-true-2": txn(1, create(b"/a", b"\2")),
    "create-twice": txn(1, create(b"/a")) + txn(1, create(b"/a", parent=5), 2),
    "close-none": txn(-11, b""), "close-digest": txn(-11, DIGEST), "close-null": txn(-11, MINUS),
    "close-theirs": txn(1, create(b"/a", b"\1")) + txn(-11, struct.pack(">i", 2) + text(b"/a") + text(b"/b"), 2),
    "ttl": txn(21, text(b"/a") + MINUS * 2 + struct.pack(">iq", 1, 5)),
    "ttl-0": txn(21, text(b"/a") + MINUS * 2 + struct.pack(">iq", 1, 0)),
    "ttl-too-long": txn(21, text(b"/a") + MINUS * 2 + struct.pack(">iq", 1, 1 << 40)),
    "multi-null": txn(14, MINUS), "multi-empty": txn(14, struct.pack(">i", 0) + DIGEST),
    "multi-unreadable": txn(14, struct.pack(">i", 3) + operation(1, create(b"/a")) + operation(7, b"") +
                            operation(2, text(b"/a"))),
    "multi-changed": txn(14, struct.pack(">i", 2) + operation(-1, create(b"/a")) + operation(-1, struct.pack(">i", -101))),
    "multi-create2": txn(14, struct.pack(">i", 2) + operation(15, create(b"/a")) + operation(15, create(b"/a/b"))),
    "multi-in-multi": txn(14, struct.pack(">i", 1) + operation(14, struct.pack(">i", 0))),
    "check-outside": txn(13, text(b"/a") + struct.pack(">i", 0)), "unknown": txn(99, b""),
    "parent-deleted": txn(1, create(b"/a")) + txn(1, create(b"/a/b"), 2) + txn(2, text(b"/a"), 3) + txn(1, create(b"/a"), 4),
    "delete-root": txn(2, text(b"/")), "delete-nothing": txn(2, text(b"")),
    "set-acl-null": txn(1, create(b"/a")) + txn(7, text(b"/a") + MINUS + struct.pack(">i", 1), 2),
    "quota": b"".join(txn(1, create(b"/zookeeper/quota" + path), i) for i, path in enumerate(
        (b"/a", b"/a/zookeeper_limits", b"/a/zookeeper_stats"))) + txn(1, create(b"/a"), 4) + txn(
            5, text(b"/zookeeper/quota/a/zookeeper_stats") + text(b"count=7,bytes=x") + struct.pack(">i", 1), 5) + txn(
                2, text(b"/a"), 6),
    "quota-root": txn(1, create(b"/zookeeper/quota/zookeeper_limits")) + txn(1, create(b"/zookeeper/quota/zookeeper_stats"), 2),
    "digest-short": txn(-1, struct.pack(">i", -101), digest=DIGEST[:11]),
}
REQUESTS = {
    "connect": b"\0" + struct.pack(">iqiqi", 0, 0, 8000, 0, 16) + bytes(16) + b"\0",
    "header": b"\1" + struct.pack(">ii", 1, 1), "multi-header": b"\2" + struct.pack(">i", 1) + b"\7" + MINUS,
    "create": b"\3" + text(b"/a") + text(b"x") + OPEN + struct.pack(">i", 3), "create-null": b"\3" + MINUS * 4,
    "create-ttl": b"\4" + text(b"/a") + text(b"x") + OPEN + struct.pack(">iq", 5, 1000),
    "acl-count-max": b"\7" + text(b"/a") + struct.pack(">i", 0x7fffffff),
    "acl-count-minus-2": b"\7" + text(b"/a") + struct.pack(">ii", -2, 1),
    "reconfig": b"\x09" + text(b"server.9=h:1:2;3") + MINUS * 2 + struct.pack(">q", -1),
    "set-watches": b"\x13" + struct.pack(">qi", 7, 2) + text(b"/a") + MINUS + struct.pack(">ii", 0, -1),
    "length-max": b"\x0a" + struct.pack(">i", 0x7fffffff), "length-minus-2": b"\x0a" + struct.pack(">i", -2),
}


def main():
    java = golden()
    seeds("initial_message", "java-", {n: b for n, b in java.items() if n.startswith("initial_message")})
    seeds("initial_message", "", INITIAL)
    seeds("notification", "java-", {n: b[4:] for n, b in java.items() if n.startswith("notification")})
    seeds("notification", "", NOTIFICATION)
    seeds("config_text", "java-", {n: b"\2\1" + b[48:] for n, b in java.items() if n.startswith("notification")})
    for name, data in CONFIG_TEXTS.items():
        seed("config_text", name, b"\2\1" + (data if isinstance(data, bytes) else data.encode()))
    seed("config_text", "standalone-disabled", b"\0\1" + CONFIG_TEXTS["none"].encode())
    seed("config_text", "oracle", b"\6\1" + b"server.1=h:1:2\nserver.2=h:3:4\nversion=0")
    seed("config_text", "several-addresses", b"\3\1" + b"server.1=127.0.0.1:1:2|127.0.0.2:3:4\nserver.2=h:5:6\nversion=0")
    seeds("server_line", "", {n: "\0" + line for n, line in LINES.items()})
    seeds("server_line", "several-", {n: "\1" + line for n, line in LINES_SEVERAL.items()})
    seeds("properties", "", PROPERTIES)
    seeds("zoo_cfg", "", ZOO_CFGS)
    kinds = ("ack", "diff", "follower", "leader", "newleader", "observer", "ping", "snap", "uptodate")
    seeds("quorum_packets", "java-", {n: b for n, b in java.items() if n.startswith(kinds) and "snap_body" not in n and
                                      not n.startswith("snapshot")})
    seeds("quorum_packets", "", PACKETS)
    seed("snapshot_stream", "java-snap_body_empty_tree", java["snap_body_empty_tree"])
    seeds("snapshot_stream", "", STREAMS)
    seeds("snapshot_file", "java-", {n: b for n, b in java.items() if n.startswith("snapshot.")})
    seeds("snapshot_file", "", SNAPSHOT_FILES)
    with gzip.open(os.path.join(TESTS, "golden", "data", "snappy", "snapshot.0.snappy.gz")) as file:
        seed("snappy_stream", "java-snapshot", file.read())
    seeds("snappy_stream", "", SNAPPY)
    seeds("four_letter_words", "", FOUR_LETTER)
    entries = log_entries(java["log_with_every_type"])
    seed("txn_log_entry", "java-log", b"".join(entries))
    for i, entry in enumerate(entries):
        seed("txn_log_entry", "java-log-%02d" % i, entry)
    seeds("txn_log_entry", "", TXNS)
    seeds("client_records", "", REQUESTS)


main()
