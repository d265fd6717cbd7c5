// What a reader can do with peers, cables and the ensemble.

// ---- cables -------------------------------------------------------------------------------------

/** Over each line of the ring a broad one that can be clicked, and the knife that parts the peers. */
function make_cables(figure) {
  const { ring, ids } = lab;
  ring.hits = new Map();
  ids.forEach((a) => ids.slice(a).forEach((b) => {
    const [x1, y1] = ring.places.get(a);
    const [x2, y2] = ring.places.get(b);
    const hit = svg("line", { x1, y1, x2, y2, class: "hit", tabindex: 0, role: "button" }, ring.links);
    hit.addEventListener("click", () => choose_link(a, b));
    hit.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose_link(a, b);
    });
    ring.hits.set(pair_of(a, b), hit);
  }));
  ring.pairs.forEach((pair, k) => (pair.ids = [...ring.hits.keys()][k].split("|").map(Number)));
  make_knife(figure);
}

function choose_link(a, b) {
  lab.link = [a, b];
  show_hands();
  draw();
}

function draw_cables() {
  for (const { line, ids } of lab.ring.pairs) {
    const [a, b] = ids;
    const there = lab.cuts.has(a + ">" + b);
    const back = lab.cuts.has(b + ">" + a);
    if (there || back) put(line, "class", there && back ? "cut" : "half");
    const hit = lab.ring.hits.get(pair_of(a, b));
    put(hit, "class", "hit" + (pair_of(...lab.link) === pair_of(a, b) ? " selected" : ""));
    put(hit, "aria-label", `${tr("link")} ${a} – ${b}${there || back ? ", " + link_words(a, b) : ""}`);
  }
}

function link_words(a, b) {
  return [[a, b], [b, a]].filter(([from, to]) => lab.cuts.has(from + ">" + to)).map(([from, to]) => `${from} ✕→ ${to}`).join(", ");
}

/** Drag across the picture: the peers on the two sides of the stroke no longer hear each other. */
function make_knife(figure) {
  const { ring } = lab;
  const knife = svg("line", { class: "knife" }, ring.svg);
  put(knife, "hidden", true);
  let from = null;
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(ring.svg.getScreenCTM().inverse());
    return [at.x, at.y];
  };
  ring.svg.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".peer")) return;
    from = point(event);
  });
  ring.svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = point(event);
    const long = Math.hypot(to[0] - from[0], to[1] - from[1]) > 40;
    put(knife, "hidden", !long);
    if (!long) return;
    ring.svg.setPointerCapture(event.pointerId);
    ["x1", "y1", "x2", "y2"].forEach((name, k) => put(knife, name, [...from, ...to][k]));
  });
  const end = (event) => {
    if (!from) return;
    const to = point(event);
    if (event.type === "pointerup" && Math.hypot(to[0] - from[0], to[1] - from[1]) > 40) part_peers(from, to);
    from = null;
    put(knife, "hidden", true);
  };
  ring.svg.addEventListener("pointerup", end);
  ring.svg.addEventListener("pointercancel", end);
}

function part_peers([x0, y0], [x1, y1]) {
  const sides = [[], []];
  for (const [n, [x, y]] of lab.ring.places) sides[(x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0 ? 0 : 1].push(n);
  if (sides.every((side) => side.length > 0)) act(`partition ${sides.map((side) => side.join(" ")).join(" / ")}`);
}

// ---- hands --------------------------------------------------------------------------------------

/** Which buttons make sense now. */
function show_hands() {
  if (!lab.run) return;
  const { chosen, link, world, session } = lab;
  const [a, b] = link;
  const over = session.over;
  const runs = world.runs(chosen);
  put($("peer_name"), "text", chosen);
  put($("peer_state"), "text", runs ? "" : "– " + state_word("DOWN"));
  $("start").disabled = over || runs;
  for (const name of ["stop", "kill", "power", "freeze"]) $(name).disabled = over || !runs;
  put($("freeze"), "text", tr(lab.frozen.has(chosen) ? "thaw" : "freeze"));
  $("isolate").disabled = over || lab.ids.length < 2;
  $("kill_leader").disabled = over || leader() === undefined;
  $("heal_all").disabled = over || (lab.cuts.size === 0 && lab.latencies.size === 0);
  for (const [name, value] of [["link_a", a], ["link_b", b]]) {
    const select = $(name);
    if (select.options.length !== lab.ids.length) select.replaceChildren(...lab.ids.map((n) => new Option(n, n)));
    select.value = value;
  }
  put($("cut_ab"), "text", `${tr("cut_to")} ${a} → ${b}`);
  put($("cut_ba"), "text", `${tr("cut_to")} ${b} → ${a}`);
  put($("link_state"), "text", link_words(a, b));
  put($("lose"), "text", tr("lose"));
  put($("lose"), "aria-pressed", lab.losing === pair_of(a, b));
  for (const name of ["cut_both", "cut_ab", "cut_ba", "heal", "lose", "reset", "latency"]) $(name).disabled = over || a === b;
  $("latency").value = `${(lab.latencies.get(pair_of(a, b)) ?? DEFAULT_LATENCY_US) / 1000}ms`;
  put($("play"), "text", tr(lab.playing ? "pause" : "play"));
  for (const name of ["play", "step", "until"]) $(name).disabled = over;
}

function on_click(name, what) {
  $(name).addEventListener("click", what);
}

function connect_hands() {
  on_click("start", () => act(`start ${lab.chosen}`));
  on_click("stop", () => act(`stop ${lab.chosen}`));
  on_click("kill", () => act(`kill ${lab.chosen}`));
  on_click("power", () => act(`power-loss ${lab.chosen}`));
  on_click("freeze", () => act(`${lab.frozen.has(lab.chosen) ? "thaw" : "freeze"} ${lab.chosen}`));
  on_click("isolate", () => act(`partition ${lab.chosen} / ${lab.ids.filter((n) => n !== lab.chosen).join(" ")}`));
  on_click("kill_leader", kill_leader);
  on_click("heal_all", () => act("heal"));
  on_click("cut_both", () => act(`cut ${lab.link[0]} from ${lab.link[1]}`));
  on_click("cut_ab", () => act(`cut ${lab.link[0]} to ${lab.link[1]}`));
  on_click("cut_ba", () => act(`cut ${lab.link[1]} to ${lab.link[0]}`));
  on_click("heal", () => act(`heal ${lab.link[0]} from ${lab.link[1]}`));
  on_click("lose", lose_next);
  on_click("reset", () => act(`reset ${lab.link[0]} ${lab.link[1]}`));
  $("latency").addEventListener("change", () => act(`slow ${lab.link[0]} ${lab.link[1]} ${$("latency").value}`));
  for (const name of ["link_a", "link_b"])
    $(name).addEventListener("change", () => choose_link(Number($("link_a").value), Number($("link_b").value)));
}

function kill_leader() {
  const n = leader();
  if (n === undefined || lab.session.over) return;
  lab.chosen = n;
  act(`kill ${n}`);
}

// ---- the words of plays -------------------------------------------------------------------------

const LONGEST_RUN_US = 3600e6;

/** Carry out a command that was typed. Returns what it tells, or why it cannot be carried out. */
function command_in_words(text) {
  const words = text.trim().replace(/\s+/g, " ");
  const run = /^run (\d+)(us|ms|s)$/.exec(words);
  if (lab.session.over || words === "") return "";
  if (run) {
    run_until(() => false, Math.min(Number(run[1]) * { us: 1, ms: 1e3, s: 1e6 }[run[2]], LONGEST_RUN_US));
    return "";
  }
  if (words.startsWith("until ")) return wait_for(words);
  if (words.startsWith("show ")) return look_in_words(words);
  if (words.startsWith("ensemble ")) return begin_in_words(words);
  return act(words);
}

/** Another ensemble; if these words name none, the one that was there goes on. */
function begin_in_words(text) {
  const { session } = lab;
  const before = { acts: [...session.acts, ...session.later], seed: session.seed, at: session.now_us };
  end_lesson();
  begin([{ at: 0, text }], before.seed, 0);
  const { refusal } = lab.world;
  if (refusal) begin(before.acts, before.seed, before.at);
  return refusal;
}

function connect_words() {
  $("words").addEventListener("submit", (event) => {
    event.preventDefault();
    const told = command_in_words($("command").value);
    put($("command_told"), "text", told.trimEnd() || (lab.session.over ? "" : tr("command_done")));
  });
}

// ---- the ensemble -------------------------------------------------------------------------------

/** The acts with which an ensemble begins, of what stands in the form. */
function acts_of_form() {
  const voters = Number($("voters").value);
  const observers = Number($("observers").value);
  const weights = $("weights").value.trim().split(/[\s,]+/).filter(Boolean).map(Number);
  let ensemble = `ensemble ${voters}` + (observers ? ` and ${observers}` : "");
  if (weights.length === voters && weights.every((weight) => weight >= 0 && weight <= 1000)) {
    const ids = weights.map((_, k) => k + 1);
    ensemble += ` group.1=${ids.join(":")} ${ids.map((n) => `weight.${n}=${weights[n - 1]}`).join(" ")}`;
  }
  const acts = [ensemble];
  for (const line of $("histories").value.split("\n")) {
    const found = /^\s*(\d+)\s+(0x[0-9a-fA-F]{1,16}|\d+)\s+(\d+)\s*$/.exec(line);
    if (found && Number(found[1]) <= voters + observers) acts.push(`disk ${found[1]} zxid ${found[2]} accepted ${found[3]} current ${found[3]}`);
  }
  acts.push(`start ${Array.from({ length: voters + observers }, (_, k) => k + 1).join(" ")}`);
  return acts.map((text) => ({ at: 0, text }));
}

function begin_of_form() {
  end_lesson();
  begin(acts_of_form(), Number($("seed").value) >>> 0, 0);
}

// ---- sharing ------------------------------------------------------------------------------------

function share() {
  pause();
  history.replaceState(null, "", lab.session.link());
  note(tr("shared"));
  if (navigator.clipboard) navigator.clipboard.writeText(location.href).catch(() => {});
}

function save() {
  pause();
  const anchor = html("a", { href: "data:text/plain;charset=utf-8," + encodeURIComponent(lab.session.play()), download: "session.txt" });
  anchor.click();
}

// ---- time ---------------------------------------------------------------------------------------

const WANTED = {
  event: () => true,
  message: (e) => e.e === "send" || e.e === "recv",
  decision: (e) => e.level === 0,
};

function step() {
  const level = Number($("level").value);
  const wanted = WANTED[$("step_by").value];
  run_until((e) => e.level <= Math.max(level, 1) && wanted(e), 60e6);
}

function all_established() {
  return lab.ids.every((n) => !lab.world.runs(n) || lab.run.peers.get(n).last.established);
}

function until() {
  switch ($("until_what").value) {
    case "settled":
      return run_until(all_established, 600e6);
    case "leader":
      return run_until((e) => e.e === "state" && e.s === "LEADING", 600e6);
    case "looking":
      return run_until((e) => e.e === "state" && e.s === "LOOKING", 600e6);
    case "second":
      return run_until(() => false, 1e6);
    default:
      return run_until(() => false, 60e6);
  }
}

function connect_time() {
  on_click("play", () => (lab.playing ? pause() : play()));
  on_click("step", step);
  on_click("until", until);
  $("seek").addEventListener("change", () => {
    const to = Number($("seek").value);
    end_lesson();
    seek(to);
  });
  on_click("again", () => {
    const { session } = lab;
    const first = session.acts.filter((act) => act.at === 0);
    end_lesson();
    begin(first.length > 0 ? first : acts_of_form(), session.seed, 0);
    play();
  });
  on_click("share", share);
  on_click("save", save);
  $("level").addEventListener("change", () => {
    const level = Number($("level").value);
    lab.shown = lab.run.events.filter((e) => e.level <= level);
    draw();
    draw_lanes();
  });
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    begin_of_form();
    play();
  });
}

function connect_keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const on_button = event.target.closest("button, summary, [role=button]");
    if (event.key === " " && !on_button) lab.playing ? pause() : play();
    else if (event.key === "ArrowRight") step();
    else if (/^[1-9]$/.test(event.key) && Number(event.key) <= lab.ids.length) choose_peer(Number(event.key));
    else if (event.key === "k" || event.key === "K") kill_leader();
    else if ((event.key === "m" || event.key === "M") && lab.cuts.size > 0) act("heal");
    else if (event.key === "Enter" && !on_button && !$("guide").hidden) $("guide_next").click();
    else return;
    event.preventDefault();
  });
}
