// The beginning: unpack the module, connect the buttons, and let three peers run.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

function keep(name, value) {
  try {
    localStorage.setItem("zkpeer-lab-" + name, value);
  } catch (error) {
    // A page from a file may have no storage; then the choice lasts as long as the page.
  }
}

function kept(name) {
  try {
    return localStorage.getItem("zkpeer-lab-" + name);
  } catch (error) {
    return null;
  }
}

function use_language(name) {
  language = name;
  $("language").value = name;
  translate_page();
  show_lessons();
  show_guide();
  show_hands();
  log.fill();
  draw();
  if (!lab.playing) draw_lanes();
}

function use_theme(name) {
  $("theme").value = name;
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  if (lanes) lanes.read_colours();
  if (lab.run && !lab.playing) draw_lanes();
}

function connect_page() {
  connect_hands();
  connect_time();
  connect_words();
  connect_keys();
  connect_guide();
  $("language").addEventListener("change", () => keep("language", $("language").value) || use_language($("language").value));
  $("theme").addEventListener("change", () => keep("theme", $("theme").value) || use_theme($("theme").value));
  addEventListener("resize", () => {
    log.measure();
    lanes = null;
    make_ring();
    draw();
    if (!lab.playing) draw_lanes();
  });
  addEventListener("hashchange", open_link);
}

/** The session in the address, if there is one. */
function open_link() {
  const session = Session.of_link(location.hash);
  if (!session) return false;
  end_lesson();
  begin(session.acts, session.seed, session.until);
  draw_lanes();
  return true;
}

/** An ensemble that serves already: the first thing to do is to kill its leader. */
function welcome() {
  begin(acts_of_form(), 0, 0);
  run_until(all_established, 10e6);
  run_until(() => false, 100e3);
  lab.last = null;
  play();
}

async function start_page() {
  lab.world = await World.load(await unpack($("world_module").textContent), () => {});
  lab.session = new Session(lab.world, on_event, note_act);
  connect_page();
  use_theme(kept("theme") || "auto");
  log.measure();
  if (!open_link()) welcome();
  use_language(kept("language") || (/^zh/i.test(navigator.language) ? "zh" : "en"));
  log.measure();
  draw();
  window.lab.ready_ms = performance.now();
}

/** For the tests, and for whoever wants to know more. */
window.lab = {
  lab, guide, COURSE,
  begin, act, command_in_words, step, until, run_until, play, pause, seek, share, use_language, go_on, draw, rule_of,
  begin_lesson, start_step: run_step, do_acts, step_is_over, pace_after, skip_step, finish_step, next_step, answer, state_differs,
};
window.lab.ready = start_page();
