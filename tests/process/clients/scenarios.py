#!/usr/bin/env python3
"""The scenarios of clients (CLI-...), played by hand-made frames at servers of C and of Java: what a client of C sees must
be what a client of Java sees, frame by frame; besides, each scenario says itself what must come.

Each is played at one server alone and at the leader and at a follower of three: of C, of Java, of C under a leader of Java,
and of a leader of C over Java.

Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
"""
import sys
import threading
import time
import traceback

import command_line
import scenes
import scenes_deaths
import scenes_habits
import scenes_hostile
import scenes_limits
import scenes_requests
import scenes_sessions
import scenes_watches
import servers
import tape

del scenes_deaths, scenes_habits, scenes_hostile, scenes_limits, scenes_requests, scenes_sessions, scenes_watches  # they have entered their scenes

# Java comes first: the others are compared with it. 'c under java': the servers of C are those that are asked.
SHAPES = {
    'alone': (('java', ['java']), ('c', ['c'])),
    'three': (('java', ['java', 'java', 'java']), ('c', ['c', 'c', 'c']), ('c under java', ['c', 'c', 'java']),
              ('java under c', ['java', 'java', 'c'])),
}


def start(kinds, alone, house):
    """An ensemble whose last server will lead."""
    ensemble = servers.Ensemble(kinds, alone, house.settings, house.properties, observers=house.observers, first=house.first)
    if alone:
        ensemble.start()
    else:
        ensemble.start_two()
    return ensemble


class Part(threading.Thread):
    """One scenario at one side."""

    def __init__(self, scene, side, where):
        super().__init__(daemon=True)
        self.scene, self.side = scene, side
        self.problem = None
        self.tape = tape.Tape(side, '%s_%s' % (where[0], scene.name), side.place(where))

    def run(self):
        try:
            if self.scene.prepared:
                self.tape.begin()
            self.scene.function(self.tape)
        except (AssertionError, OSError, RuntimeError, EOFError, StopIteration, tape.Closed) as problem:
            where = traceback.extract_tb(sys.exc_info()[2])
            line = [entry for entry in where if 'scenes' in entry.filename][-1:]
            self.problem = '%s: %s%s' % (type(problem).__name__, problem,
                                         ''.join(' (%s, line %d)' % (e.name, e.lineno) for e in line))
        self.tape.end()


def play(scene, sides, where, options):
    """Plays a scene at all sides together. Returns how many tests failed."""
    parts = [Part(scene, side, where) for side in sides]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    failed = 0
    for part in parts:
        name = 'scenario %s, %s, %s' % (scene.name, where, part.side.name)
        problem = part.problem
        if problem is None and scene.same:
            found = tape.first_difference(parts[0].tape.lines, part.tape.lines)
            if found is not None:
                problem = 'differs in line %d\n  | java: %s\n  | here: %s' % (found[0] + 1, found[1][0], found[1][1])
        print('ok %s' % name if problem is None else 'FAILED %s\n  | %s' % (name, problem))
        if options.tell or (problem is not None and options.tell_failed):
            print(''.join('  | %s\n' % tape.tell(line) for line in part.tape.lines), end='')
        failed += problem is not None
    sys.stdout.flush()
    return failed


def run_house(name, shape, chosen, options):
    house = scenes.HOUSES[name]
    ensembles, failed, whole = [], 0, False
    try:
        for title, kinds in SHAPES[shape]:
            if title in options.sides:
                ensembles.append((title, start(kinds, shape == 'alone', house)))
        sides = [tape.Side(ensemble.wait() if ensemble.alone else ensemble.let_last_lead(), title) for title, ensemble in ensembles]
        for side in sides:
            side.open_nudgers()
        for scene in chosen:
            for where in scene.where:
                if (where == 'alone') == (shape == 'alone'):
                    began = time.monotonic()
                    failed += play(scene, sides, where, options)
                    if options.times:
                        print('(%.1f s)' % (time.monotonic() - began))
        nudges = sum(side.nudges for side in sides)
        if nudges:
            print('(CommitProcessors of Java slept %d times until another request woke them: ZOOKEEPER-4537)' % nudges)
        whole = failed == 0
    finally:
        for _, ensemble in ensembles:
            ensemble.stop(keep=not whole)
            if not whole:
                print("the servers' files: %s" % ensemble.directory)
    return failed


def main():
    parser = command_line.new_parser(__doc__)
    parser.add_argument('names', nargs='*', metavar='NAME', help='scenarios whose name contains this (default: all)')
    parser.add_argument('--shape', choices=sorted(SHAPES), help='only servers alone, or only three')
    parser.add_argument('--list', action='store_true', help='print the names of all scenarios, and where they are played')
    parser.add_argument('--tell', action='store_true', help='print all tapes')
    parser.add_argument('--tell-failed', action='store_true', help='print the tapes of those that fail')
    parser.add_argument('--times', action='store_true', help='print how long each takes')
    parser.add_argument('--sides', default='java,c,c under java,java under c', help='only these')
    options = parser.parse_args()
    options.sides = options.sides.split(',')
    chosen = [scene for scene in scenes.ALL if not options.names or any(name in scene.name for name in options.names)]
    if not chosen:
        parser.error('no scenario has such a name: --list shows all')
    if options.list:
        print(''.join('%s: %s\n' % (scene.name, ', '.join(scene.where)) for scene in chosen), end='')
        return 0
    failed = 0
    for name in scenes.HOUSES:
        for shape in SHAPES:
            here = [scene for scene in chosen if scene.house == name and any((w == 'alone') == (shape == 'alone')
                                                                              for w in scene.where)]
            if here and options.shape in (None, shape):
                failed += run_house(name, shape, here, options)
    return 1 if failed else 0


if __name__ == '__main__':
    command_line.run(main)
