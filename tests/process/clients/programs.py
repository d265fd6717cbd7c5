"""Programs that keep what they know in ZooKeeper, as Debian ships them: what suites.py runs beside the suites of clients.

Each runs at one server and at three. Where the steps are ours, one of the three dies meanwhile. A step waits until what is wanted
is there, and fails when it has not come after WAIT_SECONDS, so that no step depends on how fast anybody is.
"""
import glob
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request

import servers
from suite_tools import Missing, building, end_group, environment, pytest, run

WAIT_SECONDS = 120
PYTHON_PACKAGES = '/usr/lib/python3/dist-packages'
# taskflow's tests have the address of their server in a variable; tooz's take it from the environment.
PYTEST = ('import os, sys, pytest\n'
          'import taskflow.tests.utils\n'
          "taskflow.tests.utils.ZK_TEST_CONFIG['hosts'] = os.environ['SUITE_HOSTS'].split(',')\n"
          'sys.exit(pytest.main(sys.argv[1:]))\n')
TOOZ = ['tooz/tests/test_coordination.py::TestAPI']
TOOZ_LONG = ['tooz/tests/test_partitioner.py::TestPartitioner']
TASKFLOW = ['taskflow/tests/unit/jobs/test_zk_job.py::ZookeeperJobboardTest',
            'taskflow/tests/unit/persistence/test_zk_persistence.py::ZkPersistenceTest']
# It waits for ten seconds until a server that is not there has not answered.
TOOZ_WAITS = 'test_connection_error_bad_host'


def need(program, package):
    path = shutil.which(program) or shutil.which(program, path='/usr/sbin:/sbin')
    if path is None:
        raise Missing('there is no %s: apt-get install %s' % (program, package))
    return path


def at_all(kind, directory, part, shapes=(1, 3)):
    """Runs part(ensemble, scratch) at one server and at three. Returns the results of both, each name with its shape."""
    results = {}
    for count in shapes:
        scratch = os.path.join(directory, str(count))
        os.makedirs(scratch)
        with servers.Ensemble([kind] * count, alone=count == 1, directory=os.path.join(scratch, 'servers')) as ensemble:
            for name, result in part(ensemble, scratch).items():
                results['%s: %s' % ('alone' if count == 1 else 'three', name)] = result
    return results


# ---- tooz and taskflow -------------------------------------------------------------------------

def openstack(kind, directory, short):
    files = [os.path.join(PYTHON_PACKAGES, word) for word in TOOZ + TASKFLOW + ([] if short else TOOZ_LONG)]
    for name in files:
        if not os.path.exists(name.split('::')[0]):
            raise Missing('there is no %s: apt-get install python3-tooz python3-taskflow' % name.split('::')[0])

    def part(ensemble, scratch):
        env = environment(kind, scratch, SUITE_HOSTS=ensemble.hosts(), TOOZ_TEST_URL='kazoo://%s?timeout=10' % ensemble.hosts())
        results, wanted = {}, files + (['-k', 'not ' + TOOZ_WAITS] if short else [])
        for attempt in range(3):
            results.update(pytest(wanted, scratch, attempt, env, ('/usr/bin/python3', '-c', PYTEST)))
            # Some of these tests have limits of seconds. Those that fail get two more chances, on both kinds of servers.
            failed = [name.split('.', 2) for name in sorted(results) if results[name][0] == 'failed']
            wanted = ['%s::%s' % (word, test) for module, group, test in failed for word in files
                      if word.endswith('/%s.py::%s' % (module, group))]
            if not wanted:
                break
        return results
    return at_all(kind, directory, part, (3,) if short else (1, 3))


# ---- libkv -------------------------------------------------------------------------------------

GO_SOURCES = '/usr/share/gocode/src'
LIBKV = 'github.com/docker/libkv'


def build_libkv():
    """Builds the tests of libkv once below build/, with the server's address from the environment; returns the program."""
    directory = os.path.join(servers.REPO, 'build', 'suites', 'libkv')
    program = os.path.join(directory, 'libkv.test')
    if os.path.exists(program):
        return program
    need('go', 'golang-go')
    if not os.path.isdir(os.path.join(GO_SOURCES, LIBKV)):
        raise Missing('there is no %s: apt-get install golang-github-docker-libkv-dev' % os.path.join(GO_SOURCES, LIBKV))
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(os.path.join(GO_SOURCES, LIBKV), os.path.join(directory, 'src', LIBKV))
    path = os.path.join(directory, 'src', LIBKV, 'store', 'zookeeper', 'zookeeper_test.go')
    with open(path) as text:
        words, count = re.subn('"localhost:2181"', 'os.Getenv("SUITE_HOST")', text.read())
    if count != 1:
        raise Missing('the tests of libkv do not have the address of their server where it was')
    with open(path, 'w') as text:
        text.write(words.replace('import (', 'import (\n\t"os"', 1))
    env = dict(os.environ, GO111MODULE='off', GOPATH=directory + ':/usr/share/gocode',
               GOCACHE=os.path.join(directory, 'cache'), GOFLAGS='')
    words, status = run(['go', 'test', '-c', '-vet=off', '-o', program, LIBKV + '/store/zookeeper'], 1200, env=env,
                        cwd=directory)
    if status != 0:
        raise Missing('the tests of libkv do not build:\n' + words[-3000:])
    return program


def libkv(kind, directory, short):
    del short
    with building:
        program = build_libkv()

    def part(ensemble, scratch):
        env = environment(kind, scratch, SUITE_HOST='127.0.0.1:%d' % ensemble.ports()[0])
        output, _ = run([program, '-test.v', '-test.timeout', '240s'], 300, env=env, cwd=scratch)
        return {name: ('passed', '') if '--- PASS: %s ' % name in output else ('failed', output[-3000:])
                for name in ('TestRegister', 'TestZkStore')}
    return at_all(kind, directory, part)


# ---- steps -------------------------------------------------------------------------------------

class Steps:
    """What a program was asked to do, step by step, and the processes that run meanwhile."""

    def __init__(self, scratch):
        self.scratch, self.results, self.processes = scratch, {}, []

    def start(self, name, command, **how):
        with open(os.path.join(self.scratch, name + '.log'), 'ab') as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **how)
        self.processes.append(process)
        return process

    def wait(self, name, ask, wanted):
        """Asks until the answer is the wanted one; that is the step's result."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            answer = ask()
            if answer == wanted:
                self.results[name] = ('passed', '')
                return True
            if time.monotonic() > end:
                self.results[name] = ('failed', 'wanted %r, and there is %r' % (wanted, answer))
                return False
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for process in self.processes:
            end_group(process)
            process.wait()


def http_json(port, path, **how):
    """Returns the answer, also of a status that says no; nothing if there is none."""
    try:
        with urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:%d%s' % (port, path), **how), timeout=30) as answer:
            return json.loads(answer.read().decode())
    except (OSError, ValueError):
        return None


# ---- prometheus --------------------------------------------------------------------------------

PROMETHEUS = """global: {scrape_interval: 1s}
scrape_configs:
- job_name: serverset
  serverset_sd_configs: [{servers: [%(hosts)s], paths: ['/serverset'], timeout: 10s}]
- job_name: nerve
  nerve_sd_configs: [{servers: [%(hosts)s], paths: ['/nerve'], timeout: 10s}]
"""


def prometheus(kind, directory, short):
    del short
    program = need('prometheus', 'prometheus')
    return at_all(kind, directory, lambda ensemble, scratch: prometheus_steps(ensemble, scratch, program))


def prometheus_steps(ensemble, scratch, program):
    from kazoo.client import KazooClient  # here, since only this suite needs it
    hosts = ', '.join("'127.0.0.1:%d'" % port for port in ensemble.ports())
    with open(os.path.join(scratch, 'prometheus.yml'), 'w') as text:
        text.write(PROMETHEUS % {'hosts': hosts})
    port = servers.free_ports(1, scratch)[0]

    def member(number):
        return json.dumps({'serviceEndpoint': {'host': '10.0.0.%d' % number, 'port': 80}, 'additionalEndpoints': {},
                           'status': 'ALIVE', 'shard': number}).encode()

    def node(number):
        return json.dumps({'host': '10.0.1.%d' % number, 'port': 80, 'name': 'n%d' % number}).encode()

    def targets():
        found = (http_json(port, '/api/v1/targets') or {}).get('data') or {}
        return sorted(target['discoveredLabels']['__address__'] for target in found.get('activeTargets', []))

    def addresses(members, nodes):
        return sorted(['10.0.0.%d:80' % n for n in members] + ['10.0.1.%d:80' % n for n in nodes])

    logging.getLogger('kazoo').setLevel(logging.CRITICAL)  # it tells of each connection that a dead server refuses
    client = KazooClient(ensemble.hosts(), timeout=10)
    with Steps(scratch) as steps:
        client.start(timeout=WAIT_SECONDS)
        for n in (1, 2):
            client.create('/serverset/member_%d' % n, member(n), makepath=True)
            client.create('/nerve/n%d' % n, node(n), makepath=True)
        steps.start('prometheus', [program, '--config.file=prometheus.yml', '--storage.tsdb.path=data',
                                   '--web.listen-address=127.0.0.1:%d' % port], cwd=scratch)
        steps.wait('it finds what is there', targets, addresses((1, 2), (1, 2)))
        client.create('/serverset/member_3', member(3))
        client.create('/nerve/n3', node(3))
        steps.wait('it finds what comes', targets, addresses((1, 2, 3), (1, 2, 3)))
        client.set('/serverset/member_2', member(9))
        client.delete('/nerve/n1')
        steps.wait('it sees changes and removals', targets, addresses((1, 3, 9), (2, 3)))
        if len(ensemble.servers) > 1:
            ensemble.servers[-1].kill()
            client.retry(client.create, '/serverset/member_5', member(5))
            steps.wait('it goes on when a server has died', targets, addresses((1, 3, 5, 9), (2, 3)))
        client.stop()
        client.close()
        return steps.results


# ---- ClickHouse --------------------------------------------------------------------------------

CLICKHOUSE = """<yandex>
<logger><level>information</level><log>log</log><errorlog>errors</errorlog></logger>
<http_port>%(http)d</http_port><tcp_port>%(tcp)d</tcp_port><interserver_http_port>%(between)d</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
<path>data/</path><tmp_path>tmp/</tmp_path><users_config>users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>100000000</mark_cache_size>
<zookeeper>%(nodes)s<session_timeout_ms>10000</session_timeout_ms></zookeeper>
<macros><shard>1</shard><replica>r%(number)d</replica></macros>
<distributed_ddl><path>/clickhouse/ddl</path></distributed_ddl>
<remote_servers><both><shard>%(replicas)s</shard></both></remote_servers>
</yandex>
"""
CLICKHOUSE_TABLE = ("(d Date, k UInt64, v String) engine = ReplicatedMergeTree('/clickhouse/tables/1/%s', '{replica}', d, (k), "
                    '8192)')


def clickhouse(kind, directory, short):
    del short
    program, client = need('clickhouse-server', 'clickhouse-server'), need('clickhouse-client', 'clickhouse-client')
    return at_all(kind, directory, lambda ensemble, scratch: clickhouse_steps(ensemble, scratch, program, client))


def clickhouse_steps(ensemble, scratch, program, client):
    ports = servers.free_ports(6, scratch)
    nodes = ''.join('<node><host>127.0.0.1</host><port>%d</port></node>' % port for port in ensemble.ports())
    replicas = ''.join('<replica><host>127.0.0.1</host><port>%d</port></replica>' % ports[3 * n + 1] for n in (0, 1))

    def ask(number, words):
        """Returns what the replica answers; an error's words as well."""
        return run([client, '--host', '127.0.0.1', '--port', str(ports[3 * number - 2]), '-q', words], 300)[0].strip()

    def until_taken(number, words):
        return steps.wait(words.split(' values')[0], lambda: ask(number, words), '')

    with Steps(scratch) as steps:
        for number in (1, 2):
            home = os.path.join(scratch, 'replica%d' % number)
            for name in ('data', 'tmp'):
                os.makedirs(os.path.join(home, name))
            shutil.copy('/etc/clickhouse-server/users.xml', home)
            http, tcp, between = ports[3 * number - 3:3 * number]
            with open(os.path.join(home, 'config.xml'), 'w') as text:
                text.write(CLICKHOUSE % {'http': http, 'tcp': tcp, 'between': between, 'nodes': nodes, 'number': number,
                                         'replicas': replicas})
            steps.start('replica%d' % number, [program, '--config-file=config.xml'], cwd=home)
        for number in (1, 2):
            steps.wait('replica %d answers' % number, lambda: ask(number, 'select 1'), '1')
            ask(number, 'create table t ' + CLICKHOUSE_TABLE % 't')
        ask(1, "insert into t select today(), number, 'a' from numbers(1000)")
        steps.wait('the second has what the first was given', lambda: ask(2, 'select count(), sum(k) from t'), '1000\t499500')
        for number in range(5):
            ask(2, "insert into t values (today(), %d, 'b')" % (2000 + number))
        steps.wait('the first has what the second was given', lambda: ask(1, 'select count() from t'), '1005')
        ask(2, "insert into t select today(), number, 'a' from numbers(1000)")
        steps.wait('a block that comes twice counts once', lambda: ask(1, 'select count() from t'), '1005')
        ask(1, 'optimize table t final')
        steps.wait('both merge', lambda: ask(2, "select count() from system.parts where active and table = 't'"), '1')
        ask(2, 'alter table t add column z UInt8 default 7')
        steps.wait('both have the new column', lambda: ask(1, 'select sum(z) from t'), '7035')
        ask(1, 'create table u on cluster both ' + CLICKHOUSE_TABLE % 'u')
        steps.wait('a statement for the cluster', lambda: ask(2, 'exists table u'), '1')
        steps.wait('system.zookeeper', lambda: ask(
            2, "select name, ephemeralOwner != 0 from system.zookeeper where path = '/clickhouse/tables/1/t/replicas/r1' "
            "and name in ('is_active', 'log_pointer') order by name"), 'is_active\t1\nlog_pointer\t0')
        if len(ensemble.servers) > 1:
            ensemble.servers[-1].kill()
            for number in range(5):
                until_taken(1 + number % 2, "insert into t (d, k, v) values (today(), %d, 'c')" % (3000 + number))
            for number in (1, 2):
                steps.wait('replica %d has all when a server has died' % number, lambda: ask(number, 'select count() from t'),
                           '1010')
        for number in (1, 2):
            ask(number, 'drop table t')
        steps.wait('what was dropped is gone', lambda: ask(
            1, "select name from system.zookeeper where path = '/clickhouse/tables/1'"), 'u')
        return steps.results


# ---- patroni -----------------------------------------------------------------------------------

PATRONI = """scope: demo
name: pg%(number)d
restapi: {listen: '127.0.0.1:%(api)d', connect_address: '127.0.0.1:%(api)d'}
zookeeper: {hosts: [%(hosts)s]}
bootstrap:
  dcs: {ttl: 30, loop_wait: 2, retry_timeout: 10, postgresql: {use_pg_rewind: false}}
  initdb: [{encoding: UTF8}]
  pg_hba: ['host replication rep 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 trust']
postgresql:
  listen: 127.0.0.1:%(sql)d
  connect_address: 127.0.0.1:%(sql)d
  data_dir: %(home)s/data
  bin_dir: %(bin)s
  pgpass: %(home)s/pgpass
  authentication: {replication: {username: rep, password: x}, superuser: {username: postgres, password: x}}
  parameters: {unix_socket_directories: '%(home)s'}
"""


def patroni(kind, directory, short):
    del short
    program = need('patroni', 'patroni')
    tools = sorted(glob.glob('/usr/lib/postgresql/*/bin'))
    if not tools:
        raise Missing('there is no PostgreSQL: apt-get install postgresql')
    if os.geteuid() != 0:
        raise Missing('patroni is run as another user, which only root may do')
    return at_all(kind, directory, lambda ensemble, scratch: patroni_steps(ensemble, scratch, program, tools[-1]))


def patroni_steps(ensemble, scratch, program, tools):
    ports = servers.free_ports(4, scratch)
    home = subprocess.run(['runuser', '-u', 'postgres', '--', 'mktemp', '-d', '/tmp/zkpatroni-XXXXXX'], check=True,
                          stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()
    members = {}

    def role(number):
        return (http_json(ports[number - 1], '/patroni') or {}).get('role')

    def sql(number, words):
        return run(['psql', '-h', '127.0.0.1', '-p', str(ports[number + 1]), '-U', 'postgres', '-Atqc', words, 'postgres'],
                   300)[0].strip()

    def start(number):
        path = os.path.join(scratch, 'pg%d.yml' % number)
        with open(path, 'w') as text:
            text.write(PATRONI % {'number': number, 'api': ports[number - 1], 'sql': ports[number + 1], 'bin': tools,
                                  'hosts': ', '.join("'127.0.0.1:%d'" % port for port in ensemble.ports()),
                                  'home': '%s/%d' % (home, number)})
        os.chmod(path, 0o644)
        shutil.copy(path, home)
        members[number] = steps.start('pg%d' % number, ['runuser', '-u', 'postgres', '--', program,
                                                        '%s/pg%d.yml' % (home, number)], cwd='/')

    def end(number):
        end_group(members[number])
        try:
            with open('%s/%d/data/postmaster.pid' % (home, number)) as text:
                os.kill(int(text.readline()), signal.SIGKILL)
        except (OSError, ValueError):
            pass

    with Steps(scratch) as steps:
        try:
            for number, wanted in ((1, 'master'), (2, 'replica')):
                subprocess.run(['runuser', '-u', 'postgres', '--', 'mkdir', '%s/%d' % (home, number)], check=True)
                start(number)
                steps.wait('pg%d is %s' % (number, wanted), lambda: role(number), wanted)
            steps.wait('a table is made', lambda: sql(1, 'create table if not exists t (x int)'), '')
            sql(1, 'insert into t values (1), (2)')
            steps.wait('its rows arrive', lambda: sql(2, 'select sum(x) from t'), '3')
            http_json(ports[0], '/config', method='PATCH', data=b'{"maximum_lag_on_failover": 7654321}')
            steps.wait('the configuration arrives', lambda: (http_json(ports[1], '/config') or {}).get(
                'maximum_lag_on_failover'), 7654321)
            http_json(ports[0], '/switchover', method='POST', data=b'{"leader": "pg1", "candidate": "pg2"}')
            steps.wait('switchover', lambda: (role(1), role(2)), ('replica', 'master'))
            if len(ensemble.servers) > 1:
                ensemble.servers[-1].kill()
                steps.wait('pg2 takes a row when a server has died', lambda: sql(2, 'insert into t values (4)'), '')
                steps.wait('it arrives', lambda: sql(1, 'select max(x) from t'), '4')
            end(2)
            steps.wait('failover', lambda: role(1), 'master')
            return steps.results
        finally:
            for number in members:
                end(number)
            shutil.rmtree(home, ignore_errors=True)
