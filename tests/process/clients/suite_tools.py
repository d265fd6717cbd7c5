"""What the suites of suites.py have in common: how they run a program, in which environment, and how they read pytest's report."""
import os
import signal
import subprocess
import threading
import xml.etree.ElementTree

import servers

HERE = os.path.dirname(os.path.abspath(__file__))
running, running_lock = [], threading.Lock()
building = threading.Lock()


class Missing(Exception):
    """Something cannot be had: said aloud, and a failure."""


def run(command, seconds, **how):
    """Runs it in a process group of its own, which does not outlive it. Returns its output and status."""
    with subprocess.Popen(command, stdin=how.pop('stdin', subprocess.DEVNULL), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True, **how) as process:
        with running_lock:
            running.append(process)
        try:
            output, _ = process.communicate(timeout=seconds)
            return output.decode('utf-8', 'replace'), process.returncode
        except subprocess.TimeoutExpired:
            end_group(process)
            output, _ = process.communicate()
            return output.decode('utf-8', 'replace') + '\n(ended after %d seconds)\n' % seconds, 124
        finally:
            end_group(process)
            with running_lock:
                running.remove(process)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass


def own_network(command):
    """The command in a network of its own, so that ports which a suite has chosen are free."""
    words = 'ip link set lo up && exec "$@"'
    for options in (['-n'], ['-rn']):
        if subprocess.run(['unshare'] + options + ['ip', 'link', 'set', 'lo', 'up'], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0:
            return ['unshare'] + options + ['sh', '-c', words, 'sh'] + command
    raise Missing('this suite needs a network namespace, and "unshare -n" and "unshare -rn" are not allowed here')


def environment(kind, directory, **more):
    stand_ins = os.path.join(directory, 'bin')
    os.makedirs(stand_ins, exist_ok=True)
    java = os.path.join(stand_ins, 'java')
    if kind == 'c' and not os.path.lexists(java):
        os.symlink(os.path.join(HERE, 'stand_in.sh'), java)
    return dict(os.environ, PATH=stand_ins + ':' + os.environ['PATH'], SUITE_SERVERS=kind, SUITE_DIRECTORY=directory,
                ZKPEER_BINARY=servers.BINARY, TMPDIR=directory, PYTHONDONTWRITEBYTECODE='1', **more)


def end_all():
    """Ends what still runs."""
    with running_lock:
        for process in running:
            end_group(process)


def pytest(words, directory, attempt, env, how=('/usr/bin/python3', '-m', 'pytest')):
    """Runs pytest on these words. Returns the results by name."""
    report = os.path.join(directory, 'report%d.xml' % attempt)
    output, _ = run(list(how) + ['-q', '-p', 'no:cacheprovider', '--tb=short', '-W', 'ignore', '--junitxml=' + report,
                                             '-o', 'junit_family=xunit1'] + words, 1800, env=env, cwd=directory)
    if not os.path.exists(report):
        raise Missing('pytest wrote no report:\n' + output[-2000:])
    results = {}
    for case in xml.etree.ElementTree.parse(report).iter('testcase'):
        name = '.'.join(case.get('classname').split('.')[-2:] + [case.get('name')])
        results[name] = ('passed', '')
        for kind_of_end, word in (('failure', 'failed'), ('error', 'failed'), ('skipped', 'skipped')):
            for node in case.iter(kind_of_end):
                results[name] = (word, (node.get('message') or '') + '\n' + (node.text or '')[-3000:])
    return results
