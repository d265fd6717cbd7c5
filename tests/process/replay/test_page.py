"""The replay page in a real browser: of the golden trace, and of real runs of three and seven peers, the latter with two
leaders killed. test_page.py DIRECTORY: where the pages, the clusters' traces and the screenshots are."""

import os
import re
import sys

import harness
from browser import Browser
from harness import HERE, REPO, same, script, test

LONGEST_STEP_MS = 16  # of the page's thread, so that what else runs on the machine does not count
MEASURED = 200
PAGE_LIMIT = 100 * 1024
WORK = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else HERE

STEP = "replay.step(1); document.body.offsetHeight;"
# As `play` draws: anywhere between the two ends, arguments[0] of arguments[1].
FRAME = """
  const { view } = replay;
  replay.seek(view.warp.time((view.warp.length * arguments[0]) / arguments[1]));
  document.body.offsetHeight;
"""
# Captions of the longest trace, and reasons, that are empty or say what no reader should read.
INCOMPLETE = """
  const bad = (text) => /undefined|null|NaN|Infinity|object Object/.test(text);
  return replay.model.events
    .map((e) => [replay.sentence(e), replay.caption(e), replay.because(e)])
    .filter(([sentence, caption, because]) => !sentence || !caption || [sentence, caption, because].some(bad))
    .slice(0, 5);
"""
BUSY = "let x = 0; for (let k = 0; k < 2e7; k++) x += Math.sqrt(k); window.busy = x;"  # a slow frame: some 50 ms


def page(name, *arguments):
    path = os.path.join(WORK, name + ".html")
    status, _, err = script("replay.sh", *arguments, "-o", path)
    same((status, err), (0, ""))
    return path


def text(browser, identifier):
    return browser.run("return document.getElementById(arguments[0]).textContent", identifier)


def peer(browser, n, run=0):
    return browser.run(
        "const p = replay.peer(arguments[0], arguments[1]);"
        "return {state: p.state, vote: p.vote && p.vote.leader, round: p.round, have: p.have, quorum: p.quorum}",
        n,
        run,
    )


def open_page(browser, path, fragment=""):
    browser.open("about:blank")
    browser.open("file://" + path + fragment)
    same(browser.complaints(), [], "the browser complains")


@test
def the_page_without_its_trace_stays_small(_):
    path = page("golden", "1.jsonl", "2.jsonl")
    with open(path, encoding="utf-8") as stream:
        whole = stream.read()
    bare = re.sub(r'(<script type="application/json" id="trace">).*?(</script>)', r"\1\2", whole, flags=re.S)
    assert len(bare.encode()) < PAGE_LIMIT, f"{len(bare.encode())} bytes"
    links = re.findall(r'(?:src|href)="(?!data:)[^"]*"|https?://(?!www\.w3\.org)[^"\s]*|@import|url\(h', bare)
    same(links, [], "the page needs something from elsewhere")


@test
def seek_shows_the_state_of_that_moment(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    browser.run("replay.seek(0)")
    same(peer(browser, 2)["state"], "DOWN", "before it starts")
    browser.run("replay.seek(2655)")  # peer 1 has voted anew, on the common clock at 2650
    same(peer(browser, 1), {"state": "LOOKING", "vote": 2, "round": 1, "have": [], "quorum": False})
    browser.run("replay.seek(2675)")
    same(peer(browser, 1), {"state": "LOOKING", "vote": 2, "round": 1, "have": [1, 2], "quorum": True})
    browser.run("replay.seek(300000)")
    same([peer(browser, n)["state"] for n in (1, 2)], ["FOLLOWING", "LEADING"])
    browser.run("replay.seek(650000)")
    same([peer(browser, n)["state"] for n in (1, 2)], ["LOOKING", "DOWN"])
    same(text(browser, "clock"), "650.000 ms")


@test
def what_is_drawn_is_what_the_model_says(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"), "#t=2.675")
    labels = browser.run("return [...document.querySelectorAll('.peer')].map((p) => p.getAttribute('aria-label'))")
    same(labels[0], "Peer 1, LOOKING, round 1, vote 2, counts 1 and 2 for 2, a quorum")
    same(labels[1], "Peer 2, LOOKING, round 1, vote 2")
    browser.run("replay.seek(2920)")  # between 2900, sent, and 2955, received
    pills = "return [...document.querySelectorAll('.pill')].filter((p) => p.style.display !== 'none').map((p) => p.textContent)"
    same(browser.run(pills), ["votes 2"])
    browser.run("replay.seek(3000)")
    same(browser.run(pills), [])


@test
def every_step_has_its_sentence_and_its_reason(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    browser.run("const level = document.getElementById('level'); level.value = 3; level.dispatchEvent(new Event('change'));")
    told = browser.run(
        """
        replay.go_to(replay.model.events[0]);
        const told = [];
        for (let k = 0; k < replay.view.steps.length; k++) {
          told.push([document.getElementById('what').textContent, document.getElementById('why').textContent]);
          replay.step(1);
        }
        return told;
        """
    )
    same(len(told), 57)
    for what, why in told:
        assert what and "undefined" not in what + why and "null" not in what + why and "NaN" not in what + why, (what, why)
    sentences = [what for what, _ in told]
    for wanted in (
        "Peer 1 starts.",
        "Peer 2 tells peer 1: “I am 2.”",
        "Peer 1 changes its vote to 2 in round 1.",
        "Peer 1 counts for 2: 1 and 2 – a quorum.",
        "Peer 1 waits: do the next 200 ms bring a better vote?",
        "WorkerSender of 1 puts “vote 2” into queueSendMap[2], overwriting number 1.",
        "Peer 2 is killed.",
    ):
        assert wanted in sentences, f"nobody says: {wanted}"


@test
def queues_show_what_waits_and_what_was_overwritten(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"), "#t=1.02")
    rows = "return [...document.querySelectorAll('.queues li')].map((row) => [...row.children].map((c) => c.textContent).join('|'))"
    same(browser.run(rows)[1], "queueSendMap[2]|vote 1|")
    browser.run("replay.seek(2705)")
    same(browser.run(rows)[1], "queueSendMap[2]|vote 2|1 overwritten now!")
    browser.run("replay.seek(2810)")
    same(browser.run(rows)[1], "queueSendMap[2]||empty, 1 overwritten")


@test
def the_log_fills_its_box_and_shows_the_present(browser):
    open_page(browser, page("three", os.path.join(WORK, "three")))
    browser.run("replay.step_chapter(1); for (let k = 0; k < 25; k++) replay.step(1);")
    box, rows, now = browser.run(
        """
        const box = document.getElementById('log').getBoundingClientRect();
        const rows = [...document.querySelectorAll('#log [role=option]')].filter((r) => r.style.display !== 'none');
        const seen = rows.map((r) => r.getBoundingClientRect()).filter((r) => r.bottom > box.top && r.top < box.bottom);
        const now = document.querySelector('#log .now').getBoundingClientRect();
        return [box.height, seen.length, now.top >= box.top && now.bottom <= box.bottom];
        """
    )
    assert box > 200 and rows >= int(box / 24), f"{rows} rows in {box:.0f} pixels"
    same(now, True, "the present is seen")


@test
def the_keyboard_does_everything(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    browser.keys("\ue010")  # End
    same(text(browser, "clock"), "699.900 ms")
    browser.keys("\ue011\ue014")  # Home, right
    same(text(browser, "what"), "Peer 1 votes for itself in round 1.")
    browser.keys("\ue012")  # left
    same(text(browser, "what"), "Peer 1 starts.")
    browser.keys("\ue00f")  # page down
    same(text(browser, "what"), "Peer 2 is killed.")
    browser.keys("2")
    assert text(browser, "inspector").startswith("Peer 2: "), text(browser, "inspector")[:40]
    browser.keys("\ue011 ")  # Home, space
    same(browser.run("return replay.view.playing"), True)
    assert browser.wait_until("return replay.view.t > 2000"), "it does not play"
    browser.keys(" ")
    same(browser.run("return replay.view.playing"), False)


@test
def a_link_names_a_moment(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"), "#t=202.91")
    same(text(browser, "clock"), "202.910 ms")
    same(text(browser, "what"), "Peer 1 is FOLLOWING.")
    off = "const l = replay.parts[0]; return new DOMMatrix(getComputedStyle(l.cursor).transform).e - l.x(replay.view.t);"
    assert abs(browser.run(off)) < 1, "the cursor stands elsewhere"
    browser.run("replay.step(1)")
    browser.wait_until("return location.hash === '#t=202.920'")
    same(browser.run("return location.hash"), "#t=202.920")


@test
def stretched_time_does_not_let_the_wait_flatten_the_rest(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    part = "const w = replay.view.warp; return (w.place(202900) - w.place(3100)) / w.length"
    assert browser.run(part) < 0.2, "the wait takes too much room"
    browser.run("const time = document.getElementById('time'); time.value = 'real'; time.dispatchEvent(new Event('change'));")
    assert 0.28 < browser.run(part) < 0.29, "the true proportion is 199.8 of 699.9"


@test
def controls_and_pictures_have_names_for_screen_readers(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    nameless = browser.run(
        """
        return [...document.querySelectorAll('button, select, input, [role=button], [role=img], [role=listbox]')]
          .filter((e) => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.closest('label') || e.textContent.trim()))
          .map((e) => e.outerHTML.slice(0, 80));
        """
    )
    same(nameless, [])
    same(browser.run("return document.getElementById('caption').getAttribute('aria-live')"), "polite")
    same(browser.run("return document.documentElement.lang"), "en")


@test
def two_runs_stand_one_above_the_other_and_begin_together(browser):
    path = page("both", "1.jsonl", "2.jsonl", "--against", "java.jsonl", "--label", "ours", "--label", "Java")
    open_page(browser, path, "#t=0")
    same(browser.run("return [...document.querySelectorAll('figcaption')].map((c) => c.textContent)"), ["ours", "Java"])
    same(browser.run("return replay.model.runs.map((r) => r.events.find((e) => e.kind === 'NOTIFICATION').t)"), [0, 0])
    browser.run("replay.seek(250000)")
    same([peer(browser, 2, run)["state"] for run in (0, 1)], ["LEADING", "LEADING"])
    assert "packets" in text(browser, "chapters"), "it does not say that Java's trace is a capture"
    same([peer(browser, 1, run)["vote"] for run in (0, 1)], [2, 2], "a capture has no votes but what was said")
    same(browser.run(INCOMPLETE), [])


@test
def the_story_of_three_peers_says_who_won_and_what_the_wait_was_for(browser):
    open_page(browser, page("three", os.path.join(WORK, "three")))
    told = text(browser, "chapters")
    winner = re.search(r"Peers 1, 2 and 3 start: (\d) is elected", told).group(1)
    for wanted in (f"Why {winner} won round 1.", "the largest id decides", "What the 200 ms were for.", f"Leader {winner} is killed"):
        assert wanted in told, f"“{wanted}” is not in: {told}"


@test
def seven_peers_with_two_leader_deaths_stay_smooth_and_complete(browser):
    """Script time of each step and each frame is below 16 ms; that is what is promised. With style and layout, which the
    browser does on its own, 99 of 100 are."""
    open_page(browser, page("seven", os.path.join(WORK, "seven")))
    told = text(browser, "chapters")
    same(len(re.findall(r"Leader \d is killed: \d is elected", told)), 2, told)
    same(told.count("What the 200 ms were for."), 3, told)
    assert browser.cost_ms(BUSY)[0] > LONGEST_STEP_MS, "the meter does not see a slow frame"
    for level in ("1", "3"):
        browser.run("const level = document.getElementById('level'); level.value = arguments[0]; level.dispatchEvent(new Event('change'));", level)
        for what, code in (("step", STEP), ("frame", FRAME)):
            browser.run("replay.go_to(replay.model.events[0], true)")
            costs = [browser.cost_ms(code, k, MEASURED) for k in range(MEASURED + 1)]
            scripts, wholes = (sorted(column) for column in zip(*costs))
            nearly_all = wholes[MEASURED * 99 // 100]
            print(
                f"  a {what} at detail {level}: script at most {scripts[-1]:.1f} ms; with style and layout"
                f" median {wholes[MEASURED // 2]:.1f}, 99 % below {nearly_all:.1f}, longest {wholes[-1]:.1f} ms"
            )
            assert scripts[-1] < LONGEST_STEP_MS, f"the script of a {what} takes {scripts[-1]:.1f} ms"
            assert nearly_all < LONGEST_STEP_MS, f"one {what} in a hundred takes {nearly_all:.1f} ms with style and layout"
    same(browser.run(INCOMPLETE), [], "captions")
    words = browser.run("return document.body.innerText")
    same(re.findall(r"undefined|null|NaN|Infinity|\[object|: $", words), [], "the page")
    same(browser.complaints(), [])


@test
def pages_have_no_sideways_scroll(browser):
    pages = {name: os.path.join(WORK, name + ".html") for name in ("golden", "both", "three", "seven")}
    for name, path in pages.items():
        open_page(browser, path, "#t=40")
        same(browser.run("return document.documentElement.scrollWidth <= innerWidth"), True, name)
    for width, height, dark in ((390, 844, False), (1280, 900, True)):
        other = Browser(width, height, dark)
        try:
            for name, path in pages.items():
                open_page(other, path, "#t=40")
                same(other.run("return document.documentElement.scrollWidth <= innerWidth"), True, f"{name} at {width}")
                other.screenshot(os.path.join(WORK, f"{name}-{width}{'-dark' if dark else ''}.png"))
        finally:
            other.close()


def main():
    browser = Browser()
    try:
        failed = harness.run(harness.chosen(__name__), browser)
    finally:
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
