#!/usr/bin/env python3
"""Tests that others wrote, and clients as others ship them, against servers of C and of Java: test by test the same result.

kazoo     kazoo's own tests (Debian's python3-kazoo has them), which start three servers
c-client  the C client's own tests, from Debian's source package, which start one server, or several
zkcli     the commands of zkcli.txt, by Debian's zkCli, at one of three servers
curator   Curator's recipes (Recipes.java), by Debian's jars, at three servers
zookeeper ZooKeeper's own tests of clients, from Debian's source package, at one server, three or five. They start Java's servers
          in their own JVM, and stay so for Java; for C they start processes instead (outside/)
openstack the tests of tooz and of taskflow (Debian's python3-tooz and python3-taskflow have them), at one server and at three;
          in the short form at three
go        the tests of go-zookeeper (Debian's golang-github-samuel-go-zookeeper-dev has them), which start one server, or three

By name only, since they bring large packages:

libkv       the tests of docker's libkv (Debian's golang-github-docker-libkv-dev has them), at one server and at three
prometheus  finds its targets in nodes (serverset and nerve), while they change and a server dies
clickhouse  two replicas of a table: inserts, merges, columns, statements for the cluster, and a server that dies
patroni     two PostgreSQL servers: the first leads, switchover, a server of ours dies, the leader dies
perl        the tests of Net::ZooKeeper, from Debian's source package of ZooKeeper, at one server and at three. By name, because
            they wait for events for a tenth of a second

By hand only, since their sources are not Debian's: the tests of some twenty other clients (README.md has their names and the results).

A difference that is meant stands in differences.txt, with its number in NOTES.md; every other one fails.
"""
import concurrent.futures
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

import command_line
import programs
import servers
from suite_tools import Missing, building, end_all, environment, own_network, pytest, run

HERE = os.path.dirname(os.path.abspath(__file__))
JARS = '/usr/share/java'
CURATOR_JARS = ('curator-client curator-framework curator-recipes zookeeper zookeeper-jute guava slf4j-api slf4j-nop '
                'jackson-core jackson-databind jackson-annotations').split()
# What the short forms leave out: the same tests again by other threads (gevent, eventlet), and what waits for long.
KAZOO_LONG = ['TestEventlet*', 'TestGevent*', 'TestUnorderedXids*', '*test_child_watcher_remove_session_watcher',
              '*test_race_condition_new_partitioner_*', 'KazooTreeCacheTests*', '*test_barrier_exists',
              '*test_listener_only_called_on_real_state_change', 'KazooPartitionerTests*', '*SASL*']
# Zookeeper_simpleSystem waits for long, and on a busy machine it gives up on Java.
C_CLIENT_SHORT = ['Zookeeper_multi']
C_CLIENT_ALL = C_CLIENT_SHORT + ['Zookeeper_simpleSystem', 'TestReconfigServer', 'Zookeeper_readOnly', 'Zookeeper_clientretry', 'Zookeeper_operations',
                                 'Zookeeper_watchers', 'Zookeeper_close', 'Zookeeper_init', 'Zookeeper_reconfig',
                                 'Zookeeper_logClientEnv']
# The first three wait for 6 to 20 seconds each. The others want a server to be back within one second, or a leader within eight.
GO_LONG = ['TestChildren', 'TestSlowServer', 'TestBasicCluster', 'TestIfAuthdataSurvivesReconnect',
           'TestDNSHostProviderReconnect', 'TestClientClusterFailover', 'TestNoQuorum']
# Of ZooKeeper's own tests: those that need nothing but clients, words, files and the log of a server. In the short form the
# first lines alone. Of its recipes' tests, those of election name their nodes by the thread that sets them up, while each
# test runs in a thread of its own here.
JAVA_SHORT = ('test.AsyncOpsTest test.ClientTest test.CreateTest test.MultiOperationTest test.PersistentRecursiveWatcherTest '
              'test.WatcherFuncTest test.ZooKeeperQuotaTest test.SessionUpgradeTest').split()
JAVA_LONG = ('GetAllChildrenNumberTest GetEphemeralsTest RemoveWatchesCmdTest RemoveWatchesTest ZKUtilTest ZooKeeperTest '
             'test.ACLCountTest test.ACLRootTest test.ACLTest test.AuthTest test.BufferSizeTest test.ChrootTest test.ClientRetryTest '
             'test.DigestAuthDisabledTest test.DisconnectedWatcherTest test.EnforceQuotaTest test.EnsembleAuthTest '
             'test.GetChildren2Test test.KeyAuthClientTest test.LoadFromLogTest test.MaxCnxnsTest test.MultiAsyncTransactionTest test.NullDataTest '
             'test.PersistentWatcherTest test.RecoveryTest test.ServerCnxnTest test.SessionInvalidationTest test.SessionTest '
             'test.SessionTimeoutTest test.StatTest test.SyncCallTest test.WatcherTest test.AsyncTest test.ChrootClientTest '
             'test.DuplicateLocalSessionUpgradeTest test.FourLetterWordsQuorumTest test.LocalSessionsOnlyTest '
             'test.ObserverLETest test.QuorumHammerTest test.QuorumQuotaTest test.QuorumRestartTest test.QuorumTest '
             'server.quorum.QuorumRequestPipelineTest test.QuorumZxidSyncTest test.ReadOnlyModeTest test.WatchEventWhenAutoResetTest '
             'test.AsyncHammerTest test.ChrootAsyncTest test.ClientHammerTest test.ClientPortBindTest test.ClientSkipACLTest '
             'test.EmptiedSnapshotRecoveryTest test.FourLetterWordsTest test.FourLetterWordsWhiteListTest test.HierarchicalQuorumTest '
             'test.InvalidSnapshotTest test.ObserverHierarchicalQuorumTest test.ObserverQuorumHammerTest test.ObserverTest '
             'test.RepeatStartupTest test.RestoreCommittedLogTest test.StandaloneTest test.TruncateTest '
             'server.CRCTest server.CreateContainerTest server.CreateTTLTest server.Emulate353TTLTest server.InvalidSnapshotTest '
             'server.PurgeTxnTest server.ZooKeeperServerMainTest server.ZooKeeperServerMaxCnxnsTest server.persistence.FileTxnLogTest '
             'server.quorum.QuorumPeerMainMultiAddressTest server.quorum.QuorumPeerMainTest '
             'recipes.lock.WriteLockTest recipes.queue.DistributedQueueTest').split()
# These look into the server that they believe to be in their JVM, or set a field of it; or they freeze its threads.
# testGlobalSessionInRO does so at its end, after one minute in which all is as in Java.
JAVA_INSIDE = ['ClientTest.testPathValidation*', 'ChrootClientTest.testPathValidation*', 'RemoveWatchesTest.testRemoveAll*OnAPath*',
               'WatcherTest.testWatcherCount*', 'QuorumTest.testLeaderShutdown*', 'ReadOnlyModeTest.testSeekForRwServer*',
               'ReadOnlyModeTest.testGlobalSessionInRO*', 'ACLTest.testNetty*', 'ACLTest.testAcls*',
               'SessionTest.testMaximumCnxnPerIP*', 'SessionTest.testMinMaxSessionTimeout*',
              'ClientSkipACLTest.testPathValidation*', 'ChrootAsyncTest.testPathValidation*',
              'CreateContainerTest.*Deletion*', 'CreateContainerTest.testFalseEmpty*', 'CreateContainerTest.testM*',
              'CreateContainerTest.testZeroMax*', 'CreateTTLTest.testCreate*', 'CreateTTLTest.testMo*', 'CreateTTLTest.testMulti*',
              'Emulate353TTLTest.test353TTL*', 'Emulate353TTLTest.testCreate*', 'PurgeTxnTest.testPurgeDoesNotDelete*',
              'ZooKeeperServerMainTest.testNonRecoverable*', 'ZooKeeperServerMainTest.test*MetricsProvider*',
              'ZooKeeperServerMainTest.testJMX*', 'QuorumPeerMainTest.testElectionFraud*', 'QuorumPeerMainTest.test*MetricsProvider*',
              'QuorumPeerMainTest.testFailedTxn*', 'QuorumPeerMainTest.testDiffSync*', 'QuorumPeerMainTest.testLeaderElection*',
              'QuorumPeerMainTest.testInconsistentDue*', 'QuorumPeerMainTest.testLearnerRequest*', 'TruncateTest.testTruncation*',
              'FileTxnLogTest.test[!L]*', 'FileTxnLogTest.*Thread*']
# And these need what is not here: changes of the ensemble (NOTES.md D-159), a Netty that Debian's Java can load, a server that
# does not run as root.
JAVA_NOT_HERE = ['QuorumPeerMainMultiAddressTest.should*Reconfig*', '*WithNetty*', 'ZooKeeperServerMainTest.testReadOnly*']
# Their tests have limits of seconds. What fails there on Java alone, three times, is said, and is no failure of ours.
MEASURE_TIME = ['go', 'zookeeper', 'openstack', 'libkv', 'prometheus', 'clickhouse', 'patroni', 'perl']


# ---- kazoo -------------------------------------------------------------------------------------

KAZOO_TESTS = '/usr/lib/python3/dist-packages/kazoo/tests'
# It changes the members of the ensemble (D-159), and waits for ever for one that does not join.
KAZOO_NEVER = 'TestReconfig'
KAZOO_SHARDS = 3  # at once, each with servers of its own: most of these tests wait


def kazoo(kind, directory, short):
    files = sorted(glob.glob(KAZOO_TESTS + '/test_*.py'))
    if not files:
        raise Missing('%s has no tests: python3-kazoo does not ship them any more' % KAZOO_TESTS)
    leave_out = [KAZOO_NEVER]
    if short:
        files = [f for f in files if 'gevent' not in f and 'eventlet' not in f]
        leave_out += [word.strip('*') for word in KAZOO_LONG]
    words = ['-k', ' and '.join('not ' + word for word in leave_out)]
    # The largest files first, so that each shard has one.
    files.sort(key=os.path.getsize, reverse=True)
    results = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=KAZOO_SHARDS) as pool:
        for part in pool.map(lambda shard: kazoo_shard(kind, os.path.join(directory, str(shard)),
                                                       files[shard::KAZOO_SHARDS], words), range(KAZOO_SHARDS)):
            results.update(part)
    return results


def kazoo_shard(kind, directory, files, words):
    os.makedirs(directory)
    class_path = ':'.join('%s/%s.jar' % (JARS, jar) for jar in
                          ('zookeeper', 'slf4j-log4j12', 'log4j-1.2', 'servlet-api', 'netty-codec'))
    env = environment(kind, directory, ZOOKEEPER_VERSION='3.8.0', ZOOKEEPER_CLASSPATH=class_path)
    results, wanted = {}, words + files
    for attempt in range(3):
        results.update(pytest(wanted, directory, attempt, env, own_network(['/usr/bin/python3', '-m', 'pytest'])))
        # Some of these tests measure time. Those that fail get two more chances, on both kinds of servers.
        wanted = ['%s/%s.py::%s::%s' % ((KAZOO_TESTS,) + tuple(name.split('.', 2)))
                  for name in sorted(results) if results[name][0] == 'failed']
        if not wanted:
            break
    return results


# ---- the C client ------------------------------------------------------------------------------

def source_lists(directory):
    """Debian's sources of this machine, as such for source packages."""
    out = []
    for name in ['/etc/apt/sources.list'] + sorted(glob.glob('/etc/apt/sources.list.d/*')):
        if not os.path.isfile(name):
            continue
        with open(name) as text:
            words = text.read()
        if name.endswith('.sources'):
            for part in re.split(r'\n\s*\n', words):
                fields = dict(re.findall(r'^(\w[\w-]*):[ \t]*(.*)$', part, re.M))
                if 'deb' in fields.get('Types', '').split() and 'debian' in fields.get('URIs', ''):
                    option = ' [signed-by=%s]' % fields['Signed-By'] if fields.get('Signed-By', '').startswith('/') else ''
                    out += ['deb-src%s %s %s %s' % (option, uri, suite, fields.get('Components', ''))
                            for uri in fields['URIs'].split() for suite in fields.get('Suites', '').split()]
        elif name.endswith('.list'):
            out += ['deb-src' + line[3:] for line in words.splitlines() if re.match(r'deb\s', line) and 'debian' in line]
    path = os.path.join(directory, 'sources.list')
    with open(path, 'w') as text:
        text.write('\n'.join(sorted(set(out))) + '\n')
    return path


def debian_source(package, directory):
    """Fetches a source package's upstream archive by apt-get, with lists of its own, and unpacks it. Returns where."""
    for name in ('lists/partial', 'cache/archives/partial'):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    apt = ['apt-get', '-qq', '-o', 'Dir::Etc::SourceList=' + source_lists(directory), '-o', 'Dir::Etc::SourceParts=/dev/null',
           '-o', 'Dir::State::Lists=' + os.path.join(directory, 'lists'), '-o', 'Dir::Cache=' + os.path.join(directory, 'cache'),
           '-o', 'APT::Sandbox::User=root']
    words, _ = run(apt + ['update'], 1200, cwd=directory)
    more, status = run(apt + ['source', '--download-only', '--tar-only', package], 1200, cwd=directory)
    archives = glob.glob(os.path.join(directory, package + '_*.orig.tar.*[!c]'))
    if status != 0 or not archives:
        raise Missing('apt-get source %s did not work:\n%s' % (package, (words + more)[-2000:]))
    subprocess.run(['tar', 'xf', archives[0]], cwd=directory, check=True)
    return os.path.dirname(glob.glob(os.path.join(directory, '*', 'zookeeper-client'))[0])


def build_c_client():
    """Builds zktest once below build/; returns the program and the source's root."""
    directory = os.path.join(servers.REPO, 'build', 'suites', 'zookeeper')
    program, note = os.path.join(directory, 'build', 'zktest'), os.path.join(directory, 'root')
    if not os.path.exists(program) or not os.path.exists(note):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        root = debian_source('zookeeper', directory)
        client = os.path.join(root, 'zookeeper-client', 'zookeeper-client-c')
        for place in (os.path.join(client, 'tests'), os.path.join(root, 'bin')):
            os.makedirs(place, exist_ok=True)
            if os.path.lexists(os.path.join(place, 'zkServer.sh')):
                os.remove(os.path.join(place, 'zkServer.sh'))
            os.symlink(os.path.join(HERE, 'stand_in.sh'), os.path.join(place, 'zkServer.sh'))
        os.makedirs(os.path.join(client, 'generated'), exist_ok=True)
        steps = [
            (['java', '-cp', JARS + '/zookeeper-jute.jar', 'org.apache.jute.compiler.generated.Rcc', '-l', 'c',
              os.path.join(root, 'zookeeper-jute/src/main/resources/zookeeper.jute')], os.path.join(client, 'generated')),
            (['cmake', '-S', client, '-B', os.path.dirname(program), '-DCMAKE_BUILD_TYPE=Debug', '-DWITH_CYRUS_SASL=OFF',
              '-DWITH_OPENSSL=OFF', '-DWANT_CPPUNIT=ON', '-DCMAKE_C_FLAGS=-w',
              '-DCMAKE_CXX_FLAGS=-DTHREADED -DUSE_STATIC_LIB -w -include time.h -include unistd.h'], directory),
            (['cmake', '--build', os.path.dirname(program), '-j', '2', '--target', 'zktest'], directory)]
        for command, place in steps:
            words, status = run(command, 1800, cwd=place)
            if status != 0:
                raise Missing('the C client\'s tests do not build:\n' + words[-3000:])
        with open(note, 'w') as text:
            text.write(root)
    with open(note) as text:
        return program, text.read()


def c_client(kind, directory, short):
    with building:
        program, _ = build_c_client()
    results = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        for part in pool.map(lambda suite: c_client_suite(kind, os.path.join(directory, suite), program, suite),
                             C_CLIENT_SHORT if short else C_CLIENT_ALL):
            results.update(part)
    return results


def c_client_suite(kind, directory, program, suite):
    # The tests write below ZKROOT/build: each run has a root of its own, which has only bin/zkServer.sh.
    os.makedirs(os.path.join(directory, 'root', 'bin'))
    os.symlink(os.path.join(HERE, 'stand_in.sh'), os.path.join(directory, 'root', 'bin', 'zkServer.sh'))
    env = environment(kind, directory, ZKROOT=os.path.join(directory, 'root'))
    output, status = run(own_network(['stdbuf', '-oL', program, suite]), 1200, env=env, cwd=directory)
    with open(os.path.join(directory, 'output'), 'w') as text:
        text.write(output)
    results = {}
    # What a test logs stands between its name and its end.
    for part in re.split(r'(?m)^(?=\w+::\w+)', output):
        name = re.match(r'(\w+)::(\w+)', part)
        if name and name.group(1) == suite:
            end = re.search(r': elapsed \d+ : (\w+)', part)
            passed = end is not None and end.group(1) == 'OK'
            results['%s.%s' % name.groups()] = ('passed', '') if passed else ('failed', part[-3000:])
    if not results or status not in (0, 1):
        results[suite + '.(whole)'] = ('failed', 'status %d\n%s' % (status, output[-3000:]))
    return results


# ---- zkCli -------------------------------------------------------------------------------------

def zkcli(kind, directory, short):
    del short
    with open(os.path.join(HERE, 'zkcli.txt')) as text:
        commands = [line.rstrip('\n') for line in text if line.strip() and not line.startswith('#')]
    os.makedirs(directory)
    paths = [os.path.join(directory, name) for name in ('script', 'stdout', 'stderr')]
    with open(paths[0], 'w') as text:
        for number, command in enumerate(commands[:-1]):
            text.write('%s\nlistquota /marker-%d\nhistory\n' % (command, number))
        text.write(commands[-1] + '\n')
    with servers.Ensemble([kind] * 3, directory=os.path.join(directory, 'servers')) as ensemble:
        class_path = ':'.join('%s/%s.jar' % (JARS, jar) for jar in ('zookeeper', 'slf4j-nop'))
        # After the last command, which ends the connection, what zkCli says depends on when it hears of that: quit comes
        # when it has.
        run(['sh', '-c', '{ cat script; until grep -q state:AuthFailed stdout; do sleep 0.1; done; echo quit; } | '
             '"$@" >stdout 2>stderr', 'sh', 'java', '-cp', class_path, 'org.apache.zookeeper.ZooKeeperMain', '-server',
             '127.0.0.1:%d' % ensemble.servers[1].client_port], 1200, cwd=directory)
        ports = ensemble.ports()
    outputs = []
    for path in paths[1:]:
        with open(path, errors='replace') as text:
            outputs.append(text.read())
        for number, port in enumerate(ports):
            outputs[-1] = outputs[-1].replace(str(port), 'PORT%d' % (number + 1))
    return zkcli_results(commands, *outputs)


def masked_zkcli(output):
    """Without what two servers cannot have in common, and without events, which another thread prints."""
    zxids = []

    def zxid(match):
        value = int(match.group(2), 16)
        if value and not zxids:
            zxids.append(value)
        return '%s = %s' % (match.group(1), value - zxids[0] if value else 0)

    output = re.sub(r'WATCHER::\n|WatchedEvent [^\n]*\n', '', output)
    output = re.sub(r'(server\.\d=127\.0\.0\.1):\d+:\d+', r'\1:PORT:PORT', output)
    output = re.sub(r'^((?:c|m)time = ).*$', r'\1TIME', output, flags=re.M)
    output = re.sub(r'(ephemeralOwner = )0x[1-9a-f][0-9a-f]+', r'\1SESSION', output)
    output = re.sub(r'([cmp]Zxid) = 0x([0-9a-f]+)', zxid, output)
    return re.sub(r'\n\n+', '\n', output)


def zkcli_results(commands, stdout, stderr):
    """The answer to each command is its result; and all events, in their order. Behind each command zkCli was asked for its
    history, which it prints, and for a quota that nobody has set, of which it complains. The answer to the last one is an
    event."""
    results = {'events': ('\n'.join(re.findall(r'WatchedEvent state:(?:\w+ type:Node\w+ path:\S+|AuthFailed)', stdout)),
                          '')}
    rest = [masked_zkcli(stdout).split('JLine support is disabled\n', 1)[-1], masked_zkcli(stderr)]
    for number, command in enumerate(commands[:-1]):
        answer = []
        marks = (r'(^\d+ - .*\n)*%d - history\n' % (3 * number + 2),
                 r'absolute path is \S*/marker-%d/\S*\nquota for /marker-%d does not exist\.\n' % (number, number))
        for stream, mark in enumerate(marks):
            found = re.search(mark, rest[stream], re.M)
            if found is None:
                answer.append('(no more)')
                continue
            answer.append(rest[stream][:found.start()].strip())
            rest[stream] = rest[stream][found.end():]
        results['%02d %s' % (number + 1, command)] = ('\n'.join(part for part in answer if part), '')
    return results


# ---- Curator -----------------------------------------------------------------------------------

def compiled_recipes():
    directory = os.path.join(servers.REPO, 'build', 'suites', 'curator')
    source, made = os.path.join(HERE, 'Recipes.java'), os.path.join(directory, 'Recipes.class')
    class_path = ':'.join('%s/%s.jar' % (JARS, jar) for jar in CURATOR_JARS)
    if not os.path.exists(made) or os.path.getmtime(made) < os.path.getmtime(source):
        os.makedirs(directory, exist_ok=True)
        words, status = run(['javac', '-nowarn', '-cp', class_path, '-d', directory, source], 1200, cwd=directory)
        if status != 0:
            raise Missing('Recipes.java does not compile:\n' + words[-3000:])
    return class_path + ':' + directory


def curator(kind, directory, short):
    del short
    with building:
        class_path = compiled_recipes()
    properties = {'zookeeper.extendedTypesEnabled': 'true'}
    results = {}
    with servers.Ensemble([kind] * 3, properties=properties, directory=directory) as ensemble:
        output, status = run(['java', '-cp', class_path, 'Recipes', ensemble.hosts()], 1200, cwd=directory)
    for word, name, why in re.findall(r'^(passed|failed) ([^:\n]*)(.*)$', output, re.M):
        results[name] = (word, why)
    if not results or (status != 0 and all(word == 'passed' for word, _ in results.values())):
        results['(whole)'] = ('failed', 'status %d\n%s' % (status, output[-3000:]))
    return results


# ---- go-zookeeper ------------------------------------------------------------------------------

GO_SOURCE = '/usr/share/gocode/src/github.com/samuel/go-zookeeper/zk'
# Its tests wait until the program can read the answer to srvr, and it reads that of ZooKeeper 3.4 alone, whose average
# latency has no fraction. So the tests wait by this function instead.
GO_WAITS_BY = 'FLWSrvr(serverAddrs, time.Second)'
GO_HELPER = """package zk

import (
	"bytes"
	"time"
)

func allServe(servers []string) (bool, bool) {
	for _, server := range servers {
		answer, err := fourLetterWord(server, "srvr", time.Second)
		if err != nil || !bytes.Contains(answer, []byte("\\nMode: ")) {
			return false, false
		}
	}
	return true, true
}
"""


def build_go():
    """Builds the tests of go-zookeeper once below build/; returns the program."""
    directory = os.path.join(servers.REPO, 'build', 'suites', 'go')
    program = os.path.join(directory, 'zk.test')
    if not os.path.exists(program):
        shutil.rmtree(directory, ignore_errors=True)
        package = 'github.com/samuel/go-zookeeper/zk'
        source = os.path.join(directory, 'src', package)
        if not os.path.isdir(GO_SOURCE):
            raise Missing('there is no %s' % GO_SOURCE)
        shutil.copytree(GO_SOURCE, source)
        with open(os.path.join(source, 'server_help.go')) as text:
            words = text.read()
        if GO_WAITS_BY not in words:
            raise Missing('the tests of go-zookeeper do not wait by "%s" any more' % GO_WAITS_BY)
        words = words.replace(GO_WAITS_BY, 'allServe(serverAddrs)').replace('waitForStart(10,', 'waitForStart(240,')
        with open(os.path.join(source, 'server_help.go'), 'w') as text:
            text.write(words)
        with open(os.path.join(source, 'outside_help.go'), 'w') as text:
            text.write(GO_HELPER)
        env = dict(os.environ, GO111MODULE='off', GOPATH=directory, GOCACHE=os.path.join(directory, 'cache'), GOFLAGS='')
        words, status = run(['go', 'test', '-c', '-vet=off', '-o', program, package], 1200, env=env, cwd=directory)
        if status != 0:
            raise Missing('the tests of go-zookeeper do not build:\n' + words[-3000:])
    return program


def go(kind, directory, short):
    with building:
        program = build_go()
    names, _ = run([program, '-test.list', '.'], 60)
    wanted = [name for name in re.findall(r'^Test\w+$', names, re.M) if not (short and name in GO_LONG)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        ends = pool.map(lambda name: go_test(kind, os.path.join(directory, name), program, name), wanted)
        return dict(zip(wanted, ends))


def go_test(kind, directory, program, name):
    """Some of these tests measure time, or race with the death of a server. One that fails has two more chances, on both
    kinds of servers. Each has a process of its own, because a panic ends all that are in it."""
    for attempt in range(3):
        scratch = os.path.join(directory, str(attempt))
        jars = os.path.join(scratch, 'contrib', 'fatjar')
        os.makedirs(jars)
        # The tests look for this file, and give its name to "java", which is stand_in.sh.
        with open(os.path.join(jars, 'zookeeper-3.8.0-fatjar.jar'), 'w'):
            pass
        env = environment(kind, scratch, ZOOKEEPER_PATH=scratch)
        if kind == 'java':
            os.symlink(os.path.join(HERE, 'stand_in.sh'), os.path.join(scratch, 'bin', 'java'))
        output, status = run(own_network([program, '-test.v', '-test.timeout', '240s', '-test.run', '^%s$' % name]), 300,
                             env=env, cwd=scratch)
        if status == 0:
            return ('skipped' if '--- SKIP: ' + name in output else 'passed', '')
    return ('failed', output[-3000:])


# ---- ZooKeeper's own tests ---------------------------------------------------------------------

OUTSIDE = os.path.join(HERE, 'outside')
JAVA_RECIPES = ['zookeeper-recipes-' + name for name in ('lock', 'queue')]
JAVA_JARS = ('zookeeper zookeeper-jute apiguardian-api commons-cli commons-collections4 commons-io commons-lang3 hamcrest '
             'jackson-annotations jackson-core jackson-databind junit-jupiter-api junit-jupiter-engine junit-jupiter-params '
             'junit-platform-commons junit-platform-console junit-platform-engine junit-platform-launcher '
             'junit-platform-reporting log4j-1.2 mockito-core byte-buddy byte-buddy-agent objenesis netty-all opentest4j '
             'opentest4j-reporting-events opentest4j-reporting-schema picocli servlet-api slf4j-api slf4j-log4j12 '
             'snappy-java metrics-core').split() + JAVA_RECIPES
JAVA_PACKAGE = 'org.apache.zookeeper.'
# What is changed in tests whose servers run outside of their JVM: the peers and main programs; metrics and the leader's
# proposals, which they read in their own; and the name of a fact that a server without a JVM does not tell (NOTES.md D-313).
JAVA_PATCHES = [(name, r'new QuorumPeer\(', 'new org.apache.zookeeper.server.quorum.OutsidePeer(')
                for name in ('test/QuorumBase', 'test/QuorumUtil', 'test/HierarchicalQuorumTest', 'test/TruncateTest')] + [
    ('server/quorum/QuorumPeerTestBase', r'new TestQPMain\(', 'new OutsideMain('),
    ('server/ZooKeeperServerMainTest', r'new TestZKSMain\(', 'new OutsideAlone('),
    ('server/InvalidSnapshotTest', r'\(NIOServerCnxnFactory\) serverFactory', 'serverFactory'),
    ('server/InvalidSnapshotTest', r'NIOServerCnxnFactory factory', 'ServerCnxnFactory factory'),
    ('server/quorum/QuorumPeerMainTest', r'assertTrue\(outstanding\.(size\(\) == 1|values\(\)[^;]*)\);', ''),
    ('test/BufferSizeTest', r'int TEST_MAXBUFFER = 100;', r'\g<0> static { System.setProperty("jute.maxbuffer", "100"); }'),
    ('test/QuorumUtil', r'return peers\.get\(id\);',
     r'org.apache.zookeeper.server.quorum.OutsidePeer.look(peers.get(id) == null ? null : peers.get(id).peer); \g<0>'),
    ('test/FourLetterWordsTest', '"envi", "java.version"', '"envi", "zookeeper.version"'),
    ('test/FourLetterWordsQuorumTest', '"envi", "java.version"', '"envi", "zookeeper.version"'),
    ('test/FourLetterWordsWhiteListTest', '"envi", "java.version"', '"envi", "zookeeper.version"'),
    ('test/ZooKeeperQuotaTest', r'(void validateQuotaExceededMetrics\([^{]*\{)', r'\1 if (true) { return; }'),
]
JAVA_SECONDS = 120  # for one test
LOG4J = """log4j.rootLogger=INFO, FILE
log4j.appender.FILE=org.apache.log4j.FileAppender
log4j.appender.FILE.File=%s/client.log
log4j.appender.FILE.layout=org.apache.log4j.PatternLayout
log4j.appender.FILE.layout.ConversionPattern=%%d{ISO8601} %%-5p [%%t:%%c{1}] - %%m%%n
"""


def java_words(short):
    return JAVA_SHORT if short else JAVA_SHORT + JAVA_LONG


def java_class_path():
    return ':'.join('%s/%s.jar' % (JARS, jar) for jar in JAVA_JARS)


def java_name(word):
    """The class of a word of the lists above; the lists leave out what all have in common."""
    return JAVA_PACKAGE + word


def is_left_out(name):
    return any(fnmatch.fnmatch(name, word) for word in JAVA_INSIDE + JAVA_NOT_HERE)


def patch_java(source):
    """Puts what runs outside in the place of servers."""
    for name, found, put in JAVA_PATCHES:
        path = os.path.join(source, 'org', 'apache', 'zookeeper', name + '.java')
        with open(path) as text:
            words, count = re.subn(found, put, text.read())
        if count == 0:
            raise Missing('%s.java has no "%s" any more' % (name, found))
        with open(path, 'w') as text:
            text.write(words)


def leave_out(source, word):
    """Tests that are left out are not run, for they may wait until their time is up."""
    path = os.path.join(source, java_name(word).replace('.', '/') + '.java')
    with open(path) as text:
        words = re.sub(r'public void (\w+)\(\)', lambda test: ('@org.junit.jupiter.api.Disabled ' if is_left_out(
            '%s.%s()' % (word.split('.')[-1], test.group(1))) else '') + test.group(0), text.read())
    with open(path, 'w') as text:
        text.write(words)


def build_java(short):
    """Compiles ZooKeeper's tests once below build/: as they stand, for Java, and once more with processes in the place of
    its servers. Returns the directory that has both, java/ and c/."""
    directory = os.path.join(servers.REPO, 'build', 'suites', 'java-short' if short else 'java-long')
    newest = max(os.path.getmtime(path) for path in glob.glob(OUTSIDE + '/*.java'))
    done = os.path.join(directory, 'done')
    if os.path.exists(done) and os.path.getmtime(done) > newest:
        return directory
    shutil.rmtree(directory, ignore_errors=True)
    _, root = build_c_client()
    for kind, ours in (('java', ['JMXEnv', 'LoggerTestTool']),
                       ('c', ['JMXEnv', 'LoggerTestTool', 'OutsideServer', 'OutsidePeer', 'OutsideMain', 'OutsideAlone'])):
        source = os.path.join(directory, kind + '-source')
        for part in ['zookeeper-server'] + [os.path.join('zookeeper-recipes', name) for name in JAVA_RECIPES]:
            shutil.copytree(os.path.join(root, part, 'src', 'test', 'java'), source, dirs_exist_ok=True)
        for name in ('JMXEnv', 'LoggerTestTool'):
            os.remove(os.path.join(source, 'org', 'apache', 'zookeeper', 'test', name + '.java'))
        if kind == 'c':
            patch_java(source)
        for word in java_words(short):
            leave_out(source, word)
        files = [os.path.join(OUTSIDE, name + '.java') for name in ours]
        files += [os.path.join(source, java_name(word).replace('.', '/') + '.java') for word in java_words(short)]
        words, status = run(['javac', '-nowarn', '-proc:none', '-cp', java_class_path(), '-sourcepath', source, '-d',
                             os.path.join(directory, kind)] + files, 1200, cwd=directory)
        if status != 0:
            raise Missing('ZooKeeper\'s tests do not compile:\n' + words[-3000:])
    shutil.copytree(os.path.join(root, 'zookeeper-server', 'src', 'test', 'resources', 'data'), os.path.join(directory, 'data'))
    with open(done, 'w'):
        return directory


def zookeeper(kind, directory, short):
    with building:
        classes = os.path.join(build_java(short), kind)
    results = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=2 if short else 3) as pool:
        for part in pool.map(lambda word: java_tests(kind, os.path.join(directory, word), classes, word),
                             java_words(short)):
            results.update(part)
    return {name: result for name, result in results.items() if not is_left_out(name)}


def java_tests(kind, directory, classes, word):
    """The tests of one class, in a JVM of their own, since they set properties and statics. What fails has two more
    chances, on both kinds of servers."""
    results = {}
    for attempt in range(3):
        scratch = os.path.join(directory, str(attempt))
        for name in ('logs', 'build'):
            os.makedirs(os.path.join(scratch, name))
        with open(os.path.join(scratch, 'log4j.properties'), 'w') as text:
            text.write(LOG4J % scratch)
        env = environment(kind, scratch)
        options = ['-Xmx512m', '-Dlog4j.configuration=file:%s/log4j.properties' % scratch,
                   '-Dbuild.test.dir=%s/build' % scratch, '-Dtest.data.dir=%s/data' % os.path.dirname(classes)]
        if kind == 'c':
            options += ['-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.OutsideServer',
                        '-Dsuite.logs=%s/logs' % scratch, '-Dsuite.command=%s/bin/java' % scratch]
        output, _ = run(own_network(['/usr/bin/java'] + options + [
            '-cp', java_class_path() + ':' + classes, 'org.junit.platform.console.ConsoleLauncher', '--details=none',
            '--disable-banner', '--reports-dir=' + scratch, '-c', java_name(word),
            '--config=junit.jupiter.execution.timeout.default=%d s' % JAVA_SECONDS,
            '--config=junit.jupiter.execution.timeout.thread.mode.default=SEPARATE_THREAD']), 1800, env=env, cwd=scratch)
        report = os.path.join(scratch, 'TEST-junit-jupiter.xml')
        if not os.path.exists(report):
            results[word + '.(whole)'] = ('failed', output[-3000:])
            continue
        results.pop(word + '.(whole)', None)
        for case in xml.etree.ElementTree.parse(report).iter('testcase'):
            name = '%s.%s' % (word.split('.')[-1], case.get('name'))
            bad = [node for ending in ('failure', 'error') for node in case.iter(ending)]
            if results.get(name, ('failed', ''))[0] == 'failed':
                results[name] = ('failed', (bad[0].text or '')[:1500]) if bad else ('passed', '')
        if not any(result[0] == 'failed' and not is_left_out(name) for name, result in results.items()):
            break
    return results


# ---- Net::ZooKeeper ----------------------------------------------------------------------------

def build_perl():
    """Builds the module once below build/; returns its directory."""
    directory = os.path.join(servers.REPO, 'build', 'suites', 'perl')
    if not glob.glob(directory + '/blib/arch/auto/Net/ZooKeeper/*.so'):
        shutil.rmtree(directory, ignore_errors=True)
        _, root = build_c_client()
        shutil.copytree(os.path.join(root, 'zookeeper-contrib', 'zookeeper-contrib-zkperl'), directory)
        for command in (['perl', 'Makefile.PL', '--zookeeper-include=/usr/include/zookeeper'], ['make']):
            words, status = run(command, 600, cwd=directory)
            if status != 0:
                raise Missing('Net::ZooKeeper does not build (it needs gcc, make and libzookeeper-mt-dev):\n' + words[-3000:])
    return directory


def perl(kind, directory, short):
    del short
    with building:
        module = build_perl()
    return programs.at_all(kind, directory, lambda ensemble, _: {
        name: result for path in sorted(glob.glob(module + '/t/*.t'))
        for name, result in perl_tests(path, module, ensemble.hosts()).items()})


def perl_tests(path, module, hosts):
    """The tests of one file, which go on after a failure. A file in which some fail has two more chances, on both kinds of
    servers."""
    for attempt in range(3):
        output, status = run(['perl', '-Mblib', path], 300, cwd=module, env=dict(os.environ, ZK_TEST_HOSTS=hosts))
        results = {}
        for word, number, title in re.findall(r'^((?:not )?ok) (\d+)(.*)$', output, re.M):
            end = 'skipped' if '# skip' in title else 'passed' if word == 'ok' else 'failed'
            results['%s %s%s' % (os.path.basename(path), number, title)] = (end, output[-3000:] if end == 'failed' else '')
        if not results or (status != 0 and not any(end == 'failed' for end, _ in results.values())):
            results[os.path.basename(path) + ' (whole)'] = ('failed', 'status %d\n%s' % (status, output[-3000:]))
        if not any(end == 'failed' for end, _ in results.values()):
            break
    return results


# ---- compare -----------------------------------------------------------------------------------

def meant_differences():
    """Rows of differences.txt: suite, test (with *), Java's result, ours, where NOTES.md tells why."""
    out = []
    with open(os.path.join(HERE, 'differences.txt')) as text:
        for line in text:
            if line.strip() and not line.startswith('#'):
                out.append([word.strip() for word in line.rstrip('\n').split('|')])
    return out


def short_result(result):
    word = ' / '.join(result.split('\n')) or '(nothing)'
    return word if len(word) <= 200 else word[:197] + '...'


def compare(suite, java, ours, meant):
    """Prints lines, returns how many results differ without a number."""
    same, numbered, late, bad = 0, [], [], 0
    for name in sorted(set(java) | set(ours)):
        theirs, mine = java.get(name, ('missing', '')), ours.get(name, ('missing', ''))
        if theirs[0] == mine[0]:
            same += 1
            continue
        rows = [row for row in meant if row[0] == suite and fnmatch.fnmatch(name, row[1])]
        if rows:
            numbered.append('  %s: %s' % (rows[0][-1], name))
            continue
        if suite in MEASURE_TIME and (theirs[0], mine[0]) == ('failed', 'passed'):
            late.append(name)
            continue
        bad += 1
        print('FAILED suites %s: %s' % (suite, name))
        print('  | Java: %s\n  | C:    %s' % (short_result(theirs[0]), short_result(mine[0])))
        for line in (mine[1] or theirs[1]).strip().split('\n')[-25:]:
            print('  |   ' + line)
    both = sorted(name for name in java if java[name][0] == 'failed' and ours.get(name, ('', ''))[0] == 'failed')
    print('%s suites %s: %d of %d tests have the same result on C and on Java%s' % (
        'ok' if same and not bad else 'FAILED', suite, same, same + len(numbered) + len(late) + bad,
        ', %d differ as NOTES.md says' % len(numbered) if numbered else ''))
    for line in numbered:
        print(line)
    if suite == 'kazoo':
        print('  left out: %s, which changes the members of an ensemble (NOTES.md D-159)' % KAZOO_NEVER)
    if both:
        print('  fail on both: ' + ', '.join(both))
    if late:
        print('  fail on Java alone: ' + ', '.join(late))
    sys.stdout.flush()
    return bad if same else bad + 1


def write_table(suite, java, ours, path):
    rows = ['# %s: every test, on three servers of Java and of C' % suite, '', '| test | Java | C |', '|---|---|---|']
    for name in sorted(set(java) | set(ours)):
        words = [short_result(r.get(name, ('missing', ''))[0]).replace('|', '\\|') for r in (java, ours)]
        rows.append('| %s | %s | %s |' % (name.replace('|', '\\|'), words[0], words[1] if words[0] != words[1] else 'same'))
    with open(path, 'w') as text:
        text.write('\n'.join(rows) + '\n')


# ---- main --------------------------------------------------------------------------------------

USUAL = {'kazoo': kazoo, 'c-client': c_client, 'zkcli': zkcli, 'curator': curator, 'zookeeper': zookeeper, 'go': go,
          'openstack': programs.openstack}
BY_NAME = {'libkv': programs.libkv, 'prometheus': programs.prometheus, 'clickhouse': programs.clickhouse,
           'patroni': programs.patroni, 'perl': perl}
SUITES = dict(USUAL, **BY_NAME)


def parse_options():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('suites', nargs='*', metavar='SUITE', type=command_line.one_of(SUITES, 'suite'),
                        help='%s (default: all of these); %s' % (', '.join(USUAL), ', '.join(BY_NAME)))
    parser.add_argument('--servers', default='java,c', metavar='KINDS',
                        help="'java,c' compares both (default); 'c', 'java': only runs on one and prints what failed")
    parser.add_argument('--short', action='store_true', help='leave out what takes long')
    parser.add_argument('--table', metavar='DIR', help='write SUITE.md into this directory: every test on both')
    options = parser.parse_args()
    if options.servers not in ('java,c', 'c', 'java'):
        parser.error("--servers is 'java,c', 'c' or 'java', not '%s'" % options.servers)
    if options.table and not os.path.isdir(options.table):
        parser.error('--table: there is no directory %s' % options.table)
    return options


# CLI-35
def run_suite(suite, kinds, options, scratch):
    """Returns the results by kind; both kinds at once."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(kinds)) as pool:
        parts = {kind: pool.submit(SUITES[suite], kind, os.path.join(scratch, suite + '-' + kind), options.short)
                 for kind in kinds}
        return {kind: part.result() for kind, part in parts.items()}


def main():
    options = parse_options()
    kinds = options.servers.split(',')
    meant = meant_differences()
    scratch = tempfile.mkdtemp(prefix='zksuites-')
    bad = 0
    try:
        for suite in options.suites or list(USUAL):
            try:
                if 'c' in kinds:
                    servers.need_binary()
                results = run_suite(suite, kinds, options, scratch)
            except (Missing, RuntimeError) as problem:
                print('FAILED suites %s: %s' % (suite, problem))
                bad += 1
                continue
            if len(kinds) == 2:
                bad += compare(suite, results['java'], results['c'], meant)
                if options.table:
                    write_table(suite, results['java'], results['c'], os.path.join(options.table, suite + '.md'))
                continue
            for name, (word, why) in sorted(results[kinds[0]].items()):
                print('%-8s %s %s' % (short_result(word), name, why[-1500:] if word == 'failed' else ''))
    except BaseException:
        end_all()
        raise
    finally:
        if bad:
            print('  the suites\' files: %s' % scratch)
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    return 1 if bad else 0


if __name__ == '__main__':
    command_line.run(main)
