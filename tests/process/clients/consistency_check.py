"""Holds what clients saw (consistency_clients.py) against the servers' logs: the order of zxids decides everything.

A log has every transaction with its session and its number in that session. So all of this is checked to the bit:

  writes    an acknowledged write is in the log where its reply says, once; what it was told follows from the tree before it;
            no transaction is there that no client has sent; all servers have the same log
  order     a write that was sent after another one was acknowledged comes behind it; a session's writes are in the order in
            which it sent them, and no reply shows it an older zxid than one before, at whatever server
  reads     a read shows the whole tree as it was at its reply's zxid: data, every number of the Stat, children
  sync      behind a sync at a follower nothing is missing that was acknowledged, in the same epoch, before the sync was sent
  watches   an event comes before any reply that shows the change or anything behind it, also over a change of servers;
            no event without a watch and its change
  sessions  none ends while its client is heard; with a session its ephemeral nodes are gone, and no others
"""
import bisect
import collections
import glob
import heapq
import os
import re
import struct

import wire

CREATE, DELETE, SET, CHECK, MULTI, CLOSE, ERROR, OPEN = 1, 2, 5, 13, 14, -11, -1, -10
CREATES = (1, 15, 19)
NO_NODE, BAD_VERSION, NO_CHILDREN_FOR_EPHEMERALS, NODE_EXISTS, NOT_EMPTY = -101, -103, -108, -110, -111
SESSION_MOVED = -118
CREATED, DELETED, CHANGED, CHILDREN_CHANGED = 1, 2, 3, 4
# A server tells the leader whom it has heard every half tick, and one that dies tells no more.
LOST_TOUCH_S = 1.5
EVER = 1 << 64  # above every zxid
MOST = 20  # findings of one kind that are told

Txn = collections.namedtuple('Txn', 'zxid session cxid time type body')


# ---- the servers' logs -----------------------------------------------------------------------------


def record_of(kind, r):
    """The body of a transaction, as a tuple of what matters here."""
    if kind in CREATES:
        path, data, _, ephemeral, parent_cversion = r.string(), r.buffer(), r.acls(), r.boolean(), r.integer()
        return path, data, ephemeral, parent_cversion
    if kind == DELETE:
        return (r.string(),)
    if kind == SET:
        return r.string(), r.buffer(), r.integer()
    if kind == CHECK:
        return r.string(), r.integer()
    if kind == MULTI:
        parts = [(r.integer(), r.buffer()) for _ in range(r.integer())]
        if any(part == ERROR for part, _ in parts):
            # None of it is done. Java may apply it before it is written, and then writes errors in the place of the others.
            return ()
        return tuple((part, record_of(part, wire.Reader(record))) for part, record in parts)
    if kind in (ERROR, OPEN):
        return (r.integer(),)
    return ()


class Log:
    """What one server has on disk: its transactions, and the zxids of its snapshots."""

    def __init__(self, txns, snapshots):
        self.txns, self.snapshots = txns, snapshots
        self.zxids = sorted(txns)

    def keeps(self, void):
        """Returns those of these zxids that it still has without a snapshot behind them: it takes them for true."""
        kept, following = [], float('inf')  # following: the next one that is part of the history
        for zxid in reversed(self.zxids):
            if not void(zxid):
                following = zxid
            elif not any(zxid < snapshot < following for snapshot in self.snapshots):
                kept.append(zxid)
        return kept

    def was_sent_a_tree(self, zxid):
        """Has it a snapshot instead of this transaction?"""
        at = bisect.bisect_right(self.zxids, zxid)
        following = self.zxids[at] if at < len(self.zxids) else float('inf')
        return any(zxid <= snapshot < following for snapshot in self.snapshots)


def turns_of(log_file):
    """The epochs of which this server was the leader, as its log says: of each, where the history ended that it brought."""
    turns, history = {}, 0
    with open(log_file, errors='replace') as file:
        for proposed, begun in re.findall(r'New election. My id = \d+, proposed zxid=0x([0-9a-f]+)|'
                                          r'setting last processed zxid: 0x([0-9a-f]+)', file.read()):
            if proposed:
                history = int(proposed, 16)
            else:
                turns[int(begun, 16) >> 32] = history
    return turns


def read_log(directory):
    """All whole transactions of the logs below one data directory."""
    found = {}
    for path in glob.glob(os.path.join(directory, 'version-2', 'log.*')):
        with open(path, 'rb') as file:
            data = file.read()
        at = 16
        while at + 12 <= len(data):
            size, = struct.unpack_from('>i', data, at + 8)
            if size <= 0 or at + 12 + size + 1 > len(data) or data[at + 12 + size:at + 13 + size] != b'B':
                break
            r = wire.Reader(data[at + 12:at + 12 + size])
            session, cxid, zxid, time, kind = r.long(), r.integer(), r.long(), r.long(), r.integer()
            found[zxid] = Txn(zxid, session, cxid, time / 1000, kind, record_of(kind, r))
            at += 13 + size
    snapshots = {int(path.rsplit('.', 1)[1], 16) for path in glob.glob(os.path.join(directory, 'version-2', 'snapshot.*'))}
    return Log(found, snapshots)


# ---- the tree --------------------------------------------------------------------------------------


class Node:
    def __init__(self, data, zxid, time_ms, owner):
        self.data, self.owner = data, owner
        self.czxid = self.mzxid = self.pzxid = zxid
        self.ctime = self.mtime = time_ms
        self.version, self.creations, self.children = 0, 0, set()

    def stat(self):
        return {'czxid': self.czxid, 'mzxid': self.mzxid, 'ctime': self.ctime, 'mtime': self.mtime, 'version': self.version,
                'cversion': self.creations * 2 - len(self.children), 'aversion': 0, 'owner': self.owner,
                'length': len(self.data or b''), 'children': len(self.children), 'pzxid': self.pzxid}


def parent_of(path):
    return path.rsplit('/', 1)[0] or '/'


class Tree:
    """What the transactions make, one after the other; and when each node changed, for the watches."""

    def __init__(self):
        self.nodes = {'/': Node(b'', 0, 0, 0)}
        self.ephemerals = collections.defaultdict(set)
        self.data_changes = collections.defaultdict(list)  # path: (zxid, event)
        self.child_changes = collections.defaultdict(list)

    def apply(self, txn):
        if txn.type == CLOSE:
            for path in sorted(self.ephemerals.pop(txn.session, ())):
                self.delete(path, txn.zxid)
        else:
            self.apply_one(txn, txn.type, txn.body)

    def apply_one(self, txn, kind, body):
        if kind in CREATES:
            self.create(txn, *body)
        elif kind == DELETE:
            self.delete(body[0], txn.zxid)
        elif kind == SET:
            node = self.nodes[body[0]]
            node.data, node.version, node.mzxid, node.mtime = body[1], body[2], txn.zxid, round(txn.time * 1000)
            self.data_changes[body[0]].append((txn.zxid, CHANGED))
        elif kind == MULTI:
            for part, record in body:
                self.apply_one(txn, part, record)

    def create(self, txn, path, data, ephemeral, parent_cversion):
        parent = self.nodes[parent_of(path)]
        parent.children.add(path.rsplit('/', 1)[1])
        parent.creations, parent.pzxid = max(parent.creations, parent_cversion), txn.zxid
        self.nodes[path] = Node(data, txn.zxid, round(txn.time * 1000), txn.session if ephemeral else 0)
        if ephemeral:
            self.ephemerals[txn.session].add(path)
        self.data_changes[path].append((txn.zxid, CREATED))
        self.child_changes[parent_of(path)].append((txn.zxid, CHILDREN_CHANGED))

    def delete(self, path, zxid):
        node = self.nodes.pop(path)
        parent = self.nodes[parent_of(path)]
        parent.children.discard(path.rsplit('/', 1)[1])
        parent.pzxid = zxid
        self.ephemerals[node.owner].discard(path)
        self.data_changes[path].append((zxid, DELETED))
        self.child_changes[path].append((zxid, DELETED))
        self.child_changes[parent_of(path)].append((zxid, CHILDREN_CHANGED))

    def error_of(self, operation):
        """What a request must be told now: 0, or the error."""
        kind, path = operation[0], operation[1]
        if kind == 'multi':
            # The parts of ours do not depend on one another: of two sets of one node, the second takes any version.
            return next((error for error in map(self.error_of, operation[1]) if error != 0), 0)
        node = self.nodes.get(path)
        if kind == 'create':
            parent = self.nodes.get(parent_of(path))
            if parent is None:
                return NO_NODE
            if node is not None and not operation[3] & 2:
                return NODE_EXISTS
            return NO_CHILDREN_FOR_EPHEMERALS if parent.owner != 0 else 0
        if node is None:
            return NO_NODE
        version = {'delete': 2, 'set': 3}.get(kind)
        if version is not None and operation[version] not in (-1, node.version):
            return BAD_VERSION
        return NOT_EMPTY if kind == 'delete' and node.children else 0

    def answer_of(self, operation):
        """What a read must be told now: (error, result)."""
        node = self.nodes.get(operation[1])
        if node is None:
            return NO_NODE, None
        if operation[0] == 'exists':
            return 0, node.stat()
        return 0, (node.data if operation[0] == 'get' else sorted(node.children), node.stat())


# ---- the checks ------------------------------------------------------------------------------------


class Checker:
    """clients: a list of facts of each; by server, counted from 0: logs (Log), kinds, turns (turns_of); timeout: of sessions, in
    seconds."""

    def __init__(self, clients, logs, kinds, turns, timeout):
        self.clients, self.timeout = clients, timeout
        self.turns = sorted((epoch, history, server) for server, of in turns.items() for epoch, history in of.items())
        self.leaders = {epoch: server for epoch, _, server in self.turns}
        self.spoiled, self.agreed = None, EVER  # where a server of Java made an end of it, in words, and what all had until then
        self.findings = collections.defaultdict(list)
        self.counts = collections.Counter()
        self.log = self.common_log(logs, kinds)
        self.replies = [fact for facts in self.clients for fact in facts if fact[0] == 'reply']
        self.tree = Tree()

    def find(self, kind, words):
        self.findings[kind].append(words)

    def void(self, zxid):
        """Did a later leader begin without it?"""
        at = bisect.bisect_left(self.turns, (zxid >> 32, EVER))
        return at < len(self.turns) and self.turns[at][1] < zxid

    def common_log(self, logs, kinds):
        """The history that all share, up to the last reply that is looked at."""
        self.forget_what_java_spoils(logs, kinds)
        last = max((fact[6] for facts in self.clients for fact in facts if fact[0] == 'reply'), default=0)
        merged = {}
        for log in logs.values():
            merged.update(log.txns)
        merged = {zxid: merged[zxid] for zxid in sorted(merged) if zxid <= last and not self.void(zxid)}
        for zxid, txn in merged.items():
            have = [server for server, log in logs.items() if zxid in log.txns]
            if len({logs[server].txns[zxid] for server in have}) != 1:
                self.find('writes', '0x%x is not the same in the logs of %s' % (zxid, have))
            for server in set(logs) - set(have):
                if zxid <= self.agreed and not logs[server].was_sent_a_tree(zxid):
                    self.find('writes', 'server %s lacks 0x%x, which %s have: %s' % (server, zxid, have, txn))
        return list(merged.values())

    def forget_what_java_spoils(self, logs, kinds):
        """Java 3.8.0 may lose what it has acknowledged: a learner writes the new epoch before the transactions that come with
        it, is interrupted, and later wins an election with less than others have; or it keeps on disk what it was sent in vain
        (ZOOKEEPER-3911, 4643, 4646; NOTES.md tells what ours do instead). From such a turn on nothing can be held against
        anybody, so the record ends there. The same by a server of ours is a finding."""
        shown = sorted(fact[6] for facts in self.clients for fact in facts if fact[0] == 'reply')
        kept = {server: log.keeps(self.void) for server, log in logs.items()}
        for at, (epoch, history, server) in enumerate(self.turns):
            lost = shown[bisect.bisect_right(shown, history):bisect.bisect_left(shown, epoch << 32)]
            still_kept = [(other, zxid) for other in kept for zxid in kept[other]
                          if history < zxid < epoch << 32 and (at == 0 or zxid > self.turns[at - 1][1])]
            if (lost and kinds[server] == 'java') or any(kinds[other] == 'java' for other, _ in still_kept):
                self.spoiled = 'epoch %d of %d' % (epoch, self.turns[-1][0])
                self.agreed, self.turns = history, self.turns[:at]
                self.clients = [self.until(facts, epoch << 32) for facts in self.clients]
                return
            for zxid in lost:
                self.find('writes', 'lost: 0x%x was shown to a client, and server %d began epoch %d without it' % (zxid, server, epoch))
            for other, zxid in still_kept:
                self.find('writes', 'server %d keeps 0x%x, which is no part of the history' % (other, zxid))

    @staticmethod
    def until(facts, end):
        """What a client saw on connections that had shown nothing from there on. No connection outlives an election."""
        shows = {'reply': lambda fact: fact[6], 'again': lambda fact: fact[3]}
        first = next((at for at, fact in enumerate(facts) if fact[0] in shows and shows[fact[0]](fact) >= end), len(facts))
        opened = max((at for at, fact in enumerate(facts[:first]) if fact[0] == 'open'), default=0)
        return facts[:opened] if first < len(facts) else facts

    def run(self, logs_alone=False):
        """logs_alone: only whether the logs agree, with one another and with what was sent."""
        self.check_identities()
        if logs_alone:
            return self
        self.check_real_time()
        self.check_against_the_tree()
        for facts in self.clients:
            self.check_session_order(facts)
            self.check_watches(facts)
        self.check_syncs()
        self.check_expiries()
        return self

    # ---- writes ----------------------------------------------------------------------------------

    def sent(self):
        """(session, xid): the operation, when it was sent, when it was acknowledged (or None), the zxid of its reply."""
        known = {}
        for facts in self.clients:
            for fact in facts:
                if fact[0] == 'reply':
                    known[fact[3], fact[4]] = fact[5], fact[1], fact[2], fact[6]
                elif fact[0] == 'doubt':
                    known[fact[3], fact[4]] = fact[5], fact[1], None, None
        return known

    def check_identities(self):
        known, seen, last_of = self.sent(), {}, {}
        self.by_request = {}
        for txn in self.log:
            if txn.type in (OPEN, CLOSE):
                continue
            key = txn.session, txn.cxid
            if key in seen:
                self.find('writes', 'request %d of session 0x%x was done twice: 0x%x and 0x%x' % (
                    key[1], key[0], seen[key], txn.zxid))
            seen[key] = txn.zxid
            self.by_request[key] = txn
            if key not in known:
                self.find('writes', 'nobody sent what 0x%x is: %s' % (txn.zxid, txn))
            elif known[key][3] not in (None, txn.zxid):
                self.find('writes', '%s was told 0x%x and is 0x%x in the log' % (known[key][0], known[key][3], txn.zxid))
            # What a client left behind on its last connection may reach the leader behind what it sends on the next one, and is
            # refused.
            if (txn.type, txn.body) == (ERROR, (SESSION_MOVED,)):
                continue
            if txn.cxid <= last_of.get(txn.session, 0):
                self.find('order', 'session 0x%x: request %d comes behind a later one, at 0x%x' % (
                    txn.session, txn.cxid, txn.zxid))
            last_of[txn.session] = max(last_of.get(txn.session, 0), txn.cxid)
        for fact in self.replies:
            if fact[5][0] in ('create', 'delete', 'set', 'multi'):
                self.counts['acknowledged writes'] += 1
                if (fact[3], fact[4]) not in seen:
                    self.find('writes', 'lost: %s was answered at 0x%x and is in no log' % (fact[5], fact[6]))

    def check_real_time(self):
        """From the last write to the first: nothing behind it was acknowledged before it was sent."""
        known, earliest, whose = self.sent(), float('inf'), 0
        for txn in reversed(self.log):
            request = known.get((txn.session, txn.cxid))
            if request is None:
                continue
            if earliest < request[1]:
                self.find('order', '0x%x was sent after 0x%x had been acknowledged, and comes before it' % (txn.zxid, whose))
            if request[2] is not None and request[2] < earliest:
                earliest, whose = request[2], txn.zxid

    def check_against_the_tree(self):
        """Replays the log; each reply is compared when the tree is as it was at its zxid."""
        reads = sorted((fact for fact in self.replies if fact[5][0] in ('get', 'exists', 'children')), key=lambda fact: fact[6])
        answered = {(fact[3], fact[4]): fact for fact in self.replies}
        at = 0
        for txn in self.log:
            while at < len(reads) and reads[at][6] < txn.zxid:
                self.check_read(reads[at])
                at += 1
            fact = answered.get((txn.session, txn.cxid))
            before = self.tree.error_of(fact[5]) if fact is not None else 0
            prefix = self.sequence_of(fact[5]) if fact is not None else None
            try:
                self.tree.apply(txn)
            except KeyError as missing:
                self.find('writes', '0x%x cannot be: there is no %s' % (txn.zxid, missing))
            if fact is not None and txn.type not in (OPEN, CLOSE):
                self.check_write(fact, txn, before, prefix)
        for fact in reads[at:]:
            self.check_read(fact)

    def sequence_of(self, operation):
        """The path that a sequential create must get now."""
        if operation[0] != 'create' or not operation[3] & 2 or parent_of(operation[1]) not in self.tree.nodes:
            return None
        return '%s%010d' % (operation[1], self.tree.nodes[parent_of(operation[1])].creations)

    def check_write(self, fact, txn, due, path):
        operation, error, result = fact[5], fact[7], fact[8]
        if operation[0] == 'multi':
            error = next((part[1] for part in result or () if part[1] not in (0, -2)), error)
        if error != due:
            self.find('writes', '%s at 0x%x was told %d, and %d was due' % (operation, txn.zxid, error, due))
            return
        if error != 0:
            return
        if operation[0] == 'create' and result != (path or operation[1]):
            self.find('writes', '%s at 0x%x became %s, not %s' % (operation, txn.zxid, result, path or operation[1]))
        if operation[0] == 'set' and result != self.tree.nodes[operation[1]].stat():
            due = self.tree.nodes[operation[1]].stat()
            self.find('writes', '%s at 0x%x was told %s, not %s' % (operation, txn.zxid, result, due))

    def check_read(self, fact):
        self.counts['reads'] += 1
        operation, error, result = fact[5], fact[7], fact[8]
        if operation[0] == 'children' and result is not None:
            result = (sorted(result[0]), result[1])
        due = self.tree.answer_of(operation)
        if (error, result) != due:
            self.find('reads', '%s at 0x%x was told %s, not %s' % (operation, fact[6], (error, result), due))

    # ---- sessions --------------------------------------------------------------------------------

    def check_session_order(self, facts):
        session, last = None, 0
        for fact in facts:
            zxid = {'reply': lambda f: f[6], 'again': lambda f: f[3]}.get(fact[0], lambda f: None)(fact)
            if fact[0] == 'open':
                self.counts['connections'] += 1
                self.counts['sessions'] += fact[2] != session
                session = fact[2]
            elif zxid is not None:
                if zxid < last:
                    self.find('order', 'session 0x%x has seen 0x%x, and then 0x%x: %s' % (session, last, zxid, fact))
                last = max(last, zxid)

    def check_syncs(self):
        """A leader lets a sync of its own client pass like a read, while the commit that a follower has told of waits in its
        queue: so only what followers answer is held against what was acknowledged. By epoch, acks has when each write was
        acknowledged, and the largest zxid until then."""
        acks = collections.defaultdict(list)
        for fact in sorted((f for f in self.replies if f[5][0] in ('create', 'delete', 'set', 'multi')), key=lambda f: f[2]):
            epoch = fact[6] >> 32
            acks[epoch].append((fact[2], max(fact[6], acks[epoch][-1][1] if acks[epoch] else 0)))
        for facts in self.clients:
            synced, server = None, None
            for fact in facts:
                if fact[0] == 'open':
                    server = fact[3]
                elif fact[0] == 'lost':
                    synced = None
                elif fact[0] == 'reply' and fact[5][0] == 'sync' and fact[7] == 0:
                    self.counts['syncs'] += 1
                    synced = fact
                elif synced is not None and fact[0] == 'reply' and fact[5][0] in ('get', 'exists', 'children'):
                    known = acks[fact[6] >> 32]
                    at = bisect.bisect_left(known, (synced[1], 0))
                    if at > 0 and known[at - 1][1] > fact[6] and self.leaders.get(fact[6] >> 32) == server:
                        self.counts['syncs at a leader that was behind'] += 1
                    elif at > 0 and known[at - 1][1] > fact[6]:
                        self.find('sync', 'behind a sync, 0x%x was missing: %s' % (known[at - 1][1], fact))
                    synced = None

    def check_expiries(self):
        """A session that the servers ended must have been silent for its timeout. Those that were left behind must be ended."""
        heard, asked, left = {}, set(), set()
        for facts in self.clients:
            session = None
            for fact in facts:
                if fact[0] == 'reply' and fact[5][0] in ('create', 'delete', 'set', 'multi'):
                    heard[fact[3]] = max(heard.get(fact[3], 0), fact[1])
                elif fact[0] == 'open':
                    left |= {session} - {None, fact[2]}
                    session = fact[2]
                elif fact[0] == 'gone':
                    if fact[3]:
                        asked.add(fact[2])
                    left.discard(fact[2])
        closed = {txn.session: txn for txn in self.log if txn.type == CLOSE}
        for session, txn in closed.items():
            if session in asked or session not in heard:
                continue
            self.counts['expired sessions'] += 1
            if txn.time < heard[session] + self.timeout - LOST_TOUCH_S:
                self.find('sessions', 'session 0x%x was ended at 0x%x, %.1f s after it was heard; its timeout is %.1f s' % (
                    session, txn.zxid, txn.time - heard[session], self.timeout))
        for session in left - set(closed) if self.spoiled is None else ():
            self.find('sessions', 'session 0x%x was left by its client, and never ended' % session)

    # ---- watches ---------------------------------------------------------------------------------

    def changes_of(self, watch):
        which, path = watch
        return (self.tree.child_changes if which == 'child' else self.tree.data_changes)[path]

    def next_change(self, watch, zxid):
        changes = self.changes_of(watch)
        at = bisect.bisect_right(changes, (zxid, 9))
        return changes[at][0] if at < len(changes) else None

    def check_watches(self, facts):
        """armed: since which zxid each watch waits. due: which change it waits for, the nearest first."""
        armed, due, session = {}, [], None
        twins = set()  # nodes with two watches, until these have been set again: setWatches tells of the end of a node for each

        def arm(watch, zxid):
            if watch not in armed:
                armed[watch] = zxid
                change = self.next_change(watch, zxid)
                if change is not None:
                    heapq.heappush(due, (change, watch, zxid))

        def must_have_come(zxid, fact):
            while due and due[0][0] <= zxid:
                change, watch, since = heapq.heappop(due)
                if armed.get(watch) == since:
                    self.find('watches', 'the %s watch of %s, set at 0x%x, was silent about 0x%x, which this shows: %s' % (
                        watch + (since, change, fact)))
                    del armed[watch]

        for fact in facts:
            if fact[0] == 'open' and fact[2] != session:
                session, armed, due = fact[2], {}, []
            elif fact[0] == 'open':
                twins = {path for which, path in armed if which == 'child' and {('data', path), ('exist', path)} & set(armed)}
            elif fact[0] == 'event' and fact[2] == DELETED and fact[3] in twins and ('child', fact[3]) not in armed:
                twins.discard(fact[3])
            elif fact[0] == 'again':
                twins = set()
                # One that waits for a node to come is silent if the node came and went meanwhile.
                for watch in [watch for watch in armed if watch[0] == 'exist']:
                    changes = self.changes_of(watch)
                    at = bisect.bisect_right(changes, (fact[3], 9))
                    if at > 0 and changes[at - 1][0] > armed[watch] and changes[at - 1][1] == DELETED:
                        del armed[watch]
                        arm(watch, fact[3])
                must_have_come(fact[3], fact)
            elif fact[0] == 'event':
                self.counts['events'] += 1
                self.check_event(fact, armed)
            elif fact[0] == 'reply':
                must_have_come(fact[6], fact)
                operation = fact[5]
                if operation[0] in ('get', 'exists', 'children') and operation[2] and fact[7] in (0, NO_NODE):
                    which = 'child' if operation[0] == 'children' else 'data' if fact[7] == 0 else 'exist'
                    if fact[7] == 0 or operation[0] == 'exists':
                        arm((which, operation[1]), fact[6])

    def check_event(self, fact, armed):
        kind, path = fact[2], fact[3]
        kinds = {CREATED: ('data', 'exist'), DELETED: ('data', 'exist', 'child'), CHANGED: ('data', 'exist'),
                 CHILDREN_CHANGED: ('child',)}[kind]
        since = [armed[which, path] for which in kinds if (which, path) in armed]
        if not since:
            self.find('watches', 'an event came, and no watch was set: %s' % (fact,))
        elif all(self.next_change((which, path), min(since)) is None for which in kinds):
            self.find('watches', 'an event came, and nothing had changed since 0x%x: %s' % (min(since), fact))
        for which in kinds:
            armed.pop((which, path), None)
