// The page: the world goes on by small steps of its own time, and everything is drawn from what its peers
// have written. `lab` is the whole state; controls.js and guide.js change it through the functions here.

const $ = (id) => document.getElementById(id);

const FRAME_MS = 12; // of work, at most, before the page is drawn again
const REST_PLACES = 0.3; // how long an event that is shown is looked at
const PLACES_A_SECOND = 2.2;
const LANES_EVENTS = 400; // so many of the last ones stand in the lanes
const DEFAULT_LATENCY_US = 1000;
const MOST_PEERS = 15; // of a world of the simulator (HOSTS_MAX)
const IDENTITY = { place: (t) => t };

const lab = {
  world: null,
  session: null,
  run: null,
  ring: null,
  ids: [],
  t: 0, // the moment that is shown, which is where the world stands
  furthest: 0, // where it has been
  playing: false,
  rest: 0, // places of time that are still owed to the last event
  last_event_t: 0,
  chosen: 1,
  link: [1, 2],
  cuts: new Set(), // "from>to"
  latencies: new Map(), // "a|b" -> microseconds
  frozen: new Set(),
  pace: 1, // how much faster than a reader can follow; a lesson's step changes it
  stop_at: Infinity, // the world goes no further than this moment
  losing: null, // the cable ("a|b") whose next message goes lost
  shown: [], // events of the chosen detail
  last: null, // the event in the caption
  watchers: new Set(), // called with each event
};

/** The rows of the log in the language of the page. */
class LabLog extends Log {
  fill_row(row, k) {
    super.fill_row(row, k);
    put(row.what, "text", row_of(this.events[k]));
  }
}

const log = new LabLog($("log"), (e) => tell(e));
const inspector = new LabInspector($("inspector"));
let lanes = null;

// ---- beginning ----------------------------------------------------------------------------------

function pair_of(a, b) {
  return Math.min(a, b) + "|" + Math.max(a, b);
}

function latency_us(from, to) {
  if (lab.cuts.has(from + ">" + to)) return null;
  return lab.latencies.get(pair_of(from, to)) ?? DEFAULT_LATENCY_US;
}

/** How many peers an ensemble has: "ensemble 3 and 1 ...". The world refuses those with too many. */
function size_of(command) {
  const [, voters, observers] = /^ensemble (\d+)(?: and (\d+))?/.exec(command) || [null, 3, 0];
  return Math.min(Number(voters) + Number(observers || 0), MOST_PEERS);
}

/** A new world, in which these acts are done and until is the moment at which it then stands. */
function begin(acts, seed = 0, until = 0) {
  pause();
  lab.ids = Array.from({ length: size_of(acts[0].text) }, (_, k) => k + 1);
  lab.run = new LiveRun(lab.ids, latency_us);
  Object.assign(lab, { shown: [], last: null, t: 0, furthest: until, rest: 0, last_event_t: 0, losing: null, chosen: 1, link: [1, Math.min(2, lab.ids.length)] });
  lab.cuts.clear();
  lab.latencies.clear();
  lab.frozen.clear();
  inspector.key = "";
  make_ring();
  lab.session.begin(acts, seed, until);
  lab.t = lab.session.now_us;
  lanes = null;
  show_hands();
  draw();
}

function make_ring() {
  $("rings").replaceChildren();
  const figure = html("figure", { class: "card" }, $("rings"));
  lab.ring = new Ring(lab.run, figure, choose_peer, innerWidth < 600);
  make_cables(figure);
}

/** An event of the world, at the moment at which it happens. */
function on_event(event) {
  const e = lab.run.add(event);
  if (e.level <= Number($("level").value)) {
    lab.shown.push(e);
    lab.last = e;
  }
  for (const watcher of lab.watchers) watcher(e);
}

/** What no peer can write of itself. */
function on_fate(what, n, why, power = false) {
  on_event({ t: lab.session.now_us, n, e: what, why, power });
}

// ---- acts ---------------------------------------------------------------------------------------

/** What an act changes beside the world: cut cables, slow ones, frozen peers, and the marks of a death. */
function note_act(text) {
  const words = text.split(" ");
  const peers = () => words.slice(1).map((word) => (word === "leader" ? leader() : Number(word))).filter(Boolean);
  switch (words[0]) {
    case "cut":
      lab.cuts.add(words[1] + ">" + words[3]);
      if (words[2] === "from") lab.cuts.add(words[3] + ">" + words[1]);
      break;
    case "partition": {
      const sides = text.slice("partition ".length).split(" / ").map((side) => side.split(" ").map(Number));
      lab.cuts.clear();
      sides.forEach((side, k) => side.forEach((a) => sides.forEach((other, m) => m !== k && other.forEach((b) => lab.cuts.add(a + ">" + b)))));
      break;
    }
    case "heal":
      if (words.length === 1) {
        lab.cuts.clear();
        lab.latencies.clear();
      } else {
        lab.cuts.delete(words[1] + ">" + words[3]);
        lab.cuts.delete(words[3] + ">" + words[1]);
      }
      break;
    case "slow":
      lab.latencies.set(pair_of(Number(words[1]), Number(words[2])), parseInt(words[3], 10) * 1000);
      break;
    case "kill":
      for (const n of peers()) on_fate("crash", n, "you killed it: its system closes its connections");
      break;
    case "power-loss":
      for (const n of peers()) on_fate("crash", n, "you cut its power: nobody is told of it", true);
      break;
    case "freeze":
      for (const n of peers()) lab.frozen.add(n) && on_fate("freeze", n, "you froze it");
      break;
    case "thaw":
      for (const n of peers()) lab.frozen.delete(n) && on_fate("thaw", n, "you let it go on");
      break;
  }
  if (["kill", "power-loss", "start"].includes(words[0])) for (const n of peers()) lab.frozen.delete(n);
}

/** Do something, now. Returns what it tells; where it cannot be done, why, and all is as it was. */
function act(text) {
  const at = lab.session.now_us;
  const told = lab.session.act(text);
  if (lab.world.refusal) return take_back(at);
  lab.t = lab.session.now_us;
  lab.furthest = lab.t;
  lab.rest = 0;
  show_hands();
  draw();
  return told;
}

/** A command that cannot be carried out has ended the world: make that world again. Returns what was wrong. */
function take_back(at) {
  const { refusal } = lab.world;
  seek(at);
  return refusal;
}

/** Ask the world for something that changes nothing, such as "show votes". */
function look_in_words(text) {
  const at = lab.session.now_us;
  const told = lab.session.ask(text);
  return lab.world.refusal ? take_back(at) : told;
}

/** Run until what a play's "until ..." waits for. Waiting is no act, so the session is then played again to where
 * it has led. Returns "" or what did not come. */
function wait_for(text) {
  pause();
  const at = lab.session.now_us;
  const told = lab.session.ask(text);
  if (lab.world.refusal) return take_back(at);
  seek(lab.session.now_us + 1); // what happens in the same moment may come after the page's turn
  return (/not within .*/.exec(told) || [""])[0];
}

/** The next message on the chosen cable goes lost, and with it its connection: TCP loses nothing else. */
function lose_next() {
  lab.losing = lab.losing === null ? pair_of(...lab.link) : null;
  show_hands();
}

/** Asked after each event, when no act is under way. */
function lose_what_is_sent() {
  const e = lab.run.events.at(-1);
  if (lab.losing === null || !e || e.e !== "send" || lab.losing !== pair_of(e.n, e.to)) return;
  lab.losing = null;
  act(`reset ${e.n} ${e.to}`);
  note(`${tr("lost")} ${ended(caption_of(e))}`);
}

/** A word to the reader, beside the buttons. */
function note(text) {
  put($("note"), "text", text);
}

function leader() {
  return lab.ids.find((n) => lab.run.peers.get(n).last.state === "LEADING");
}

// ---- time ---------------------------------------------------------------------------------------

/** How many places a silence of so many microseconds takes: its logarithm, so that both can be seen. */
function places_of(us) {
  return Math.log10(1 + us / 30);
}

function us_of(places) {
  return 30 * (Math.pow(10, places) - 1);
}

/** To the next event, or so many microseconds on. */
function go_to_next(us) {
  lab.session.next(Math.min(us, lab.stop_at - lab.session.now_us));
  lose_what_is_sent();
}

/** Let the world go on as far as these seconds of the reader's time carry it. */
function go_on(seconds) {
  const factor = Number($("speed").value);
  const began = performance.now();
  let places = seconds * PLACES_A_SECOND * lab.pace;
  let us = seconds * factor * 1e6;
  while (!lab.session.over && lab.session.now_us < lab.stop_at && performance.now() - began < FRAME_MS) {
    if (factor > 0) {
      if (us < 1) break;
      const from = lab.session.now_us;
      go_to_next(us);
      us -= lab.session.now_us - from;
    } else {
      const rest = Math.min(lab.rest, places);
      lab.rest -= rest;
      places -= rest;
      if (places < 1e-3) break;
      const silent = lab.session.now_us - lab.last_event_t;
      const from = places_of(silent);
      const count = lab.shown.length;
      go_to_next(us_of(from + places) - silent);
      places -= Math.max(0, places_of(lab.session.now_us - lab.last_event_t) - from);
      if (lab.shown.length > count) {
        lab.last_event_t = lab.session.now_us;
        lab.rest = REST_PLACES;
      }
    }
    lab.t = lab.session.now_us;
  }
  lab.furthest = Math.max(lab.furthest, lab.t);
  if (lab.session.over) pause();
}

let last_frame = 0;

function frame(now) {
  if (!lab.playing) return;
  const seconds = Math.min(0.1, (now - last_frame) / 1000);
  last_frame = now;
  go_on(seconds);
  draw();
  if (lab.playing) requestAnimationFrame(frame);
}

function play() {
  if (lab.playing || lab.session.over) return;
  lab.playing = true;
  last_frame = performance.now();
  requestAnimationFrame(frame);
  show_hands();
}

function pause() {
  lab.playing = false;
  show_hands();
  if (lab.session && !lab.session.over && lab.run) draw_lanes();
}

/** Run until an event is what is wanted, or so much time has passed. Nothing is drawn on the way. */
function run_until(is_wanted, limit_us) {
  pause();
  const end = lab.session.now_us + limit_us;
  let found = false;
  const watch = (e) => (found = found || is_wanted(e));
  lab.watchers.add(watch);
  while (!found && !lab.session.over && lab.session.now_us < end) {
    go_to_next(end - lab.session.now_us);
  }
  lab.watchers.delete(watch);
  lab.t = lab.last_event_t = lab.session.now_us;
  lab.furthest = Math.max(lab.furthest, lab.t);
  show_hands();
  draw();
  draw_lanes();
  return found;
}

/** Back to a moment, or forward to where this session has been. */
function seek(t) {
  const { session, chosen, link, furthest } = lab;
  begin([...session.acts, ...session.later], session.seed, t);
  Object.assign(lab, { furthest: Math.max(furthest, t), chosen, link });
  show_hands();
  draw();
  draw_lanes();
}

// ---- drawing ------------------------------------------------------------------------------------

function tell(e) {
  lab.last = e;
  show_code(e);
  draw();
}

function choose_peer(n) {
  lab.chosen = n;
  show_hands();
  draw();
}

/** The world ends by itself only if something is wrong with it, such as two leaders of one epoch; or if an address
 * asks for what cannot be done. */
function draw_end() {
  const { refusal } = lab.world;
  put($("what"), "text", tr(refusal ? "link_wrong" : "world_over"));
  put($("why"), "text", refusal || lab.session.reason);
  put($("when"), "text", tr(refusal ? "link_wrong_next" : "world_over_next"));
}

function draw_caption() {
  const { over } = lab.session;
  put($("caption"), "class", over ? "card broken" : "card");
  put($("caption"), "role", over ? "alert" : "region");
  if (over) return draw_end();
  const e = lab.last;
  const is_new = !lab.run.events.length;
  put($("what"), "text", e ? ended(caption_of(e)) : tr(is_new ? "not_begun" : "welcome"));
  put($("why"), "text", e ? because_of(e) : tr(is_new ? "not_begun_why" : "welcome_why"));
  put($("when"), "text", e ? `${millis(e.t)} ms${e.thread ? " · " + e.thread + " · " + tr("peer") + " " + e.n : ""}` : "");
}

function draw() {
  const { run, ring, t } = lab;
  if (!run) return;
  const i = run.events.length - 1;
  const now = lab.last && lab.last.t === t ? lab.last : null;
  ring.draw(i, t, IDENTITY, now, lab.chosen);
  draw_cables();
  if (log.events !== lab.shown || log.length !== lab.shown.length) {
    log.use(lab.shown, false);
    log.length = lab.shown.length;
  }
  log.mark(lab.last ? lab.last.i : -1);
  if (run.has_new_rows) inspector.key = "";
  run.has_new_rows = false;
  for (const name of ["code", "lanebox", "inspector"]) put($(name), "hidden", i < 0); // they would show the world before
  if (i >= 0) inspector.draw(run, lab.chosen, i);
  draw_caption();
  draw_looks();
  if (!lab.playing && lab.last) show_code(lab.last);
  put($("clock"), "text", `${millis(t, 1)} ms`);
  $("seek").max = Math.max(lab.furthest, 1);
  if (document.activeElement !== $("seek") || lab.playing) $("seek").value = t;
}

/** The lanes are drawn when the world stands still. */
function draw_lanes() {
  const { run } = lab;
  if (!run || run.events.length < 2) return;
  put($("lanebox"), "hidden", false); // a hidden one has no width
  run.furthest = [];
  run.find_flights();
  find_final_waits(run);
  const model = { runs: [run], events: run.events, start: run.events[0].t, end: lab.t };
  if (lanes === null) lanes = new Lanes(model, $("lanes"), $("cursor"), $("true_cursor"), seek);
  lanes.model = model;
  lanes.level = Number($("level").value);
  const warp = new Warp(run.events.filter((e) => e.level <= Math.max(1, lanes.level)).slice(-LANES_EVENTS), "cut");
  lanes.use(warp);
  lanes.show(0, warp.length * 1.02);
  lanes.draw();
  lanes.move_cursor(lab.t);
}
