// A lesson in the page: it says what to look at, asks what the reader expects, lets the world run slowly,
// and tells what has happened and why.

const guide = {
  lesson: null,
  at: 0, // step
  answered: null,
  phase: "", // "ask", "run", "then", "end"
  watch: null,
  watcher: null,
};

function say(text) {
  return text ? text[language] : "";
}

function show_lessons() {
  const select = $("lesson");
  const chosen = guide.lesson ? guide.lesson.id : "";
  select.replaceChildren(new Option(tr("free_play"), ""), ...COURSE.map((lesson, k) => new Option(`${k + 1}. ${say(lesson.title)}`, lesson.id)));
  select.value = chosen;
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
  put($("guide_verdict"), "text", done && step.ask ? (answered === step.ask.right ? tr("ask_right") : ended(`${tr("ask_wrong")} ${say(step.ask.options[step.ask.right])}`)) : "");
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
  for (const text of step.act || []) act(text);
  guide.watch.acts_done(lab.session.now_us);
  show_guide();
  play();
  look_at_step();
}

/** Asked again and again while the step runs. */
function look_at_step() {
  if (guide.phase !== "run") return;
  if (guide.watch.done(lab.session.now_us) || lab.session.over) finish_step();
  else if (lab.session.now_us >= guide.watch.end_us) finish_step();
  else requestAnimationFrame(look_at_step);
}

function finish_step() {
  pause();
  lab.watchers.delete(guide.watcher);
  guide.wrong = guide.watch.wrong(lab.session.now_us);
  guide.phase = "then";
  show_guide();
  draw();
}

/** To the end of the step at once. */
function skip_step() {
  pause();
  const { watch } = guide;
  while (!watch.done(lab.session.now_us) && !lab.session.over && lab.session.now_us < watch.end_us)
    lab.session.next(watch.end_us - lab.session.now_us);
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
