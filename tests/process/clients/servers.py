"""Servers for the tests of this directory: one alone, a quorum of one, or three, of C, of Java or mixed.

Each ensemble has its own directory and its own free ports on 127.0.0.1. It ends what it has started, by process id. All
values of zoo.cfg are the same for C and for Java; they are chosen so that nothing happens by time that a client could
see: sessions live for an hour, containers and TTL nodes are not looked for.
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BINARY = os.environ.get('ZKPEER_BINARY') or os.path.join(REPO, 'build', 'zkpeer')

SETTINGS = {
    'tickTime': 1000, 'initLimit': 30, 'syncLimit': 15, 'minSessionTimeout': 500, 'maxSessionTimeout': 3600000,
    'maxClientCnxns': 0, '4lw.commands.whitelist': '*', 'admin.enableServer': 'false', 'autopurge.purgeInterval': 0,
}
# These have no name in zoo.cfg: they stand on the command line.
PROPERTIES = {'znode.container.checkIntervalMs': 86400000}


def free_ports(count, directory):
    """Returns ports of a block that is booked as long as the directory exists, as cluster.sh books one: what one server
    binds only when it leads must not be taken by another test until then."""
    words = 'source "$1/scripts/lib/lib.sh"; pick_ports "$2"'
    base = int(subprocess.run(['bash', '-c', words, 'pick', REPO, directory], check=True, stdout=subprocess.PIPE).stdout)
    return list(range(base, base + count))


NOT_SERVING = b'not currently serving requests\n'


def ask(port, word, timeout=60.0):
    """Returns the answer to a four-letter word, or nothing if there is none. A Java server alone that is asked while it starts
    may say that it does not serve and never close the connection: that answer is whole without its end."""
    out = b''
    try:
        with socket.create_connection(('127.0.0.1', port), timeout) as s:
            s.settimeout(timeout)
            s.sendall(word.encode())
            while not out.endswith(NOT_SERVING):
                part = s.recv(65536)
                if not part:
                    break
                out += part
    except OSError:
        pass
    return out.decode('utf-8', 'replace')


def need_binary():
    if not os.access(BINARY, os.X_OK):
        raise RuntimeError('there is no program %s: build it, or name another one by ZKPEER_BINARY' % BINARY)


class Server:
    """One server process: kind 'c' or 'java'."""

    def __init__(self, kind, directory, config, client_port):
        self.kind, self.directory, self.config, self.client_port = kind, directory, config, client_port
        self.process = None

    def start(self, properties):
        if self.kind == 'c':
            need_binary()
        options = ['-D%s=%s' % item for item in sorted(properties.items())]
        if self.kind == 'c':
            command = [BINARY] + options + [self.config]
        else:
            script = os.path.join(REPO, 'scripts', 'java-node.sh')
            command = subprocess.run([script, '--print', self.config] + options, check=True, stdout=subprocess.PIPE,
                                     universal_newlines=True).stdout.splitlines()
        with open(os.path.join(self.directory, 'log'), 'ab') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.directory)

    def send(self, number):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()
        self.process = None

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def mode(self):
        """Returns 'standalone', 'leader', 'follower' ... or nothing while it does not serve."""
        for line in ask(self.client_port, 'srvr').splitlines():
            if line.startswith('Mode: '):
                return line[len('Mode: '):]
        return ''

    def pid(self):
        return self.process.pid if self.process is not None else 0


class Ensemble:
    """kinds: one word per server. observers: their numbers. alone: ZooKeeperServerMain's server; otherwise one server is a quorum of one.
    last_leads: of three, the last one leads; otherwise whoever is elected. first: the id of the first one."""

    def __init__(self, kinds, alone=False, settings=None, properties=None, directory=None, observers=(), last_leads=False, first=1):
        self.kinds, self.alone, self.last_leads = list(kinds), alone, last_leads
        self.directory = directory or tempfile.mkdtemp(prefix='zkclients-')
        self.settings = dict(SETTINGS, **(settings or {}))
        self.properties = dict(PROPERTIES, **(properties or {}))
        count = len(self.kinds)
        os.makedirs(self.directory, exist_ok=True)
        ports = free_ports(3 * count, self.directory)
        self.members = [] if alone else [
            'server.%d=127.0.0.1:%d:%d%s' % (first + n - 1, ports[count + n - 1], ports[2 * count + n - 1],
                                             ':observer' if n in observers else '') for n in range(1, count + 1)]
        self.servers = []
        for number in range(1, count + 1):
            home = os.path.join(self.directory, str(number))
            os.makedirs(os.path.join(home, 'data'), exist_ok=True)
            lines = ['dataDir=%s' % os.path.join(home, 'data'), 'clientPort=%d' % ports[number - 1],
                     'clientPortAddress=127.0.0.1']
            lines += ['%s=%s' % item for item in self.settings.items()]
            if not alone:
                lines += ['standaloneEnabled=false'] if count == 1 else []
                lines += self.members
                lines += ['peerType=observer'] if number in observers else []
                with open(os.path.join(home, 'data', 'myid'), 'w') as out:
                    out.write('%d\n' % (first + number - 1))
            config = os.path.join(home, 'zoo.cfg')
            with open(config, 'w') as out:
                out.write('\n'.join(lines) + '\n')
            self.servers.append(Server(self.kinds[number - 1], home, config, ports[number - 1]))

    def start(self):
        for server in self.servers:
            server.start(self.properties)

    def start_two(self):
        """Starts the last two of three: no quorum is without them, so the last one, whose id is larger, must be elected, however
        slow it is. let_last_lead() starts the other one."""
        for server in self.servers[-2:]:
            server.start(self.properties)

    def let_last_lead(self):
        """Waits until the last one leads and all serve. An election that failed may have left it with the shorter history, and
        then there is another try."""
        for _ in range(10):
            self.wait(servers=self.servers[-2:])
            if self.servers[-1].mode() == 'leader':
                break
            for server in self.servers[-2:]:
                server.kill()
            self.start_two()
        else:
            raise RuntimeError('%s: the last server does not come to lead' % self.directory)
        for server in self.servers[:-2]:
            server.start(self.properties)
        return self.wait()

    def wait(self, seconds=240, servers=None):
        """Waits until all, or these, serve; says what the log says if one does not."""
        end = time.monotonic() + seconds
        for server in servers or self.servers:
            while not server.mode():
                if not server.is_running() or time.monotonic() > end:
                    raise RuntimeError('server %s (%s) does not serve%s\n%s' % (
                        server.directory, server.kind, '' if server.is_running() else ', it has ended', self.tail(server)))
                time.sleep(0.05)
        return self

    def tail(self, server, lines=15):
        with open(os.path.join(server.directory, 'log'), errors='replace') as log:
            return ''.join(log.readlines()[-lines:])

    def leader(self):
        for server in self.servers:
            if server.is_running() and server.mode() in ('leader', 'standalone'):
                return server
        return None

    def followers(self):
        return [s for s in self.servers if s.is_running() and s.mode() == 'follower']

    def ports(self):
        return [server.client_port for server in self.servers]

    def hosts(self):
        return ','.join('127.0.0.1:%d' % port for port in self.ports())

    def stop(self, keep=False):
        """Ends all servers; their directories go unless they shall be kept for who looks at a failure."""
        for server in self.servers:
            server.kill()
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        try:
            if self.last_leads:
                self.start_two()
                return self.let_last_lead()
            self.start()
            return self.wait()
        except BaseException:
            self.stop(keep=True)
            raise

    def __exit__(self, kind, value, trace):
        self.stop(keep=kind is not None)
        if kind is not None and not issubclass(kind, KeyboardInterrupt):
            print('the servers\' files: %s' % self.directory)
