// A lesson in the page: it says what to look at, asks what the reader expects, lets the world run slowly,
// and tells what has happened and why.

const guide = {
  lesson: null,
  at: 0, // step
  answered: null,
  phase: "", // "ask", "run", "then", "end"
  watch: null,
  watcher: null,
  acts: [], // of the step, that are still to come
  since: 0, // performance.now() at which the step began to run
  done: null, // ids of lessons, once one has been finished here
};

const PATIENCE_S = 5;

function say(text) {
  return text ? text[language] : "";
}

function show_lessons() {
  const select = $("lesson");
  const chosen = guide.lesson ? guide.lesson.id : "";
  const done = lessons_done();
  const title = (lesson, k) => `${done.includes(lesson.id) ? "✓ " : ""}${k + 1}. ${say(lesson.title)}`;
  select.replaceChildren(new Option(tr("free_play"), ""), ...COURSE.map((lesson, k) => new Option(title(lesson, k), lesson.id)));
  select.value = chosen;
  put($("lessons_done"), "text", done.length > 0 ? `${done.length}/${COURSE.length} ${tr("lesson_done")}` : "");
}

/** The ids of the lessons that this reader has gone through to the end. */
function lessons_done() {
  const done = guide.done || (kept("lessons") || "").split(" ");
  return done.filter((id) => COURSE.some((lesson) => lesson.id === id));
}

function note_lesson_done(id) {
  guide.done = [...new Set([...lessons_done(), id])];
  keep("lessons", guide.done.join(" "));
  show_lessons();
}

function begin_lesson(id) {
  end_lesson();
  const lesson = COURSE.find((one) => one.id === id);
  $("lesson").value = lesson ? id : "";
  if (!lesson) return;
  Object.assign(guide, { lesson, at: 0 });
  $("speed").value = "0";
  begin([{ at: 0, text: lesson.ensemble }], 0, 0);
  begin_step();
}

function end_lesson() {
  if (guide.watcher) lab.watchers.delete(guide.watcher);
  Object.assign(lab, { pace: 1, stop_at: Infinity });
  Object.assign(guide, { lesson: null, watcher: null, watch: null, phase: "" });
  $("guide").hidden = true;
  $("lesson").value = "";
}

function begin_step() {
  const step = guide.lesson.steps[guide.at];
  Object.assign(guide, { answered: null, phase: step.ask ? "ask" : "say" });
  show_guide();
}

function show_guide() {
  const { lesson, at, phase, answered } = guide;
  $("guide").hidden = lesson === null;
  if (lesson === null) return;
  const step = lesson.steps[at];
  const last = at === lesson.steps.length - 1;
  put($("guide_title"), "text", `${say(lesson.title)} · ${at + 1}/${lesson.steps.length}`);
  put($("guide_say"), "text", say(step.say));
  $("guide_ask").hidden = !step.ask;
  if (step.ask) {
    put($("guide_question"), "text", say(step.ask.q));
    $("guide_options").replaceChildren(...step.ask.options.map((option, k) => {
      const button = html("button", { type: "button", "aria-pressed": String(answered === k) }, null, say(option));
      button.disabled = phase !== "ask";
      if (phase === "then" && k === step.ask.right) button.className = "right";
      button.addEventListener("click", () => answer(k));
      return button;
    }));
  }
  const done = phase === "then";
  put($("guide_verdict"), "text", done && step.ask ? (answered === step.ask.right ? tr("ask_right") : ended(`${tr("ask_wrong")}${say(step.ask.options[step.ask.right])}`)) : "");
  put($("guide_then"), "text", done ? say(step.then) + (last ? " " + tr("lesson_end") : "") : "");
  $("guide_next").hidden = phase === "ask" || phase === "run" || (done && last);
  put($("guide_next"), "text", tr(phase === "say" ? "watch" : "next"));
  $("guide_skip").hidden = phase !== "run";
}

function answer(k) {
  guide.answered = k;
  run_step();
}

/** The acts of the step; then the world plays until what the step waits for has come. */
function run_step() {
  const step = guide.lesson.steps[guide.at];
  guide.phase = "run";
  guide.watch = new StepWatch(step);
  guide.watcher = (e) => guide.watch.take(e);
  lab.watchers.add(guide.watcher);
  guide.acts = [...(step.act || [])];
  guide.since = performance.now();
  show_guide();
  look_at($("rings"));
  play();
  look_at_step();
}

/** On a phone the lesson and the picture do not fit on the screen together. */
function look_at(part) {
  if (innerWidth < 600) part.scrollIntoView({ block: "center" });
}

/** The acts of the step, as far as they have come. A wait among them ("run 20ms") is shown, not skipped. */
function do_acts() {
  while (guide.acts.length > 0) {
    const [text] = guide.acts;
    const wait = /^run (\d+)ms$/.exec(text);
    if (wait && lab.stop_at === Infinity) lab.stop_at = lab.session.now_us + Number(wait[1]) * 1000;
    if (wait && lab.session.now_us < lab.stop_at) return;
    lab.stop_at = Infinity;
    if (!wait) act(text);
    guide.acts.shift();
  }
  if (guide.watch.end_us === Infinity) guide.watch.acts_done(lab.session.now_us);
}

/** A step begins slowly, so that it can be followed; what takes longer than a few seconds of the reader's then goes
 * faster and faster, so that nobody waits. */
function pace_after(seconds) {
  return Math.pow(2, Math.min(8, Math.max(0, seconds - PATIENCE_S)));
}

/** Asked again and again while the step runs. */
function look_at_step() {
  if (guide.phase !== "run") return;
  lab.pace = pace_after((performance.now() - guide.since) / 1000);
  do_acts();
  if (step_is_over()) finish_step();
  else requestAnimationFrame(look_at_step);
}

function step_is_over() {
  const { watch, acts } = guide;
  const { now_us, over } = lab.session;
  return over || (acts.length === 0 && (watch.done(now_us) || now_us >= watch.end_us));
}

function finish_step() {
  pause();
  lab.watchers.delete(guide.watcher);
  guide.wrong = guide.watch.wrong(lab.session.now_us);
  guide.phase = "then";
  lab.pace = 1;
  look_at($("guide"));
  if (guide.at === guide.lesson.steps.length - 1 && guide.wrong === "") note_lesson_done(guide.lesson.id);
  show_guide();
  draw();
}

/** To the end of the step at once. */
function skip_step() {
  pause();
  for (do_acts(); !step_is_over(); do_acts())
    lab.session.next(Math.min(lab.stop_at, guide.watch.end_us) - lab.session.now_us);
  lab.t = lab.last_event_t = lab.session.now_us;
  lab.furthest = Math.max(lab.furthest, lab.t);
  finish_step();
}

function next_step() {
  if (guide.phase === "say") run_step();
  else if (guide.phase === "then" && guide.at + 1 < guide.lesson.steps.length) {
    guide.at++;
    begin_step();
  }
}

function connect_guide() {
  $("lesson").addEventListener("change", () => {
    const id = $("lesson").value;
    if (id) begin_lesson(id);
    else end_lesson();
  });
  on_click("guide_next", next_step);
  on_click("guide_skip", skip_step);
}
