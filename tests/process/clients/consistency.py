#!/usr/bin/env python3
"""Clients of all servers, while those are killed, frozen, stopped and cut off; every reply is held against the order of zxids.

consistency_clients.py does the requests, consistency_check.py tells what is checked. Prints one line a test, "ok ..." or
"FAILED ...". Partitions need network namespaces; where this machine gives none, the other faults happen.

    consistency.py c,java,c                        the short form: 10 s of faults
    consistency.py c,java,c --seconds 600          the long one
"""
import copy
import json
import os
import pickle
import random
import subprocess
import sys
import tempfile
import time

import command_line
import consistency_check
import servers

os.environ.update(ZK_CLUSTER_WAIT='240', ZK_WORD_WAIT='20')  # a busy machine is no reason to fail
CLUSTER = os.path.join(servers.REPO, 'scripts', 'cluster.sh')
CLIENTS, TICK_MS, TIMEOUT_MS = 9, 500, 6000
FAULTS = ('kill', 'kill', 'kill leader', 'pause', 'pause leader', 'restart', 'partition', 'partition leader', 'kill all')
LINES = ('snapCount=5000', 'maxClientCnxns=0')  # some snapshots in ten minutes; nothing is purged


class Failed(Exception):
    """A test failed; the text says why."""


class Ensemble:
    """Real processes under cluster.sh, in network namespaces if there are any."""

    def __init__(self, kinds, directory):
        self.kinds, self.root = kinds, os.path.join(directory, 'ensemble')
        self.has_namespaces = self.namespaces_work()
        up = ['up', '--mix', ','.join(kinds), '--tick', str(TICK_MS), '--wait', '240']
        for line in LINES:
            up += ['--line', line]
        self.call(*up, *(['--namespaces'] if self.has_namespaces else []))
        with open(os.path.join(self.root, 'cluster.json')) as file:
            self.peers = json.load(file)['peers']

    @staticmethod
    def namespaces_work():
        words = subprocess.run([CLUSTER, 'doctor'], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return any(line.split()[:1] == ['ok'] and 'network namespaces' in line for line in words.stdout.splitlines())

    def call(self, *words):
        done = subprocess.run([CLUSTER, '--dir', self.root, *map(str, words)], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise Failed('cluster.sh %s failed:\n%s' % (' '.join(map(str, words)), done.stdout))

    def leader(self):
        """The id of the leader; None if there is none."""
        done = subprocess.run([CLUSTER, '--dir', self.root, 'status', '--json'], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        return next((peer['id'] for peer in json.loads(done.stdout)['peers'] if peer['state'] == 'LEADING'), None)

    def until_all_serve(self, seconds=240):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done = subprocess.run([CLUSTER, '--dir', self.root, 'status', '--json'], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=False)
            if json.loads(done.stdout)['serving'] == len(self.peers):
                return
            time.sleep(0.2)

    def where_clients_live(self):
        """The first words of a command that sees all servers."""
        if not self.has_namespaces:
            return []
        network = os.path.join(self.root, 'network')
        with open(os.path.join(network, 'pid')) as pid, open(os.path.join(network, 'how')) as how:
            words = ['nsenter', '--target=' + pid.read().split()[0], '--mount', '--net', '--preserve-credentials']
            return words + (['--user'] if 'U' in how.read() else [])

    def settings(self, seed):
        name = '/run/netns/z%d' if self.has_namespaces else None
        return {'servers': [{'port': peer['client_port'], 'namespace': name and name % peer['id']} for peer in self.peers],
                'clients': CLIENTS, 'seed': seed, 'timeout_ms': TIMEOUT_MS}

    def path(self, peer, name):
        return os.path.join(self.root, str(peer['id']), name)

    def logs(self):
        """By server, as clients count them: from 0."""
        return {at: consistency_check.read_log(self.path(peer, 'data')) for at, peer in enumerate(self.peers)}

    def turns(self):
        return {at: consistency_check.turns_of(self.path(peer, 'log')) for at, peer in enumerate(self.peers)}


def break_and_mend(ensemble, chance, tell):
    """One fault, and its end. A minute of all of them leaves a quorum most of the time."""
    fault = chance.choice([fault for fault in FAULTS if ensemble.has_namespaces or not fault.startswith('partition')])
    verb, _, whom = fault.partition(' ')
    who = ensemble.leader() if whom == 'leader' else 'all' if whom else None
    who = who or chance.randrange(len(ensemble.kinds)) + 1
    tell('%s %s' % (verb, who))
    if verb == 'kill':
        ensemble.call('kill', who)
        time.sleep(chance.uniform(0, 2))
        ensemble.call('start', who, '--wait', 0)
    elif verb == 'restart':
        ensemble.call('restart', who, '--wait', 0)
    elif verb == 'pause':
        ensemble.call('pause', who)
        time.sleep(chance.uniform(0.2, 5))
        ensemble.call('resume', who)
    else:
        ensemble.call('partition', who)
        time.sleep(chance.uniform(0.5, 5))
        ensemble.call('heal')


def work(ensemble, seconds, seed, harsh, directory):
    """The clients work for so long while servers are broken and mended. What the clients saw, and which faults there were. Unless
    it is to be harsh, a fault waits until all serve: a learner of Java 3.8.0 that is interrupted while it is brought up to
    date may later lead without what it lacks (consistency_check.py)."""
    chance, faults, record = random.Random(seed), [], os.path.join(directory, 'record')
    program = os.path.join(servers.HERE, 'consistency_clients.py')
    with subprocess.Popen(ensemble.where_clients_live() + [sys.executable, program, record],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        try:
            print(json.dumps(ensemble.settings(seed)), file=clients.stdin, flush=True)
            if clients.stdout.readline() != 'working\n':
                raise Failed('the clients could not begin')
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(chance.uniform(0.5, 3))
                break_and_mend(ensemble, chance, faults.append)
                if not harsh:
                    ensemble.until_all_serve()
            ensemble.call('up', '--wait', 240)
            print('end', file=clients.stdin, flush=True)
            clients.wait(1200)
        finally:
            clients.kill()
    with open(record, 'rb') as file:
        return pickle.load(file), faults


# ---- lies --------------------------------------------------------------------------------------------
# What is planted in a clean record must be found: a checker that is silent about everything is silent about nothing.


def changed(clients, wanted, change):
    """A copy of what the clients saw, with the middle one of the facts that are wanted changed, or taken away."""
    clients = copy.copy(clients)
    places = [(who, at) for who, facts in enumerate(clients) for at, fact in enumerate(facts) if wanted(fact)]
    who, at = places[len(places) // 2]
    new = change(clients[who][at])
    clients[who] = clients[who][:at] + ([new] if new else []) + clients[who][at + 1:]
    return clients


def replied(kind):
    return lambda fact: fact[0] == 'reply' and fact[5][0] == kind and fact[7] == 0


def with_zxid(zxid):
    return lambda fact: fact[:6] + (zxid(fact[6]),) + fact[7:]


def lies(clients, logs):
    """Yields what is wrong and which kind of finding is due; the clients; the logs; and whether the logs alone tell."""
    middle = sorted(fact[6] for facts in clients for fact in facts if replied('set')(fact))
    middle = middle[len(middle) // 2]
    late = max(fact[2] for facts in clients for fact in facts if fact[0] == 'reply')
    def logs_with(change):
        return {server: consistency_check.Log(change(server, dict(log.txns)), log.snapshots) for server, log in logs.items()}
    first, newest = min(logs), max(zxid for log in logs.values() for zxid in log.txns)
    txn = next(log.txns[middle] for log in logs.values() if middle in log.txns)
    without = logs_with(lambda _, txns: {zxid: t for zxid, t in txns.items() if zxid != middle})
    twice = logs_with(lambda _, txns: {**txns, newest + 1: txn._replace(zxid=newest + 1)})
    other = logs_with(lambda server, txns: {**txns, middle: txn._replace(time=txn.time + (server == first))})
    told_last = changed(clients, replied('sync'), with_zxid(lambda _: newest + 1))
    in_what_was_seen = [
        ('an old value is read', replied('get'), lambda f: f[:8] + ((b'old', f[8][1]),), 'reads'),
        ('an event is lost', lambda f: f[0] == 'event' and f[2] == 3, lambda f: None, 'watches'),
        ('a living session is ended', lambda f: f[0] == 'gone' and f[3], lambda f: None, 'sessions'),
        ('a write overtakes another one', replied('set'), lambda f: (f[0], late) + f[2:], 'order'),
    ], [
        ('a node lacks a child', lambda f: replied('children')(f) and f[8][0],
         lambda f: f[:8] + ((f[8][0][1:], f[8][1]),), 'reads'),
        ('an event comes from nowhere', lambda f: f[0] == 'event', lambda f: f[:3] + ('/elsewhere',), 'watches'),
        ('a refused write succeeds', lambda f: f[0] == 'reply' and f[5][0] == 'set' and f[7] != 0,
         lambda f: f[:7] + (0, None), 'writes'),
        ('a session goes back in time', replied('sync'), with_zxid(lambda _: 1), 'order'),
    ]
    for together in in_what_was_seen:  # each of them is found by another check
        changed_clients = clients
        for _, wanted, change, _ in together:
            changed_clients = changed(changed_clients, wanted, change)
        yield [(words, kind) for words, _, _, kind in together], changed_clients, logs, False
    yield [('an acknowledged write is lost', 'writes')], clients, without, True
    yield [('a write is done twice', 'writes')], told_last, twice, True
    yield [('two servers differ', 'writes')], clients, other, True


# ---- the whole ---------------------------------------------------------------------------------------


def run(kinds, seconds, seed, harsh, keep, with_lies):
    title = 'consistency %s' % ','.join(kinds)
    failures = 0

    def tell(name, findings):
        nonlocal failures
        failures += bool(findings)
        print('%s %s: %s' % ('FAILED' if findings else 'ok', title, name))
        for words in findings[:consistency_check.MOST]:
            print('  | %s' % (words[:600],))
        sys.stdout.flush()

    directory = tempfile.mkdtemp(prefix='zkpeer-consistency-')
    ensemble = None
    try:
        ensemble = Ensemble(kinds, directory)
        seen, faults = work(ensemble, seconds, seed, harsh or 'java' not in kinds, directory)
        ensemble.call('kill', 'all')
        logs, turns = ensemble.logs(), ensemble.turns()
        checker = consistency_check.Checker(seen['clients'], logs, kinds, turns, TIMEOUT_MS / 1000).run()
        counts = ', '.join('%d %s' % (count, what) for what, count in sorted(checker.counts.items()))
        print('%d faults (%s); %s' % (len(faults), 'no partitions: there are no namespaces' if not ensemble.has_namespaces
                                      else 'with partitions', counts))
        if checker.spoiled:
            print('skipped %s: what comes behind %s: Java 3.8.0 lost what was acknowledged, as it is known to' % (
                title, checker.spoiled))
        tell('every client can work until the end', seen['errors'])
        tell('every acknowledged write is in every log, once, and was told the truth', checker.findings['writes'])
        tell('writes have the order of their acknowledgement, and no session goes back', checker.findings['order'])
        tell('every read shows the tree at its zxid', checker.findings['reads'])
        tell('a sync misses nothing', checker.findings['sync'])
        tell('every event comes before what it tells of can be read', checker.findings['watches'])
        tell('no session is lost, and none is left over', checker.findings['sessions'])
        tell('no ephemeral node is left over', seen['left'] if not checker.spoiled else [])
        if with_lies and not failures and not checker.spoiled:
            for planted, clients, their_logs, logs_alone in lies(seen['clients'], logs):
                found = consistency_check.Checker(clients, their_logs, kinds, turns, TIMEOUT_MS / 1000).run(logs_alone).findings
                for words, kind in planted:
                    tell('the checker notices if %s' % words, [] if found[kind] else ['it found %s' % dict(found)])
    except Failed as failure:
        tell('the servers do as they are told', [str(failure)])
    finally:
        if failures or keep:
            print('seed %d; %s' % (seed, directory))
        if ensemble is not None:
            verb = 'down' if failures or keep else 'clean'
            subprocess.run([CLUSTER, '--dir', ensemble.root, verb], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if not failures and not keep:
            subprocess.run(['rm', '-rf', directory], check=False)
    return failures


def main():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('mixes', nargs='*', metavar='KINDS', type=command_line.kinds, default=[['c', 'java', 'c']],
                        help='servers, as c,java,c (default: c,java,c)')
    parser.add_argument('--seconds', type=int, default=10, help='so long servers are broken (default 10)')
    parser.add_argument('--seed', type=int, default=1, help='which faults and which requests (default 1)')
    parser.add_argument('--harsh', action='store_true', help='no fault waits for the one before, although Java takes part')
    parser.add_argument('--keep', action='store_true', help='keep the record and the logs')
    parser.add_argument('--no-lies', action='store_true', help='do not show that the checker finds what is planted')
    options = parser.parse_args()
    failures = [run(kinds, options.seconds, options.seed, options.harsh, options.keep, not options.no_lies) for kinds in options.mixes]
    return 1 if any(failures) else 0


if __name__ == '__main__':
    command_line.run(main)
