"""The laboratory's page in a real browser. Usage: test_lab.py DIRECTORY ZKSIM SEEDS; lab.html is in DIRECTORY."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REPLAY = os.path.join(os.path.dirname(HERE), "replay")
sys.path.insert(0, REPLAY)

from browser import Browser  # noqa: E402
from harness import chosen, run, same, test  # noqa: E402

REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
WORK, ZKSIM, SEEDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
PAGE = "file://" + os.path.join(os.path.abspath(WORK), "lab.html")
FRAME_MS = 16
STEP_SECONDS = 12
ESTABLISHED = "return lab.lab.ids.every(n => !lab.lab.world.runs(n) || lab.lab.run.peers.get(n).last.established)"
NEW_LEADER = "return lab.lab.ids.some(n => lab.lab.world.runs(n) && lab.lab.run.peers.get(n).last.state === 'LEADING')"


class Page:
    """The page, opened; complaints of the console are a failure. Pages without options have one browser, for to start one
    takes 1.5 s of processor time; it has forgotten the page before, and where a test fails it is closed."""

    shared = None

    def __init__(self, address=PAGE, **options):
        self.own = bool(options)
        if self.own:
            self.browser = Browser(**options)
        else:
            Page.shared = Page.shared or Browser()
            self.browser = Page.shared
            self.browser.forget()
        self.browser.open(address)
        if not self.browser.wait_until("return window.lab && lab.lab.run && lab.lab.run.events.length > 0"):
            raise AssertionError("no world runs in the page: " + "; ".join(self.browser.complaints()))

    def __enter__(self):
        return self.browser

    def __exit__(self, kind, error, trace):
        complaints = self.browser.complaints()
        if self.own:
            self.browser.close()
        elif kind is not None:
            Page.close_shared()
        if kind is None:
            same(complaints[:5], [], "the browser complains")

    @staticmethod
    def close_shared():
        browser, Page.shared = Page.shared, None
        if browser is not None:
            browser.close()


def click(browser, name):
    browser.run("document.getElementById(arguments[0]).click()", name)


def choose(browser, name, value):
    browser.run("const s = document.getElementById(arguments[0]); s.value = arguments[1]; s.dispatchEvent(new Event('change'))", name, value)


def native_transcript(seed):
    words = subprocess.run([ZKSIM, "replay", str(seed), "--scenario", "faults", "--mix"], capture_output=True, text=True, check=True)
    return re.search(r"transcript ([0-9a-f]{16})", words.stdout)[1]


@test
def a_newcomer_kills_the_leader_and_sees_the_next_one_within_ten_seconds():
    with Page() as browser:
        same(browser.run("return document.getElementById('kill_leader').disabled"), False, "there is no leader to kill")
        click(browser, "kill_leader")
        if not browser.wait_until(NEW_LEADER, 9):
            raise AssertionError("no new leader within nine seconds")


@test
def the_list_of_events_is_filled_when_the_page_opens():
    """The page is laid out before its words are there, and the list is much shorter then."""
    with Page(width=1400, height=1300) as browser:
        shown, all_rows, fitting = browser.run("""const log = document.getElementById("log");
          const rows = [...log.querySelectorAll("[role=option]")].filter(row => !row.hidden);
          return [rows.length, Number(rows[0].getAttribute("aria-setsize")), Math.floor(log.clientHeight / rows[0].offsetHeight)]""")
        same(shown >= min(all_rows, fitting), True, f"{shown} rows of {all_rows}, and {fitting} would fit")


@test
def a_world_runs_within_half_a_second_of_opening():
    with Page() as browser:
        opened = browser.run("return performance.getEntriesByType('navigation')[0].responseStart")
        ready = browser.run("return lab.ready_ms")
        print(f"  a world runs {ready - opened:.0f} ms after the page has arrived")


def blocks_of(play):
    """(commands, what they tell) of a play's file: see tests/sim/README.md."""
    blocks, begun, told = [], False, False
    for line in play.rstrip("\n").split("\n"):
        if line == "":
            begun = False
        elif not begun and not line.startswith("#"):
            blocks.append(([line], []))
            begun, told = True, False
        elif begun and line == "----" and not told:
            told = True
        elif begun:
            blocks[-1][told].append(line)
    return blocks


@test
def every_play_goes_in_the_page_as_it_is_written():
    plays = os.path.join(REPO, "tests", "sim", "plays")
    with Page() as browser:
        browser.run("lab.pause(); lab.lab.session.leave(); lab.lab.world.on_line = () => {}")  # nothing is drawn
        for name in sorted(name for name in os.listdir(plays) if name.endswith(".txt")):
            browser.run("lab.lab.world.begin(0)")
            with open(os.path.join(plays, name), encoding="utf-8") as stream:
                for commands, told in blocks_of(stream.read()):
                    heard = browser.run("return arguments[0].map((text) => lab.lab.world.command(text)).join('')", commands)
                    same(heard, "".join(line + "\n" for line in told), f"{name}, after {commands[0]}")
            same(browser.run("return lab.lab.world.end()"), "", name)


@test
def seeds_are_the_same_as_natively():
    with Page() as browser:
        browser.run("lab.pause(); lab.lab.session.leave()")
        for seed in range(1, SEEDS + 1):
            same(browser.run("return lab.lab.world.seed(arguments[0], 'faults', 0)", seed), native_transcript(seed) + " ok", f"seed {seed}")


@test
def every_lesson_goes_to_its_end_in_both_languages():
    with Page() as browser:
        lessons = browser.run("return lab.COURSE.map(lesson => [lesson.id, lesson.steps.map(step => step.ask ? step.ask.right : -1)])")
        for language in ("en", "zh"):
            choose(browser, "language", language)
            for name, answers in lessons:
                choose(browser, "lesson", name)
                for number, right in enumerate(answers):
                    browser.run("arguments[0] < 0 ? lab.next_step() : lab.answer(arguments[0])", right)
                    if browser.run("return lab.guide.phase") == "run":
                        click(browser, "guide_skip")
                    wrong = browser.run("return lab.guide.wrong || lab.state_differs(lab.guide.lesson.steps[lab.guide.at].shows, lab.lab.session.ask('show state'))")
                    same(wrong, "", f"lesson {name}, step {number + 1}")
                    told = browser.run("return document.getElementById('guide_then').textContent")
                    same(bool(told.strip()) or number + 1 < len(answers), True, f"lesson {name} ends without a word")
                    if number + 1 < len(answers):
                        browser.run("lab.next_step()")
            ticks = browser.run("return [...document.getElementById('lesson').options].filter(o => o.text.startsWith('✓')).length")
            same(ticks, len(lessons), "lessons that the list shows as done")


@test
def every_hand_does_what_it_says():
    with Page() as browser:
        browser.run("lab.pause()")
        did = lambda: browser.run("return lab.lab.session.acts[lab.lab.session.acts.length - 1].text")
        browser.run("document.querySelectorAll('.ring .peer')[1].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        for name, text in (("freeze", "freeze 2"), ("freeze", "thaw 2"), ("stop", "stop 2"), ("start", "start 2"), ("kill", "kill 2"),
                           ("start", "start 2"), ("power", "power-loss 2"), ("isolate", "partition 2 / 1 3"), ("heal_all", "heal")):
            click(browser, name)
            same(did(), text, name)
        browser.run("document.querySelectorAll('.ring .hit')[1].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        for name, text in (("cut_both", "cut 1 from 3"), ("heal", "heal 1 from 3"), ("cut_ab", "cut 1 to 3"), ("cut_ba", "cut 3 to 1"),
                           ("heal", "heal 1 from 3"), ("reset", "reset 1 3")):
            click(browser, name)
            same(did(), text, name)
        choose(browser, "latency", "50ms")
        same(did(), "slow 1 3 50ms", "latency")
        same(browser.run("return lab.lab.session.reason"), "", "the world has ended")


@test
def no_step_of_a_lesson_takes_long():
    with Page() as browser:
        slow = browser.run("""
            const slow = [];
            for (const lesson of lab.COURSE) {
              lab.begin_lesson(lesson.id);
              for (const step of lesson.steps) {
                lab.guide.answered = step.ask ? step.ask.right : null;
                lab.start_step();
                lab.pause();
                let seconds = 0;
                for (; lab.do_acts(), !lab.step_is_over() && seconds < 60; seconds += 1 / 60) {
                  lab.lab.pace = lab.pace_after(seconds);
                  lab.go_on(1 / 60);
                }
                if (seconds > arguments[0]) slow.push(`${lesson.id}: ${seconds.toFixed(1)} s`);
                lab.finish_step();
                lab.next_step();
              }
            }
            return slow;""", STEP_SECONDS)
        same(slow, [], "steps that take too long to watch")


@test
def words_of_a_play_are_carried_out_and_wrong_ones_change_nothing():
    with Page() as browser:
        browser.run("lab.pause(); lab.seek(1e6)")
        before = browser.run("return lab.lab.run.events.map(e => [e.t, e.n, e.e].join()).join(';')")
        for words, why in (("dance 1", "there is no command dance"), ("kill 9", "there is no peer 9"), ("start 1 2", "1 runs already"),
                           ("cut 1", "the command ends too early"), ("ensemble 90", "an ensemble has 1 to"), ("go 5", "there is no command go"),
                           ("until", "the command ends too early"), ("show 1", "nobody can show 1"), ("say 3 to 1 LOOKING for 3", "3 is a peer that runs")):
            told = browser.run("return lab.command_in_words(arguments[0])", words)
            same(told.startswith(why), True, f"{words}: {told}")
            same(browser.run("return lab.lab.session.over"), False, f"{words}: the world has ended")
        same(browser.run("return lab.lab.run.events.map(e => [e.t, e.n, e.e].join()).join(';')"), before, "what was there before")
        same(browser.run("return lab.command_in_words('until 7 is LOOKING within 2s')"), "not within 2000 ms")
        browser.run("lab.command_in_words('kill leader'); lab.command_in_words('until 2 is LOOKING')")
        same(browser.run("return lab.lab.run.peers.get(2).last.state"), "LOOKING")
        same(browser.run("return lab.command_in_words('show state 3')"), "3 is down\n")
        at = browser.run("return lab.lab.t")
        browser.run("lab.command_in_words('run 3s')")
        same(round(browser.run("return lab.lab.t") - at), 3000000)
        same(browser.run("return lab.lab.session.acts.length"), 3, "waiting and looking are no acts")


@test
def a_violated_invariant_stops_the_lab_and_is_named():
    with Page() as browser:
        browser.run("for (const words of ['ensemble 3', 'start 1 2', 'until settled', 'kill 1 2', 'disk 1 accepted 0', 'start 1 3']) lab.command_in_words(words)")
        same(browser.run("return lab.lab.session.over"), True, "the world goes on")
        same(browser.run("return document.getElementById('why').textContent").startswith("I2: peer 1 had written accepted epoch 1"), True)
        same(browser.run("return document.getElementById('caption').getAttribute('role')"), "alert")
        click(browser, "again")
        same(browser.run("return lab.lab.session.over"), False, "it cannot be begun again")


@test
def an_address_that_nobody_made_is_told_from_a_violated_invariant():
    for address, why in (("#play=ensemble+3;start+9", "there is no peer 9"), ("#play=dance", "there is no command dance"),
                         ("#play=start+1", "a play begins with its ensemble")):
        with Page() as browser:
            browser.run("location.hash = arguments[0]", address)
            if not browser.wait_until("return lab.lab.session.over"):
                raise AssertionError(f"{address}: the world goes on")
            same(browser.run("return document.getElementById('why').textContent"), why, address)
            same("must never happen" in browser.run("return document.getElementById('what').textContent"), False, address)
            click(browser, "again")
    with Page() as browser:
        browser.run("location.hash = '#play=%E0%A4%A;;'")
        same(browser.run("return lab.lab.session.over"), False, "an address that says nothing")


@test
def the_next_message_on_a_cable_goes_lost():
    with Page() as browser:
        browser.run("lab.pause()")
        browser.run("document.querySelectorAll('.ring .hit')[1].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        click(browser, "lose")
        same(browser.run("return document.getElementById('lose').getAttribute('aria-pressed')"), "true")
        browser.run("lab.run_until(() => lab.lab.losing === null, 10e6)")
        browser.run("window.lost = lab.lab.run.events.findLast(e => e.e === 'send')")
        same(browser.run("return lab.lab.session.acts.at(-1).text === `reset ${lost.n} ${lost.to}`"), True, "the connection lives")
        browser.run("lab.run_until(() => false, 3e6)")
        same(browser.run("return lost.mate !== null && lost.mate.e === 'recv'"), False, "it has arrived")


@test
def clocks_and_notes_are_shown():
    with Page() as browser:
        browser.run("lab.act('kill 3'); lab.run_until(e => e.e === 'wait' && e.final, 1e6); lab.run_until(() => false, 50e3)")
        same(browser.run("return document.querySelector('#timers b').textContent").startswith("The final wait"), True)
        same(browser.run("return Math.round(document.querySelector('#timers progress').max)"), 200)
        same(browser.run("return document.querySelectorAll('#code_notes li').length > 0"), True, "no row of NOTES.md")


@test
def a_stroke_across_the_picture_parts_the_peers():
    with Page() as browser:
        browser.run("lab.pause()")
        box = browser.run("const b = document.querySelector('.ring').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]")
        x, y = box[0] + box[2] / 2, box[1] + box[3] * 0.6
        for kind, at in (("mousePressed", x - 300), ("mouseMoved", x), ("mouseMoved", x + 300), ("mouseReleased", x + 300)):
            browser.command("Input.dispatchMouseEvent", type=kind, x=at, y=y, button="left", buttons=1, clickCount=1)
        same(browser.run("return lab.lab.session.acts.at(-1).text").startswith("partition "), True, "no partition")


@test
def one_steps_by_event_message_and_decision_and_runs_until():
    with Page() as browser:
        browser.run("lab.pause()")
        click(browser, "again")
        browser.run("lab.pause()")
        for by in ("event", "message", "decision"):
            choose(browser, "step_by", by)
            before = browser.run("return lab.lab.run.events.length")
            click(browser, "step")
            same(browser.run("return lab.lab.run.events.length") > before, True, by)
        choose(browser, "until_what", "settled")
        click(browser, "until")
        same(browser.run(ESTABLISHED), True, "not all are established")
        click(browser, "kill_leader")
        choose(browser, "until_what", "looking")
        click(browser, "until")
        same(browser.run("return lab.lab.run.events.at(-1).s"), "LOOKING")


@test
def going_back_and_another_way_gives_what_a_link_gives():
    with Page() as browser:
        browser.run("lab.pause()")
        click(browser, "kill_leader")
        choose(browser, "until_what", "second")
        click(browser, "until")
        later = browser.run("return lab.lab.t")
        browser.run("lab.seek(150000)")
        same(browser.run("return Math.round(lab.lab.t)"), 150000)
        browser.run("lab.seek(arguments[0])", later)
        same(browser.run("return lab.lab.session.acts.at(-1).text"), "kill 3", "what was done later was forgotten")
        browser.run("lab.seek(150000); lab.act('kill 1')")
        click(browser, "until")
        told = browser.run("return lab.lab.run.events.map(e => [e.t, e.n, e.e].join()).join(';')")
        click(browser, "share")
        link = browser.run("return location.href")
    with Page(link) as browser:
        same(browser.run("return lab.lab.run.events.map(e => [e.t, e.n, e.e].join()).join(';')"), told, "the link")


@test
def an_ensemble_of_ones_own_begins():
    with Page() as browser:
        browser.run("document.getElementById('setup').open = true")
        for name, value in (("voters", "5"), ("observers", "1"), ("weights", "1 1 1 1 0"), ("histories", "2 0x100000005 1"), ("seed", "7")):
            browser.run("document.getElementById(arguments[0]).value = arguments[1]", name, value)
        browser.run("document.getElementById('form').requestSubmit()")
        choose(browser, "until_what", "settled")
        click(browser, "until")
        same(browser.run("return lab.lab.run.peers.get(2).last.state"), "LEADING", "the longest history does not lead")
        same(browser.run("return lab.lab.run.peers.get(6).last.state"), "OBSERVING")


@test
def every_story_event_has_its_line_of_c():
    with Page() as browser:
        browser.run("lab.pause()")
        click(browser, "kill_leader")
        click(browser, "until")
        missing = browser.run(
            "return lab.lab.run.events.filter(e => e.level <= 1 && !['crash', 'freeze', 'thaw', 'phase', 'conn'].includes(e.e) && e.kind !== 'PING' && !lab.rule_of(e))"
            ".map(e => e.e + ' ' + (e.kind || ''))")
        same(sorted(set(missing)), [], "events without a line")


@test
def a_keyboard_is_enough():
    with Page() as browser:
        browser.run("lab.pause(); document.activeElement.blur()")
        browser.keys("2")
        same(browser.run("return lab.lab.chosen"), 2)
        browser.keys(" ")
        same(browser.run("return lab.lab.playing"), True)
        browser.keys(" k")
        same(browser.run("return lab.lab.session.acts.at(-1).text"), "kill 3")
        unnamed = browser.run(
            "return [...document.querySelectorAll('button, select, input, textarea')].filter(c => !c.hidden && !c.closest('[hidden]')"
            " && !(c.labels && c.labels.length) && !c.getAttribute('aria-label') && !c.textContent.trim()).map(c => c.id)")
        same(unnamed, [], "controls without a name")


@test
def frames_of_seven_peers_are_short():
    with Page() as browser:
        browser.run("lab.begin([{at: 0, text: 'ensemble 7'}, {at: 0, text: 'start 1 2 3 4 5 6 7'}]); lab.pause()")
        browser.run("document.getElementById('speed').value = '0'")
        costs = sorted(browser.cost_ms("lab.go_on(0.016); lab.draw()")[0] for _ in range(60))
        print(f"  a frame of seven peers: script median {costs[30]:.1f}, most {costs[-1]:.1f} ms")
        same(costs[30] < FRAME_MS, True, "the median frame is too long")
        before = browser.run("return lab.lab.t")
        took = browser.cost_ms("lab.run_until(() => false, 60e6)")[0]
        factor = (browser.run("return lab.lab.t") - before) / 1000 / took
        print(f"  time runs {factor:.0f} times as fast as real for seven peers")
        # An idle machine has 300 and more; a slow or busy one a fifth of that at least.
        same(factor >= 60, True, "time is too slow")


@test
def pages_fit_a_phone_and_the_dark():
    for name, options in (("desk", {}), ("dark", {"dark": True}), ("phone", {"width": 390, "height": 844})):
        with Page(**options) as browser:
            browser.run("lab.pause()")
            same(browser.run("return document.documentElement.scrollWidth <= innerWidth"), True, f"{name}: it scrolls sideways")
            browser.screenshot(os.path.join(WORK, f"{name}.png"), full=True)


if __name__ == "__main__":
    try:
        failed = run(chosen(__name__))
    finally:
        Page.close_shared()
    sys.exit(1 if failed else 0)
