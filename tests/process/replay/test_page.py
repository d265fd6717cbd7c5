"""The replay page in a real browser: of the golden trace, and of real runs of three and seven peers, the latter with two
leaders killed. test_page.py DIRECTORY: where the pages, the clusters' traces and the screenshots are."""

import json
import os
import re
import sys
import tempfile

import harness
import test_story
import visitors
import writes
from browser import Browser
from harness import HERE, REPO, same, script, test

LONGEST_STEP_MS = 16  # of the page's thread, so that what else runs on the machine does not count
MEASURED = 200
PAGE_LIMIT = 152 * 1024
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
# Selects whose words cannot be seen.
LABELS = """
  return [...document.querySelectorAll('select')].filter((select) => {
    const range = document.createRange();
    range.selectNodeContents(select.closest('label').firstChild);
    const box = range.getBoundingClientRect();
    return box.width < 20 || getComputedStyle(select.closest('label')).clipPath !== 'none';
  }).map((select) => select.id);
"""
BUSY = "let x = 0; for (let k = 0; k < 2e7; k++) x += Math.sqrt(k); window.busy = x;"  # a slow frame: some 50 ms


def page(name, *arguments):
    path = os.path.join(WORK, name + ".html")
    status, _, err = script("replay.sh", *arguments, "-o", path)
    same((status, err), (0, ""))
    return path


def page_of(diaries):
    """Makes a page of what peers wrote line by line."""
    with tempfile.TemporaryDirectory() as directory:
        diaries.save(directory)
        return page("diaries", directory)


def choose(browser, identifier, value):
    browser.run(
        "const select = document.getElementById(arguments[0]); select.value = arguments[1]; select.dispatchEvent(new Event('change'));",
        identifier,
        value,
    )


def told_of(browser, what):
    """[(caption, reason)] of the events of which `what`, a condition on e, is true."""
    return browser.run(f"return replay.model.events.filter((e) => {what}).map((e) => [replay.caption(e), replay.because(e)])")


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
    choose(browser, "level", "3")
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
        "WorkerSender of 1 puts “vote 2” into queueSendMap[2]; it overwrites number 1.",
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
        return [box.height, seen.length, now.top >= box.top - 1 && now.bottom <= box.bottom + 1]; // a pixel may be divided
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
    assert browser.wait_until("return replay.view.t > 0"), "it does not play"
    browser.keys(" ")
    same(browser.run("return replay.view.playing"), False)


@test
def a_link_names_a_moment(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"), "#t=202.91")
    same(text(browser, "clock"), "202.910 ms")
    same(text(browser, "what"), "Peer 1 is FOLLOWING.")
    off = "const l = replay.parts[0]; return new DOMMatrix(getComputedStyle(l.cursor).transform).e - l.x(replay.view.t);"
    assert abs(browser.run(off)) < 1, "the cursor stands elsewhere"
    choose(browser, "level", "1")
    browser.run("replay.step(1)")
    browser.wait_until("return location.hash === '#t=202.920'")
    same(browser.run("return location.hash"), "#t=202.920")


@test
def stretched_time_does_not_let_the_wait_flatten_the_rest(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    part = "const w = replay.view.warp; return (w.place(202900) - w.place(3100)) / w.length"
    choose(browser, "time", "stretched")
    assert browser.run(part) < 0.2, "the wait takes too much room"
    choose(browser, "time", "real")
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
    same(browser.run("return document.getElementById('told').getAttribute('aria-live')"), "polite")
    same(browser.run("return document.getElementById('verdict').getAttribute('role')"), "status")
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


# ---- time to read --------------------------------------------------------------------------------


@test
def a_caption_stays_as_long_as_a_person_needs(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    needs = browser.run("return [1, 10, 50].map((words) => replay.reading_ms(Array(words).fill('word').join(' '), 200))")
    same(needs, [1000, 3700, 15700], "200 words a minute, and a moment for the eye")
    choose(browser, "speed", "300")
    browser.run(
        """
        window.seen = [[performance.now(), replay.words_of_caption()]];
        new MutationObserver(() => seen.push([performance.now(), replay.words_of_caption()]))
          .observe(document.getElementById('what'), { childList: true, characterData: true, subtree: true });
        replay.play();
        """
    )
    assert browser.wait_until("return seen.length > 2"), "it does not play"
    browser.run("replay.pause()")
    for began, ended, words, least in browser.run(
        "return seen.slice(1).map(([t, text], k) => [seen[k][0], t, seen[k][1], replay.reading_ms(seen[k][1], 300)])"
    ):
        assert ended - began >= least - 20, f"{ended - began:.0f} of {least:.0f} ms for: {words}"


@test
def the_tour_stops_where_something_is_decided_and_goes_on_when_told(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    browser.run("document.activeElement.blur()")
    # It glides for minutes, so that the test comes in time to see that; what the test does not wait for ends at once.
    browser.run(
        """
        const { player } = replay, { glide } = player;
        player.glide = function (...given) { glide.apply(this, given); this.length *= 1000; };
        """
    )
    browser.keys("t")
    told = [text(browser, "what")]
    for number in range(2, 20):
        if not browser.run("return replay.tour.on"):
            break
        same(browser.run("return document.activeElement.id"), "continue", "a key and a screen reader find the button")
        same(text(browser, "stop"), f"stop {number - 1} of 13")
        browser.keys("\ue007")  # Enter: it glides
        if not browser.run("return replay.tour.on"):
            break
        browser.run("const p = replay.player; if (p.target) p.move(p.began + 0.97 * p.length)")
        same(text(browser, "what"), told[-1], "the caption stays until the next stop is there")
        browser.keys("\ue007")  # at once
        assert browser.wait_until(f"return replay.tour.at === {number - 1}"), f"stop {number} does not come"
        told.append(text(browser, "what"))
    same(told, [
        "Peer 1 starts.",
        "Peer 1 votes for itself in round 1.",
        "Peer 2 votes for itself in round 1.",
        "Peer 1 changes its vote to 2 in round 1.",
        "Peer 1 counts for 2: 1 and 2 – a quorum.",
        "Peer 1 waits: do the next 200 ms bring a better vote?",
        "Peer 2 counts for 2: 1 and 2 – a quorum.",
        "Peer 2 waits: do the next 200 ms bring a better vote?",
        "Peer 1 settles on leader 2.",
        "Peer 2 settles: it leads.",
        "Peer 2 is established as leader of epoch 1.",
        "Peer 2 is killed.",
        "Peer 1 votes for itself in round 2.",
    ])


@test
def a_question_is_asked_before_the_votes_meet_and_answered_after_the_decision(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    shown = "return getComputedStyle(document.getElementById('quiz')).display !== 'none'"
    same(browser.run(shown), True)
    same(text(browser, "asked"), "Who will win? At first each of them votes for itself, and their histories are the same (epoch 0, zxid 0x0).")
    same(browser.run("return [...document.querySelectorAll('#answers button')].map((b) => b.textContent)"), ["Peer 1", "Peer 2"])
    browser.run("replay.seek(2900)")
    same(browser.run(shown), False, "too late to ask")
    browser.run("replay.seek(0); document.querySelector('#answers button').click()")
    same(text(browser, "verdict"), "You will see.")
    browser.run("replay.seek(150000)")
    same(text(browser, "verdict"), "You will see.")
    browser.run("replay.seek(204000)")
    verdict = text(browser, "verdict")
    assert verdict.startswith("You said peer 1, but peer 2 leads.") and "so the largest id decides." in verdict, verdict
    browser.run("replay.seek(0); document.querySelectorAll('#answers button')[1].click(); replay.seek(204000)")
    assert text(browser, "verdict").startswith("Yes: peer 2 leads."), text(browser, "verdict")


@test
def a_latecomer_is_a_question_too(browser):
    film = test_story.elected().pause(500).looks(3, 1, 2).follows(2, 3)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in film.lines)
        stream.flush()
        path = page("late", stream.name)
    open_page(browser, path)
    browser.run("replay.step_chapter(1)")
    same(text(browser, "asked"), "Peer 2 leads. Peer 3 votes for itself. Who will lead?")
    browser.run("document.querySelectorAll('#answers button')[1].click(); replay.seek(replay.model.end)")
    assert text(browser, "verdict").startswith("You said peer 3, but peer 2 leads."), text(browser, "verdict")


# ---- time, marks, chapters -----------------------------------------------------------------------


@test
def time_is_true_or_the_axis_is_seen_to_be_broken(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    same(text(browser, "scale"), "Time is true, but the longest gaps are cut short.")
    bent = """
        const { times, places, cuts } = replay.view.warp;
        const bent = [];
        for (let k = 1; k < times.length; k++) {
          const length = (times[k] - times[k - 1]) / 1000;
          if (Math.abs(places[k] - places[k - 1] - length) > 1e-9 && !cuts.some((cut) => cut.from === times[k - 1] && cut.to === times[k]))
            bent.push(times[k]);
        }
        return bent;
    """
    same(browser.run(bent), [], "every gap that is not true is a cut")
    waits = browser.run("return replay.view.warp.cuts.filter((cut) => cut.to - cut.from > 190000 && cut.to < 210000).length")
    same(waits, 1, "the wait of 200 ms is one of them")
    dark = browser.run(
        """
        const l = replay.parts[0];
        const seen = (t) => {
          const scale = devicePixelRatio;
          const y = l.y(replay.model.runs[0], 1) * scale;
          const row = l.pen.getImageData((l.x(t) - 2) * scale, y, 4 * scale, 1).data;
          return [...row.slice(0, 3)].join();
        };
        const cut = replay.view.warp.cuts.find((c) => c.to - c.from > 190000 && c.to < 210000);
        const middle = replay.view.warp.time((replay.view.warp.place(cut.from) + replay.view.warp.place(cut.to)) / 2);
        return [seen(middle), l.colour.card];
        """
    )
    same(dark, ["255,255,255", "#ffffff"], "the bar of peer 1 is torn there")
    choose(browser, "time", "real")
    same(browser.run("return replay.view.warp.cuts.length"), 0)
    same(browser.run(bent), [])


@test
def badges_do_not_cover_one_another(browser):
    for name, trace in (("three", os.path.join(WORK, "three")), ("seven", os.path.join(WORK, "seven"))):
        open_page(browser, page(name, trace))
        for mode in ("cut", "real", "stretched"):
            choose(browser, "time", mode)
            covered = browser.run(
                """
                const badges = replay.parts[0].badges;
                const bad = badges.filter((a) => badges.some((b) => a !== b && a.n === b.n && a.run === b.run && a.from < b.to && b.from < a.to));
                return [badges.length, bad.map((b) => b.text)];
                """
            )
            assert covered[0] > 3 and covered[1] == [], f"{name}, {mode}: {covered}"
            texts = browser.run("return [...new Set(replay.parts[0].badges.map((b) => b.text[0]))]")
            assert "Q" not in browser.run("return replay.parts[0].badges.map((b) => b.text)"), "a quorum for whom?"
            assert set(texts) <= set("123456789Q◆✕"), texts


@test
def every_mark_has_its_words(browser):
    open_page(browser, page_of(test_story.freeze_of_the_leader()))
    legend = browser.run("return document.querySelector('.marks').textContent")
    for mark in browser.run("return replay.parts[0].badges.map((b) => b.text.replace(/[0-9]/g, ''))"):
        assert mark in legend, f"{mark} is in no legend"
    for word in ("LOOKING", "FOLLOWING", "LEADING", "OBSERVING", "frozen", "down", "not counted", "a notification", "a packet", "cut short"):
        assert word in legend, word
    same(browser.run("return [...document.querySelectorAll('.film')].map((e) => getComputedStyle(e).display)"), ["none", "none"])
    open_page(browser, page("java", "java.jsonl"))
    same(browser.run("return [...document.querySelectorAll('.film')].map((e) => getComputedStyle(e).display)"), ["flex", "flex"])


@test
def a_chapter_moves_the_film(browser):
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    browser.run("document.querySelectorAll('.story summary')[1].click()")
    same((text(browser, "what"), browser.run("return document.querySelectorAll('.story details')[1].open")), ("Peer 2 is killed.", True))
    browser.run("document.querySelectorAll('.story summary')[0].focus()")
    browser.keys("\ue007")
    same(text(browser, "what"), "Peer 1 starts.")


# ---- captions ------------------------------------------------------------------------------------


@test
def a_caption_says_why_the_own_vote_is_not_counted_yet(browser):
    diaries = test_story.Diaries().boot(1, 2).looks_for_itself(1).votes(2, 2, 1)
    diaries.line(1, "vote", leader=2, zxid="0x0", epoch=0, r=1, why="peer 2 votes for 2; the histories are the same, so the larger id decides")
    diaries.line(1, "tally", leader=2, have=[2], quorum=False).line(1, "tally", leader=2, have=[1, 2], quorum=True)
    open_page(browser, page_of(diaries))
    (_, first), (_, second) = told_of(browser, "e.e === 'tally'")
    assert first.startswith("Its own vote is not counted yet") and "same queues" in first and "(K-10)" in first, first
    assert "own vote" not in second, second


@test
def a_late_joiner_is_told_a_result(browser):
    diaries = test_story.serving().pause(100).exit(1).pause(100).boot(1).looks_for_itself(1).votes(1, 1, 2, 3, conn="new")
    for n, state in ((2, "FOLLOWING"), (3, "LEADING")):
        diaries.send(n, 1, "NOTIFICATION", conn=f"new{n}", state=state, leader=3, zxid="0x0", round=1, epoch=1)
        diaries.line(1, "tally", leader=3, have=[2] if n == 2 else [2, 3], quorum=n == 3)
    diaries.line(1, "decide", leader=3, r=1, why="a quorum of this round has decided, and the leader itself says that it leads").state(1, "FOLLOWING")
    open_page(browser, page_of(diaries))
    (first, why), (second, reason), (third, end) = told_of(browser, "e.n === 1 && ['tally', 'decide'].includes(e.e) && e.t > 700000")
    same((first, second, third), ("Peer 1 counts for 3: 2, no quorum yet", "Peer 1 counts for 3: 2 and 3 – a quorum", "Peer 1 settles on leader 3"))
    assert "have decided already" in why, why
    assert "no wait is needed" in reason and "better vote may still" not in reason, reason
    assert "nothing to wait for" in end, end


@test
def a_frozen_peer_is_shown_as_frozen(browser):
    open_page(browser, page_of(test_story.freeze_of_the_leader()))
    browser.run("replay.go_to(replay.model.events[replay.model.events.length - 1])")
    same(peer(browser, 3)["state"], "FROZEN")
    same(browser.run("return document.querySelectorAll('.peer')[2].getAttribute('aria-label')"), "Peer 3, frozen, round 1, vote 3, counts 1, 2 and 3 for 3, a quorum")
    (what, why), = told_of(browser, "e.e === 'freeze'")
    same(what, "Peer 3 is frozen from here on")
    assert "its connections stay open" in why and "it does not die" in why, why
    (_, fate), = told_of(browser, "e.e === 'send' && e.to === 3 && e.n === 1 && !e.mate")
    same(fate, "It waits unread at peer 3, which is frozen.")
    same(browser.run("return replay.parts[0].badges.some((b) => b.n === 3 && b.text.startsWith('❄'))"), True)
    assert "killed" not in browser.run("return document.body.innerText"), "nobody is killed"


@test
def a_write_is_seen_from_its_proposal_to_its_commit(browser):
    with tempfile.TemporaryDirectory() as directory:
        path = page("writes", *writes.save(directory))
    open_page(browser, path)
    told = [caption for caption, _ in told_of(browser, "e.e === 'txn' && e.level === 0")]
    same(told, ["Peer 3 proposes 1:1", "Peer 3 commits 1:1", "Peer 3 proposes 1:2"], "steps of the story")
    step = "replay.go_to(replay.model.events.find((e) => e.n === 3 && e.step === arguments[0] && e.zxid === '0x100000001'))"
    shown = "return [...document.querySelectorAll('.ring .peer')].map((g) => g.querySelector('.round').textContent)"
    for name, acks, rounds in (
        ("proposed", {"have": [], "quorum": False}, ["", ""]),
        ("committed", {"have": [3, 1], "quorum": True}, ["disk 1:1 · tree –", "disk 1:1 · tree –"]),
        ("applied", {"have": [3, 1], "quorum": True}, ["disk 1:1 · tree –", "disk 1:1 · tree 1:1"]),
    ):
        browser.run(step, name)
        same(browser.run("const p = replay.peer(3, 0); return {have: p.acks.have, quorum: p.acks.quorum}"), acks, name)
        same(browser.run(shown), rounds, name)
    same(sorted({badge[0] for badge in browser.run("return replay.parts[0].badges.map((b) => b.text)") if badge in "PC"}), ["C", "P"])
    same(told_of(browser, "e.e === 'sync'")[0][0], "Peer 3 brings peer 2 up to date: it sends what is missing (DIFF)")


def visit_page(**changes):
    with tempfile.TemporaryDirectory() as directory:
        return page("visit", visitors.save(directory, **changes))


GO = "replay.go_to(replay.model.events.find((e) => " # a condition on e, and two brackets
FIGURES = """
  return [...document.querySelectorAll('.ring .client')].filter((g) => g.style.display !== 'none').map((g) =>
    [g.querySelector('.name').textContent, g.getAttribute('class'), g.querySelector('.session').textContent, g.querySelector('.saw').textContent]);
"""
NODES = "return [...document.querySelectorAll('.node')].map((chip) => chip.textContent)"
FRAMES = """
  return [...document.querySelectorAll('.pill.asked, .pill.answer, .pill.event, .pill.refused')].filter((g) => g.style.display !== 'none')
    .map((g) => [g.getAttribute('class'), g.textContent]);
"""


@test
def a_client_is_a_figure_that_asks_is_answered_and_moves(browser):
    open_page(browser, visit_page())
    browser.run("replay.seek(0)")
    same(browser.run(FIGURES), [])
    browser.run(GO + "e.e === 'request' && e.op === 'create'))")
    same(browser.run(FIGURES), [["Ann", "client connected", "session 0x10…1000a", "waits: create /l/n- “ann”"]])
    same(browser.run(FRAMES), [["pill asked now", "create /l/n- “ann”"]])
    browser.run(GO + "e.e === 'reply' && e.op === 'create'))")
    same(browser.run(FRAMES), [["pill answer now", "made /l/n-…0"]])
    same(browser.run(NODES), ["/l/n-…0 “ann” lives with Ann's session the smallest number"])
    browser.run(GO + "e.e === 'reply' && e.err))")
    same(browser.run(FRAMES), [["pill refused now", "no such node"]])
    same(browser.run(NODES)[-1], "/m is not there ★ Cleo waits for a change")
    browser.run(GO + "e.what === 'left'))")
    same([figure[:3] for figure in browser.run(FIGURES)][0], ["Ann", "client away", "connection lost"])
    browser.run(GO + "e.what === 'expired'))")
    same([figure[:3] for figure in browser.run(FIGURES)][0], ["Ann", "client expired", "session expired"])
    assert "Ann" in " ".join(browser.run(NODES)), "the node lives until the end of the session is committed"
    browser.run(GO + "e.e === 'watch'))")
    same(browser.run(FRAMES), [["pill event now", "★ /l/n-…0 was deleted"]])
    same(browser.run(NODES), ["/m is not there ★ Cleo waits for a change"])
    lines = "return [...document.querySelectorAll('.client_lines path')].map((path) => path.style.display === 'none' ? '' : path.getAttribute('d'))"
    before = browser.run(lines)
    browser.run(GO + "e.what === 'opened' && e.client.name === 'Ben' && e.n === 1))")
    after = browser.run(lines)
    same((after[0], after[1] == before[1], after[2]), ("", False, before[2]), "Ann has no line any more, Ben's leads elsewhere")
    browser.run("replay.go_to(replay.model.events[replay.model.events.length - 1])")
    same(browser.run(FIGURES)[-2][3], "waits: write /l “x”")


@test
def the_captions_of_clients_say_what_a_reader_must_know(browser):
    open_page(browser, visit_page())
    same(told_of(browser, "e.what === 'opened'")[-1][0], "The session of Ben goes on at peer 1")
    (_, why), = told_of(browser, "e.what === 'left' && e.client.name === 'Ann'")
    assert "The session lives on for its timeout (4.0 ms)" in why or "The session lives on for its timeout (4.00 s)" in why, why
    (what, why), = told_of(browser, "e.e === 'watch'")
    same(what, "Peer 3 tells Ben: /l/n-0000000000 was deleted")
    assert "Nobody else hears of it: Cleo waits for /m." in why, why
    (_, why), = told_of(browser, "e.e === 'reply' && e.op === 'create'")
    assert "cannot be lost" in why and "lives as long as the session of Ann" in why and "not yet" not in why, why
    (_, why), = told_of(browser, "e.e === 'request' && e.op === 'setData'")
    assert "It is never answered." in why, why
    same(browser.run(INCOMPLETE), [])


@test
def an_answer_from_before_a_commit_elsewhere_is_called_one(browser):
    late = "1 reply session=0x3000b addr=10.0.0.2:22 xid=2 op=getChildren zxid=0x100000002"
    open_page(browser, visit_page(old=late, new=late.replace("zxid=0x100000002", "zxid=0x100000001")))
    (_, why), = told_of(browser, "e.e === 'reply' && e.op === 'getChildren'")
    assert "In the tree of peer 3 there is a later write already, of which this one has not heard." in why, why
    applied = "1 txn step=applied zxid=0x100000001 peer=0\n"
    reply = "1 reply session=0x1000a addr=10.0.0.1:1 xid=1 op=create zxid=0x100000001 err=0 data=/l/n-0000000000\n"
    open_page(browser, visit_page(old="3 txn step=applied zxid=0x100000001 peer=0\n", new=""))
    (_, why), = told_of(browser, "e.e === 'reply' && e.op === 'create'")
    assert "it is not yet" not in why, "of a peer that has applied nothing nobody knows how far it is"
    assert applied in visitors.VISIT and reply in visitors.VISIT


@test
def each_client_has_a_lane_with_what_it_asked_and_was_told(browser):
    open_page(browser, visit_page())
    choose(browser, "time", "stretched")
    browser.run("document.getElementById('zoom_chapter').click()")
    drawn = set()
    for at in ("e.op === 'create'", "e.what === 'expired'", "e.op === 'setData'"):
        browser.run(GO + at + "), true)")
        drawn |= set(browser.run("return replay.parts[0].of_clients[0].labels.map((label) => label.text)"))
    for wanted in ("create /l/n- “ann”", "watch /l/n-…0", "session expired", "★", "✕", "list /l"):
        assert wanted in drawn, f"“{wanted}” is not among {drawn}"


@test
def a_client_has_no_lane_before_it_comes(browser):
    open_page(browser, visit_page())
    choose(browser, "time", "real")
    shown = """
      const lanes = replay.parts[0];
      const comes = lanes.warp.place(replay.model.events.find((e) => e.client && e.client.name === arguments[0]).t);
      lanes.show(0, comes);
      lanes.draw();
      return [lanes.of_clients[0].clients.map((client) => client.name), lanes.height];
    """
    ann, ben, cleo = (browser.run(shown, name) for name in ("Ann", "Ben", "Cleo"))
    same([names for names, _ in (ann, ben, cleo)], [["Ann"], ["Ann", "Ben"], ["Ann", "Ben", "Cleo"]])
    same(ben[1] - ann[1], cleo[1] - ben[1], "each takes the same room")
    assert ann[1] < ben[1], (ann, ben)
    same(browser.run(shown, "Ann"), ann, "and gives it back")


@test
def the_tour_stops_where_a_client_sees_something(browser):
    open_page(browser, visit_page())
    stops = browser.run("return replay.tour.stops.filter((e) => e.client).map((e) => e.client.name + ' ' + (e.what || e.op))")
    same(stops, [
        "Ann createSession", "Ann opened", "Ann create", "Ben opened", "Ben exists", "Cleo opened", "Cleo getData", "Ann left", "Ann expired",
        "Ben deleted", "Ben left", "Ben opened", "Ben getChildren",
    ])


@test
def words_about_clients_are_there_only_if_there_are_any(browser):
    shown = "return [...document.querySelectorAll('.of_clients')].map((e) => getComputedStyle(e).display !== 'none')"
    open_page(browser, visit_page())
    same(set(browser.run(shown)), {True})
    same(browser.run("return document.title"), "Clients and their servers")
    open_page(browser, page("golden", "1.jsonl", "2.jsonl"))
    same(set(browser.run(shown)), {False})
    same(browser.run("return document.title"), "An election")
    same(browser.run("return document.querySelectorAll('.ring .client, .nodes').length"), 0)


@test
def a_film_calls_nobody_down_whom_it_has_not_heard(browser):
    open_page(browser, page("java", "java.jsonl"))
    browser.run("replay.seek(0)")
    same([peer(browser, n)["state"] for n in (1, 2)], ["UNHEARD", "UNKNOWN"])
    assert not [why for _, why in told_of(browser, "true") if "een on the wire" in why], "it is said each time"
    changed = [what for what, _ in told_of(browser, "e.ballot")]
    same(changed, [
        "Peer 2 votes for itself in round 1 (it tells peer 1)",
        "Peer 1 votes for itself in round 1 (it tells peer 2)",
        "Peer 1 changes its vote to 2 in round 1 (it tells peer 2)",
    ])


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
        choose(browser, "level", level)
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
            same(other.run(LABELS) if width < 500 else [], [], "selects without a visible label")
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
