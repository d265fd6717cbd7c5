// The space-time lanes: one line a peer, time to the right, a stroke for every message. Only the part
// that can be seen is drawn; the cursor lies above and moves alone.

const LEFT = 64;
const INSET = 10; // the first moment stands so far to the right of that
const RIGHT = 44; // room for the badges of the last moment
const STRIP = 26; // height of the strip in true time, at the top
const BADGE = 17; // height of a badge
const MANY_CUTS = 40; // of a page; their edges are drawn faintly then
const FURTHEST = 120; // that a badge moves to the right of its moment

/** What is written into the lanes; the laboratory has it in other languages, too. */
const LANE_WORDS = { peer: "peer", waiting: "waiting", waits: "waits", true_time: "true time" };

class Lanes {
  constructor(model, canvas, cursor, true_cursor, seek) {
    Object.assign(this, { model, canvas, cursor, true_cursor });
    this.badges = [];
    this.of_clients = model.runs.map((run) => (run.clients.length ? new ClientLanes(this, run) : null));
    this.from = 0; // what is seen, in places of the warp
    this.to = 1;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      seek(this.time_under(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) seek(this.time_under(event));
    });
  }

  lay_out() {
    const most = Math.max(...this.model.runs.map((run) => run.ids.length));
    this.lane = most > 5 || this.of_clients.some(Boolean) ? 48 : 56;
    let y = 6 + (this.warp.mode === "real" ? 0 : STRIP);
    this.tops = this.model.runs.map((run) => {
      const top = y + (this.model.runs.length > 1 ? 18 : 0);
      y = top + run.ids.length * this.lane + 8;
      const clients = this.of_clients[run.number];
      if (clients) {
        clients.top = y;
        y += clients.height;
      }
      return top;
    });
    this.height = y + 16;
    this.width = this.canvas.parentElement.clientWidth;
    this.room = this.width - LEFT - INSET - RIGHT; // for what is seen of the time
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.canvas.style.height = this.height + "px";
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.font = "";
    this.read_colours();
  }

  read_colours() {
    const style = getComputedStyle(document.documentElement);
    this.colour = {};
    for (const name of ["LOOKING", "FOLLOWING", "LEADING", "OBSERVING", "DOWN", "UNHEARD", "UNKNOWN", "FROZEN", "bg", "fg", "dim", "line", "card", "strip", "msg", "packet", "lost", "hatch", "mark", "client"])
      this.colour[name] = style.getPropertyValue("--" + name).trim();
    this.stripes = this.make_stripes();
  }

  /** Two of nine pixels, as one fill instead of hundreds. */
  make_stripes() {
    const tile = document.createElement("canvas");
    tile.width = 9;
    tile.height = 1;
    const pen = tile.getContext("2d");
    pen.fillStyle = this.colour.hatch;
    pen.fillRect(4, 0, 2, 1);
    return this.pen.createPattern(tile, "repeat");
  }

  use(warp) {
    const height = this.warp && this.warp.mode === "real";
    this.warp = warp;
    if (height !== (warp.mode === "real")) this.lay_out();
  }

  show(from, to) {
    const least = Math.min(this.warp.length, this.warp.mode === "stretched" ? 4 : 0.05);
    const length = Math.min(Math.max(to - from, least), this.warp.length * 1.02);
    this.from = Math.max(0, Math.min(from, this.warp.length * 1.01 - length));
    this.to = this.from + length;
    this.make_room();
  }

  /** A client has a lane from the page on on which it first says something, so that no lane stands empty. */
  make_room() {
    const end = this.warp.time(this.to);
    const changes = this.of_clients.filter((clients) => clients && clients.show_until(end));
    if (changes.length) this.lay_out();
  }

  zoom(factor, t) {
    const place = this.warp.place(t);
    const part = Math.min(1, Math.max(0, (place - this.from) / (this.to - this.from)));
    const length = (this.to - this.from) * factor;
    this.show(place - part * length, place + (1 - part) * length);
  }

  /** Turns the page when the cursor leaves it; true if it did. */
  follow(t) {
    const place = this.warp.place(t);
    if (place >= this.from && place <= this.to) return false;
    const length = this.to - this.from;
    this.show(place - 0.1 * length, place + 0.9 * length);
    return true;
  }

  x(t) {
    return this.x_of_place(this.warp.place(t));
  }

  x_of_place(place) {
    return LEFT + INSET + (this.room * (place - this.from)) / (this.to - this.from);
  }

  y(run, n) {
    return this.tops[run.number] + (run.ids.indexOf(n) + 0.58) * this.lane;
  }

  time_under(event) {
    const part = (event.offsetX - LEFT - INSET) / this.room;
    if (event.offsetY < STRIP && this.warp.mode !== "real")
      return this.seen[0] + Math.min(1, Math.max(0, part)) * (this.seen[1] - this.seen[0]);
    return this.warp.time(this.from + part * (this.to - this.from));
  }

  /** Where a moment stands in the strip above the lanes. */
  true_x(t) {
    const [from, to] = this.seen || [0, 1];
    return LEFT + INSET + this.room * Math.min(1, Math.max(0, (t - from) / (to - from || 1)));
  }

  move_cursor(t) {
    const x = this.x(t);
    put(this.cursor, "style", `transform:translateX(${x.toFixed(1)}px);height:${this.height - 16}px`);
    put(this.true_cursor, "hidden", this.warp.mode === "real");
    put(this.true_cursor, "style", `transform:translateX(${this.true_x(t).toFixed(1)}px)`);
  }

  // ---- drawing ----------------------------------------------------------------------------------

  draw() {
    const { pen } = this;
    pen.clearRect(0, 0, this.width, this.height);
    this.seen = [this.warp.time(this.from), this.warp.time(this.to)];
    if (this.warp.mode !== "real") this.draw_strip();
    this.draw_axis();
    for (const run of this.model.runs) {
      if (this.model.runs.length > 1) this.write(run.label, 6, this.tops[run.number] - 6, "fg", "bold 12px");
      for (const n of run.ids) this.draw_states(run, n);
    }
    this.font = ""; // save and restore know nothing of it
    pen.save();
    pen.beginPath();
    pen.rect(LEFT - 4, 0, this.width - LEFT, this.height);
    pen.clip();
    for (const run of this.model.runs) this.draw_messages(run);
    for (const clients of this.of_clients) if (clients) clients.draw_lives();
    this.written = 0;
    for (const cut of this.warp.cuts) this.draw_cut(cut);
    for (const run of this.model.runs) this.draw_marks(run);
    for (const clients of this.of_clients) if (clients) clients.draw_words();
    pen.restore();
    this.font = "";
    for (const clients of this.of_clients) if (clients) clients.draw_names();
    for (const run of this.model.runs) for (const n of run.ids) this.write(LANE_WORDS.peer + " " + n, 6, this.y(run, n) + 4, "fg", "bold 12px");
  }

  write(text, x, y, colour, font = "11px", align = "left") {
    const { pen } = this;
    if (this.font !== font) pen.font = (this.font = font) + " system-ui, sans-serif"; // to parse a font is dear
    pen.textAlign = align;
    pen.fillStyle = this.colour[colour] || colour;
    pen.fillText(text, x, y);
  }

  draw_axis() {
    const { pen } = this;
    const room = 96;
    const wide = this.seen[1] - this.seen[0];
    const cuts = this.warp.cuts.map((cut) => [this.x(cut.from), this.x(cut.to)]);
    const top = this.warp.mode === "real" ? 0 : STRIP;
    for (let x = LEFT + INSET; x < this.width - 50; x += room) {
      pen.fillStyle = this.colour.line;
      pen.fillRect(x, top, 1, this.height - 15 - top);
      if (cuts.some(([from, to]) => to > x - 40 && from < x + 40)) continue; // the cut has its own words
      const t = this.warp.time(this.from + ((x - LEFT - INSET) / this.room) * (this.to - this.from));
      this.write(millis(t, wide < 20000 ? 2 : wide < 1e6 ? 1 : 0) + " ms", x, this.height - 4, "dim", "10.5px", x === LEFT + INSET ? "left" : "center");
    }
  }

  /** What the lanes show, in true proportion: where the time really goes. */
  draw_strip() {
    const { pen } = this;
    const [y, height] = [4, 14];
    pen.fillStyle = this.colour.line;
    pen.fillRect(LEFT + INSET, y, this.room, height);
    let free = LEFT; // words do not stand on one another
    const waits = this.model.runs.flatMap((run) => [...run.final_waits.values()].flat()).sort((a, b) => a[0].t - b[0].t);
    const ends = waits.map(([wait, end]) => [this.true_x(wait.t), this.true_x(end.t)]);
    pen.fillStyle = this.colour.strip;
    for (const [x0, x1] of ends) pen.fillRect(x0, y, Math.max(1, x1 - x0), height);
    for (const [wait, end] of waits) {
      if (end.t < this.seen[0] || wait.t > this.seen[1]) continue;
      const x0 = this.true_x(wait.t);
      const x1 = this.true_x(end.t);
      const text = LANE_WORDS.waiting + " " + span(end.t - wait.t);
      if (x0 < free || x1 - x0 < text.length * 6.2) continue;
      this.write(text, (x0 + x1) / 2, y + 11, "fg", "10.5px", "center");
      free = x1;
    }
    for (const run of this.model.runs)
      for (const e of run.events) {
        if (e.level > 0 || e.t < this.seen[0] || e.t > this.seen[1]) continue;
        pen.fillStyle = this.colour[e.e === "decide" ? "fg" : "dim"];
        pen.fillRect(this.true_x(e.t), y, 1, height);
      }
    this.write(LANE_WORDS.true_time, 6, y + 11, "dim", "10.5px");
  }

  /** The axis is broken here: a white gap with torn edges through all lanes, and how much is missing. */
  draw_cut(cut) {
    const { pen } = this;
    const [x0, x1] = [this.x(cut.from), this.x(cut.to)];
    const middle = (x0 + x1) / 2;
    if (middle < LEFT + INSET || middle > this.width - RIGHT + INSET) return;
    const half = Math.min(4, (x1 - x0) / 4);
    const top = STRIP;
    const bottom = this.height - 17;
    const edge = (x, way) => {
      for (let k = 0; k <= (bottom - top) / 6; k++) {
        const at = way > 0 ? k : Math.floor((bottom - top) / 6) - k;
        pen.lineTo(x + (at % 2 ? 2.5 : -2.5), top + 6 * at);
      }
    };
    pen.fillStyle = this.colour.card;
    pen.beginPath();
    edge(middle - half, 1);
    edge(middle + half, -1);
    pen.fill();
    pen.strokeStyle = this.warp.cuts.length > MANY_CUTS ? this.colour.line : this.colour.dim;
    for (const x of [middle - half, middle + half]) {
      pen.beginPath();
      edge(x, 1);
      pen.stroke();
    }
    const text = span(cut.to - cut.from);
    const wide = text.length * 6.2;
    if (middle - wide / 2 < this.written) return; // words do not stand on one another
    this.write(text, middle, this.height - 4, "fg", "bold 10px", "center");
    this.written = middle + wide / 2 + 3;
  }

  draw_states(run, n) {
    const history = run.peers.get(n);
    const y = this.y(run, n);
    const right = this.width - RIGHT + INSET;
    for (let k = 0; k < history.at.length; k++) {
      const { state } = history.values[k];
      let end = k + 1;
      while (end < history.at.length && history.values[end].state === state) end++;
      const t0 = history.at[k] < 0 ? this.model.start : this.model.events[history.at[k]].t;
      const t1 = end < history.at.length ? this.model.events[history.at[end]].t : this.model.end;
      k = end - 1;
      if (t1 < this.seen[0] || t0 > this.seen[1]) continue;
      const x0 = Math.max(LEFT, this.x(t0));
      const x1 = Math.min(right, this.x(t1));
      this.draw_state(state, x0, Math.max(1, x1 - x0), y);
    }
  }

  /** A bar's height and pattern tell the state as well as its colour and its word. */
  draw_state(state, x, width, y) {
    const { pen } = this;
    const half = { LEADING: 9, FOLLOWING: 7, OBSERVING: 7, LOOKING: 7, FROZEN: 7, UNKNOWN: 2, UNHEARD: 0.5, DOWN: 1 }[state];
    pen.fillStyle = this.colour[state];
    pen.fillRect(x, y - half, width, 2 * half);
    if (state === "LOOKING") {
      pen.fillStyle = this.stripes;
      pen.fillRect(x, y - half, width, 2 * half);
    }
    if (state === "LEADING") {
      pen.fillStyle = this.colour.card;
      pen.fillRect(x, y - 6, width, 1);
      pen.fillRect(x, y + 5, width, 1);
    }
    if (state === "FROZEN") {
      pen.strokeStyle = this.colour.fg;
      pen.setLineDash([2, 3]);
      pen.strokeRect(x + 0.5, y - half + 0.5, Math.max(1, width - 1), 2 * half - 1);
      pen.setLineDash([]);
    }
    const word = state_word(state);
    const room = word.length * 7 + 10;
    const at = this.clear_of_cuts(x, room);
    if (at + room > x + width) return;
    if (["DOWN", "UNHEARD", "UNKNOWN"].includes(state)) {
      this.write(word, at + 5, y + 12, "dim", "10px");
      return;
    }
    pen.fillStyle = this.colour[state];
    pen.fillRect(at + 2, y - half + (state === "LEADING" ? 4 : 1), word.length * 6.6 + 6, 2 * half - (state === "LEADING" ? 8 : 2));
    this.write(word, at + 5, y + 3.5, "#10131a", "bold 9.5px");
  }

  /** The first place from x on where something so wide is not torn by a cut. */
  clear_of_cuts(x, room) {
    let at = x;
    for (const cut of this.warp.cuts) {
      const middle = (this.x(cut.from) + this.x(cut.to)) / 2;
      if (middle > at - 8 && middle < at + room + 6) at = middle + 8;
    }
    return at;
  }

  draw_messages(run) {
    const { pen } = this;
    const first = countUpTo(run.messages, this.seen[0] - 1e6, (e) => e.t);
    for (let k = first; k < run.messages.length; k++) {
      const send = run.messages[k];
      if (send.t > this.seen[1]) break;
      if (send.level > Math.max(1, this.level) || !run.ids.includes(send.to)) continue;
      const t1 = send.mate ? send.mate.t : Math.min(send.t + 500, this.model.end);
      if (t1 < this.seen[0]) continue;
      const [x0, y0, y9] = [this.x(send.t), this.y(run, send.n), this.y(run, send.to)];
      const down = Math.sign(y9 - y0);
      const y1 = send.mate ? y9 - 9 * down : (y0 + y9) / 2;
      const x1 = this.x(t1);
      const colour = !send.mate ? this.colour.lost : send.kind === "NOTIFICATION" ? this.colour.msg : this.colour.packet;
      pen.strokeStyle = pen.fillStyle = colour;
      pen.setLineDash(!send.mate ? [3, 3] : send.kind === "NOTIFICATION" ? [] : [6, 2]);
      pen.beginPath();
      pen.moveTo(x0, y0 + 7 * down);
      pen.lineTo(x1, y1);
      pen.stroke();
      pen.setLineDash([]);
      if (send.mate) this.arrow_head(x0, y0 + 7 * down, x1, y1);
      else this.write("✕", x1, y1 + 4, "lost", "bold 12px", "center");
    }
  }

  arrow_head(x0, y0, x1, y1) {
    const { pen } = this;
    const angle = Math.atan2(y1 - y0, x1 - x0);
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x1 - 6 * Math.cos(angle - 0.4), y1 - 6 * Math.sin(angle - 0.4));
    pen.lineTo(x1 - 6 * Math.cos(angle + 0.4), y1 - 6 * Math.sin(angle + 0.4));
    pen.fill();
  }

  /** Above each lane, in order of time: votes as numbers, a quorum as Q and for whom, the decision as a diamond, the end of a
   * life as a cross. A badge without room moves to the right, and a line ties it to its moment. */
  draw_marks(run) {
    const first = countUpTo(run.events, this.seen[0] - 0.5, (e) => e.t);
    const last = countUpTo(run.events, this.seen[1], (e) => e.t);
    for (const n of run.ids) this.draw_wait(run, n);
    for (let k = first; k < last; k++) this.draw_write(run, run.events[k]);
    const free = new Map(run.ids.map((n) => [n, -Infinity])); // where the next badge may begin
    this.badges = this.badges.filter((badge) => badge.run !== run); // for whoever wants to know what is drawn
    for (let k = first; k < last; k++) {
      const e = run.events[k];
      if (e.level > 0 || !MARKS[e.e]) continue;
      const mark = MARKS[e.e](e);
      const half = mark.text.length * 3.6 + 5;
      const x = this.x(e.t);
      const at = Math.max(x, free.get(e.n) + half);
      if (at - x > FURTHEST) continue;
      free.set(e.n, at + half + 2);
      this.badges.push({ run, n: e.n, text: mark.text, from: at - half, to: at + half });
      this.badge(mark, x, at, this.y(run, e.n), half);
    }
  }

  /** Below a lane: a full box where a write is on the disk, a hollow one where it is in the tree. */
  draw_write(run, e) {
    if (e.e !== "txn" || (e.step !== "logged" && e.step !== "applied")) return;
    const { pen } = this;
    const [x, y] = [this.x(e.t), this.y(run, e.n) + 11];
    pen.fillStyle = pen.strokeStyle = this.colour.fg;
    if (e.step === "logged") pen.fillRect(x - 2.5, y, 5, 6);
    else pen.strokeRect(x - 2.5, y + 0.5, 5, 5);
  }

  badge({ text, fill, ink }, x, at, y, half) {
    const { pen } = this;
    const top = y - 13 - BADGE;
    pen.strokeStyle = this.colour.fg;
    pen.beginPath();
    pen.moveTo(x, y + 3);
    pen.lineTo(x, y - 9);
    pen.lineTo(at, top + BADGE);
    pen.stroke();
    pen.fillStyle = this.colour[fill];
    pen.beginPath();
    pen.roundRect(at - half, top, 2 * half, BADGE, 4);
    pen.fill();
    pen.stroke();
    this.write(text, at, top + 12.5, ink, "bold 11px", "center");
  }

  draw_wait(run, n) {
    const { pen } = this;
    for (const [wait, end] of run.final_waits.get(n)) {
      if (end.t < this.seen[0] || wait.t > this.seen[1]) continue;
      const x0 = this.x(wait.t);
      const x1 = this.x(end.t);
      const y = this.y(run, n) + 13;
      pen.fillStyle = this.colour.fg;
      pen.fillRect(x0, y, x1 - x0, 1.5);
      pen.fillRect(x0, y - 4, 1.5, 5);
      pen.fillRect(x1 - 1.5, y - 4, 1.5, 5);
      const text = LANE_WORDS.waits + " " + span(end.t - wait.t);
      if (x1 - x0 > text.length * 6.4 + 8) {
        pen.fillStyle = this.colour.card;
        pen.fillRect((x0 + x1) / 2 - text.length * 3.2, y - 4, text.length * 6.4, 9);
        this.write(text, (x0 + x1) / 2, y + 4, "fg", "10px", "center");
      }
    }
  }
}

const MARKS = {
  vote: (e) => ({ text: String(e.leader), fill: "card", ink: "fg" }),
  send: (e) => ({ text: String(e.m.leader), fill: "card", ink: "fg" }),
  tally: (e) => ({ text: "Q" + e.leader, fill: "LEADING", ink: "#10131a" }),
  decide: (e) => ({ text: "◆" + e.leader, fill: "fg", ink: "card" }),
  crash: () => ({ text: "✕", fill: "card", ink: "lost" }),
  exit: () => ({ text: "✕", fill: "card", ink: "lost" }),
  freeze: () => ({ text: "❄\uFE0E", fill: "FROZEN", ink: "#10131a" }),
  thaw: () => ({ text: "☀\uFE0E", fill: "card", ink: "fg" }),
  txn: (e) => ({ text: e.step === "committed" ? "C" : "P", fill: e.step === "committed" ? "LEADING" : "card", ink: e.step === "committed" ? "#10131a" : "fg" }),
  sync: () => ({ text: "✂\uFE0E", fill: "card", ink: "lost" }),
};

/** From the first step of a final wait to what ends it: a decision, or a vote that is better after all. */
function find_final_waits(run) {
  run.final_waits = new Map(run.ids.map((n) => [n, []]));
  const open = new Map();
  for (const e of run.events) {
    if (e.e === "wait" && e.final && !open.has(e.n)) open.set(e.n, e);
    else if (open.has(e.n) && ["decide", "vote", "state", "crash", "exit", "freeze"].includes(e.e)) {
      run.final_waits.get(e.n).push([open.get(e.n), e]);
      open.delete(e.n);
    }
  }
}
