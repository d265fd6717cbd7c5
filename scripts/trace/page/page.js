// The page: one moment (event i, time t), everything drawn from it, and the ways to move it.

const $ = (id) => document.getElementById(id);
const model = new Model(JSON.parse($("trace").textContent));
model.runs.forEach(find_final_waits);

const STRETCHED_SPEEDS = [["slow", 1.5], ["normal", 4], ["fast", 10], ["very fast", 30]]; // places a second
const REAL_SPEEDS = [["1/1000 of life", 1], ["1/100 of life", 10], ["1/10 of life", 100], ["as in life", 1000]]; // ms a second

const view = {
  i: 0,
  t: model.start,
  level: 1,
  stretched: true,
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
const lanes = new Lanes(model, $("lanes"), $("cursor"), (t) => seek(t));
const log = new Log($("log"), (e) => go_to(e));
const inspector = new Inspector($("inspector"));
const chapters = new Chapters(model, $("chapters"), (chapter) => go_to(chapter.run.events[chapter.first], true));

function draw() {
  const { i, t, warp } = view;
  const now = model.events[i];
  const exact = now.t === t ? now : null;
  for (const ring of rings) ring.draw(i, t, warp, exact, ring.run === view.chosen.run ? view.chosen.n : null);
  if (lanes.follow(t)) lanes.draw();
  lanes.move_cursor(t);
  log.mark(i);
  chapters.mark(i);
  inspector.draw(view.chosen.run, view.chosen.n, i);
  draw_caption(shown_event());
  put($("clock"), "text", millis(t) + " ms");
  $("seek").value = warp.place(t);
  put($("seek"), "aria-valuetext", millis(t) + " milliseconds");
}

/** The last event that is worth a sentence at this level. */
function shown_event() {
  const count = countUpTo(view.steps, view.i, (e) => e.i);
  return view.steps[Math.max(0, count - 1)];
}

function draw_caption(e) {
  const text = (model.runs.length > 1 ? e.run.label + ": " : "") + caption(e);
  put($("what"), "text", text + (/[.?!”]$/.test(text) ? "" : "."));
  put($("why"), "text", because(e));
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
  pause();
  const { steps, i } = view;
  const count = countUpTo(steps, i, (e) => e.i);
  const here = count && steps[count - 1].i === i && model.events[i].t === view.t;
  const next = direction > 0 ? count : count - (here ? 2 : 1);
  if (steps[next]) go_to(steps[next]);
}

function step_chapter(direction) {
  pause();
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

let last_frame = 0;

function frame(now) {
  if (!view.playing) return;
  const seconds = Math.min(0.1, (now - last_frame) / 1000);
  last_frame = now;
  view.t = view.warp.time(view.warp.place(view.t) + seconds * Number($("speed").value));
  view.i = Math.max(0, model.index_at(view.t));
  if (view.t >= model.end) pause();
  draw();
  requestAnimationFrame(frame);
}

function play() {
  if (view.t >= model.end) seek(model.start);
  view.playing = true;
  put($("play"), "text", "❚❚ Pause");
  put($("caption"), "aria-live", "off");
  last_frame = performance.now();
  requestAnimationFrame(frame);
}

function pause() {
  if (view.playing) remember();
  view.playing = false;
  put($("play"), "text", "▶ Play");
  put($("caption"), "aria-live", "polite");
}

// ---- choices ------------------------------------------------------------------------------------

function choose_peer(run, n) {
  view.chosen = { run, n };
  draw();
}

/** Detail and time decide what is a step, and how long a gap is. */
function rearrange() {
  view.level = Number($("level").value);
  view.stretched = $("time").value === "stretched";
  view.steps = model.visible(view.level);
  view.warp = new Warp(view.steps, view.stretched);
  lanes.level = view.level;
  lanes.use(view.warp);
  log.use(view.steps, model.runs.length > 1);
  $("seek").max = view.warp.length;
  const speeds = view.stretched ? STRETCHED_SPEEDS : REAL_SPEEDS;
  $("speed").replaceChildren(...speeds.map(([name, value]) => html("option", { value }, null, name)));
  $("speed").selectedIndex = 1;
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
    lanes.show(from - margin, to + 2 * margin);
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
  log.fill();
  draw();
}

// ---- keys ---------------------------------------------------------------------------------------

const KEYS = {
  " ": () => (view.playing ? pause() : play()),
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  PageDown: () => step_chapter(1),
  PageUp: () => step_chapter(-1),
  Home: () => go_to(model.events[0], true),
  End: () => go_to(model.events[model.events.length - 1], true),
  "+": () => zoom(0.5),
  "-": () => zoom(2),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const tag = event.target.tagName;
  const own = { " ": ["BUTTON", "SUMMARY", "SELECT"] }[event.key] || ["SELECT"];
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
$("seek").addEventListener("input", (event) => {
  pause();
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
  if (t !== null) seek(t);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => set_theme($("theme").value));

// ---- the beginning ------------------------------------------------------------------------------

const counts = model.runs.map((run) => `${run.label ? run.label + ": " : ""}${run.ids.length} peers, ${run.events.length} events, ${run.messages.length} messages`);
$("summary").textContent = counts.join(" · ") + ` · ${span(model.end - model.start)}`;
$("zero").hidden = model.runs.length < 2;
make_rings();
lanes.lay_out();
log.measure(); // its height follows from the rings
rearrange();
seek(read_link() ?? model.start);
show_chapter();

/** For lessons and tests: what is shown, as data. */
window.replay = {
  model, view, step, seek, go_to, step_chapter, play, pause,
  sentence, caption, because, parts: [lanes, log, inspector, chapters, ...rings],
  peer: (n, run = 0) => model.runs[run].peer_at(n, view.i),
};
