// The page: one moment (event i, time t), everything drawn from it, and the ways to move it.

const $ = (id) => document.getElementById(id);
const model = new Model(JSON.parse($("trace").textContent));
model.runs.forEach(find_final_waits);

const view = {
  i: 0,
  t: model.start,
  level: 0,
  playing: false,
  chosen: { run: model.runs[0], n: model.runs[0].ids[0] },
  warp: null,
  steps: [],
};

// ---- drawing ------------------------------------------------------------------------------------

let rings = [];
let narrow = null;

/** Rings are round on a phone and wide on a desk. */
function make_rings() {
  if (narrow === innerWidth < 600) return;
  narrow = innerWidth < 600;
  $("rings").replaceChildren();
  $("rings").className = model.runs.length > 1 ? "two" : "";
  rings = model.runs.map((run) => {
    const figure = html("figure", { class: "card" }, $("rings"));
    if (run.label) html("figcaption", {}, figure, run.label);
    return new Ring(run, figure, (n) => choose_peer(run, n), narrow);
  });
}
const lanes = new Lanes(model, $("lanes"), $("cursor"), $("true_cursor"), (t) => {
  halt();
  seek(t);
});
const log = new Log($("log"), (e) => {
  halt();
  go_to(e);
});
const inspector = new Inspector($("inspector"));
const chapters = new Chapters(model, $("chapters"), (chapter) => {
  halt();
  go_to(chapter.run.events[chapter.first], true);
});
const player = new Player(model, view);
const tour = new Tour(model);
const quiz = new Quiz(model);

function draw() {
  const { i, t, warp } = view;
  const now = model.events[i];
  const exact = now.t === t ? now : null;
  for (const ring of rings) ring.draw(i, t, warp, exact, ring.run === view.chosen.run ? view.chosen.n : null, view.level);
  if (lanes.follow(t)) lanes.draw();
  lanes.move_cursor(t);
  log.mark(i);
  chapters.mark(i);
  inspector.draw(view.chosen.run, view.chosen.n, i);
  draw_caption(shown_event());
  quiz.draw(i);
  put($("clock"), "text", millis(t) + " ms");
  $("seek").value = warp.place(t);
  put($("seek"), "aria-valuetext", millis(t) + " milliseconds");
}

/** The last event that is worth a sentence at this level. */
function shown_event() {
  if (tour.on) return tour.stop;
  const count = countUpTo(view.steps, view.i, (e) => e.i);
  return view.steps[Math.max(0, count - 1)];
}

function draw_caption(e) {
  const text = (model.runs.length > 1 ? e.run.label + ": " : "") + caption(e);
  put($("what"), "text", text + (/[.?!”]$/.test(text) ? "" : "."));
  put($("why"), "text", because(e));
  put($("hint"), "text", tour.on ? tour.hint() : "");
  put($("when"), "text", `${millis(e.t)} ms${e.thread ? " · " + e.thread + " of peer " + e.n : ""}`);
}

// ---- moving -------------------------------------------------------------------------------------

function seek(t) {
  view.t = Math.min(model.end, Math.max(model.start, t));
  view.i = Math.max(0, model.index_at(view.t));
  draw();
  remember();
}

function go_to(e, whole_chapter) {
  view.t = e.t;
  view.i = e.i;
  if (whole_chapter) show_chapter();
  draw();
  remember();
}

/** To the next event that is shown, or the one before. */
function step(direction) {
  halt();
  const { steps, i } = view;
  const count = countUpTo(steps, i, (e) => e.i);
  const here = count && steps[count - 1].i === i && model.events[i].t === view.t;
  const next = direction > 0 ? count : count - (here ? 2 : 1);
  if (steps[next]) go_to(steps[next]);
}

function step_chapter(direction) {
  halt();
  const at = model.chapters.filter((chapter) => chapter.i <= view.i).length - 1;
  const back = direction < 0 && at >= 0 && model.chapters[at].i < view.i ? 0 : direction;
  const chapter = model.chapters[Math.min(model.chapters.length - 1, Math.max(0, at + back))];
  if (chapter) go_to(chapter.run.events[chapter.first], true);
}

let link_timer = 0;
/** The address names the moment; browsers want it changed seldom. */
function remember() {
  clearTimeout(link_timer);
  link_timer = setTimeout(() => history.replaceState(null, "", "#t=" + millis(view.t)), 150);
}

function read_link() {
  const match = /[#&]t=(-?[\d.]+)/.exec(location.hash);
  return match ? Number(match[1]) * 1000 : null;
}

// ---- playing ------------------------------------------------------------------------------------

function reading_speed() {
  return Number($("speed").value);
}

function words_of_caption() {
  return ["what", "why", "hint"].map((id) => $(id).textContent).join(" ");
}

/** Play goes from caption to caption, and stays at each as long as it takes to read. */
function play() {
  halt();
  if (view.i >= view.steps[view.steps.length - 1].i) go_to(model.events[0], true);
  view.playing = true;
  put($("play"), "text", "❚❚ Pause");
  put($("told"), "aria-live", "off");
  player.rest(reading_ms(words_of_caption(), reading_speed()));
  player.run(() => {
    const next = view.steps[countUpTo(view.steps, view.i, (e) => e.i)];
    if (!next) {
      pause();
      return;
    }
    player.glide(next, () => player.rest(reading_ms(words_of_caption(), reading_speed())));
  });
}

function pause() {
  if (view.playing) remember();
  view.playing = false;
  player.stop();
  put($("play"), "text", "▶ Play");
  put($("told"), "aria-live", "polite");
}

/** Whoever moves by hand neither plays nor tours any more. */
function halt() {
  pause();
  tour.end();
  show_tour();
}

// ---- the tour -----------------------------------------------------------------------------------

function start_tour() {
  pause();
  tour.begin(view.i);
  arrive(true);
}

function arrive(begins) {
  const chapter = tour.stop.run.chapter_at(tour.stop.i);
  show_tour();
  go_to(tour.stop, begins || chapter.first === tour.stop.local);
  if (tour.on) $("continue").focus({ preventScroll: true });
}

function go_on() {
  if (player.moving) return player.finish();
  if (tour.last) {
    tour.end();
    show_tour();
    return draw();
  }
  tour.at++;
  const target = tour.stop;
  tour.at--; // until it is there, the old caption stays
  player.run(() => {});
  player.glide(target, () => {
    player.stop();
    tour.at++;
    arrive();
  });
}

function show_tour() {
  put($("tour"), "hidden", !tour.on);
  put($("guide"), "hidden", tour.on);
  put($("stop"), "text", tour.on ? `stop ${tour.at + 1} of ${tour.stops.length}` : "");
  put($("continue"), "text", tour.last ? "The end" : "Continue");
}

function leave_tour() {
  halt();
  draw();
}

// ---- choices ------------------------------------------------------------------------------------

function choose_peer(run, n) {
  view.chosen = { run, n };
  draw();
}

const SCALES = {
  cut: "Time is true, but the longest gaps are cut short.",
  real: "Time is true, and nothing is cut.",
  stretched: "Time is stretched: each gap takes the logarithm of its length.",
};

/** Detail and time decide what is a step, and how long a gap is. */
function rearrange() {
  view.level = Number($("level").value);
  view.steps = model.visible(view.level);
  view.warp = new Warp(model.visible(Math.max(1, view.level)), $("time").value, model.chapters);
  put($("scale"), "text", SCALES[view.warp.mode]);
  lanes.level = view.level;
  lanes.use(view.warp);
  log.use(view.steps, model.runs.length > 1);
  $("seek").max = view.warp.length;
  show_chapter();
  draw();
}

/** The lanes show the chapter of this moment, of each run, up to its calm end. */
function show_chapter() {
  const current = new Map();
  for (const chapter of model.chapters) if (chapter.i <= view.i || !current.has(chapter.run)) current.set(chapter.run, chapter);
  const chosen = [...current.values()];
  if (chosen.length) {
    const from = view.warp.place(Math.min(...chosen.map((chapter) => chapter.t)));
    const to = view.warp.place(Math.max(...chosen.map((chapter) => chapter.end)));
    const margin = 0.004 * (to - from);
    lanes.show(from, to + margin);
  }
  lanes.draw();
  lanes.move_cursor(view.t);
}

function zoom(factor) {
  lanes.zoom(factor, view.t);
  lanes.draw();
  draw();
}

function set_theme(theme) {
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
  lanes.read_colours();
  lanes.draw();
}

function resize() {
  make_rings();
  lanes.lay_out();
  lanes.draw();
  log.measure();
  draw();
}

// ---- keys ---------------------------------------------------------------------------------------

const KEYS = {
  " ": () => (tour.on ? go_on() : view.playing ? pause() : play()),
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  PageDown: () => step_chapter(1),
  PageUp: () => step_chapter(-1),
  Home: () => {
    halt();
    go_to(model.events[0], true);
  },
  End: () => {
    halt();
    go_to(model.events[model.events.length - 1], true);
  },
  t: () => (tour.on ? leave_tour() : start_tour()),
  T: () => KEYS.t(),
  Enter: () => tour.on && go_on(),
  "+": () => zoom(0.5),
  "-": () => zoom(2),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const tag = event.target.tagName;
  const own = { " ": ["BUTTON", "SUMMARY", "SELECT"], Enter: ["BUTTON", "SUMMARY", "SELECT", "g"] }[event.key] || ["SELECT"];
  if (own.includes(tag)) return;
  const vertical = event.key === "ArrowDown" || event.key === "ArrowUp";
  if (vertical && event.target !== $("log")) return; // elsewhere they scroll the page
  const digit = /^[1-9]$/.test(event.key) && view.chosen.run.ids[Number(event.key) - 1];
  if (digit) choose_peer(view.chosen.run, digit);
  else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

$("play").addEventListener("click", () => (view.playing ? pause() : play()));
$("next").addEventListener("click", () => step(1));
$("back").addEventListener("click", () => step(-1));
$("next_chapter").addEventListener("click", () => step_chapter(1));
$("last_chapter").addEventListener("click", () => step_chapter(-1));
$("guide").addEventListener("click", start_tour);
$("continue").addEventListener("click", go_on);
$("leave").addEventListener("click", leave_tour);
$("seek").addEventListener("input", (event) => {
  halt();
  seek(view.warp.time(Number(event.target.value)));
});
$("level").addEventListener("change", rearrange);
$("time").addEventListener("change", rearrange);
$("theme").addEventListener("change", (event) => set_theme(event.target.value));
$("zoom_in").addEventListener("click", () => zoom(0.5));
$("zoom_out").addEventListener("click", () => zoom(2));
$("zoom_chapter").addEventListener("click", () => {
  show_chapter();
  draw();
});
addEventListener("resize", resize);
addEventListener("hashchange", () => {
  const t = read_link();
  if (t === null) return;
  halt();
  seek(t);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => set_theme($("theme").value));

// ---- the beginning ------------------------------------------------------------------------------

const counts = model.runs.map((run) => `${run.label ? run.label + ": " : ""}${run.ids.length} peers, ${run.events.length} events, ${run.messages.length} messages${run.clients.length ? `, ${run.clients.length} ${run.clients.length > 1 ? "clients" : "client"}` : ""}`);
$("summary").textContent = counts.join(" · ") + ` · ${span(model.end - model.start)}`;
$("zero").hidden = model.runs.length < 2;
for (const item of document.querySelectorAll(".film")) item.hidden = !model.runs.some((run) => run.captured);
for (const item of document.querySelectorAll(".of_clients")) item.hidden = !model.runs.some((run) => run.clients.length);
document.querySelector(".marks").open = innerWidth >= 600;
make_rings();
log.measure(); // its height follows from the rings
rearrange();
seek(read_link() ?? model.start);
show_chapter();
show_tour();

/** For lessons and tests: what is shown, as data. */
window.replay = {
  model, view, step, seek, go_to, step_chapter, play, pause, start_tour, go_on, tour, quiz, player, reading_ms, words_of_caption,
  sentence, caption, because, parts: [lanes, log, inspector, chapters, ...rings],
  peer: (n, run = 0) => model.runs[run].peer_at(n, view.i),
};
