// The space-time lanes: one line a peer, time to the right, a stroke for every message. Only the part
// that can be seen is drawn; the cursor lies above and moves alone.

const LEFT = 64;
const RIGHT = 14;

class Lanes {
  constructor(model, canvas, cursor, seek) {
    Object.assign(this, { model, canvas, cursor });
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
    this.lane = most > 5 ? 30 : 40;
    let y = 6;
    this.tops = this.model.runs.map((run) => {
      const top = y + (this.model.runs.length > 1 ? 18 : 0);
      y = top + run.ids.length * this.lane + 8;
      return top;
    });
    this.height = y + 16;
    this.width = this.canvas.parentElement.clientWidth;
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
    for (const name of ["LOOKING", "FOLLOWING", "LEADING", "OBSERVING", "DOWN", "UNKNOWN", "fg", "dim", "line", "card", "msg", "packet", "lost", "hatch"])
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
    this.warp = warp;
  }

  show(from, to) {
    const least = Math.min(this.warp.length, this.warp.stretched ? 4 : 0.05);
    const length = Math.min(Math.max(to - from, least), this.warp.length * 1.02);
    this.from = Math.max(-0.01 * length, Math.min(from, this.warp.length * 1.01 - length));
    this.to = this.from + length;
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
    return LEFT + ((this.width - LEFT - RIGHT) * (place - this.from)) / (this.to - this.from);
  }

  y(run, n) {
    return this.tops[run.number] + (run.ids.indexOf(n) + 0.5) * this.lane;
  }

  time_under(event) {
    const part = (event.offsetX - LEFT) / (this.width - LEFT - RIGHT);
    return this.warp.time(this.from + part * (this.to - this.from));
  }

  move_cursor(t) {
    const x = this.x(t);
    put(this.cursor, "style", `transform:translateX(${x.toFixed(1)}px);height:${this.height - 16}px`);
  }

  // ---- drawing ----------------------------------------------------------------------------------

  draw() {
    const { pen } = this;
    pen.clearRect(0, 0, this.width, this.height);
    this.seen = [this.warp.time(this.from), this.warp.time(this.to)];
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
    for (const run of this.model.runs) {
      this.draw_messages(run);
      this.draw_marks(run);
    }
    pen.restore();
    this.font = "";
    for (const run of this.model.runs) for (const n of run.ids) this.write("peer " + n, 6, this.y(run, n) + 4, "fg", "bold 12px");
  }

  write(text, x, y, colour, font = "11px", align = "left") {
    const { pen } = this;
    if (this.font !== font) pen.font = (this.font = font) + " system-ui, sans-serif"; // to parse a font is dear
    pen.textAlign = align;
    pen.fillStyle = this.colour[colour] || colour;
    pen.fillText(text, x, y);
  }

  draw_axis() {
    const room = 96;
    for (let x = LEFT; x < this.width - 50; x += room) {
      const t = this.time_under({ offsetX: x });
      this.pen.fillStyle = this.colour.line;
      this.pen.fillRect(x, 0, 1, this.height - 15);
      const wide = this.seen[1] - this.seen[0];
      this.write(millis(t, wide < 20000 ? 2 : wide < 1e6 ? 1 : 0) + " ms", x, this.height - 4, "dim", "10.5px", x === LEFT ? "left" : "center");
    }
  }

  draw_states(run, n) {
    const history = run.peers.get(n);
    const y = this.y(run, n);
    const right = this.width - RIGHT;
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
    const half = { LEADING: 9, FOLLOWING: 6, OBSERVING: 6, LOOKING: 6, UNKNOWN: 2, DOWN: 1 }[state];
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
    const word = state === "UNKNOWN" ? "" : state === "DOWN" ? "down" : state;
    if (word && width > word.length * 7 + 10) {
      if (state === "DOWN") this.write(word, x + 5, y - 4, "dim", "10px");
      else {
        pen.fillStyle = this.colour[state];
        pen.fillRect(x + 2, y - half + (state === "LEADING" ? 4 : 0), word.length * 6.6 + 6, 2 * half - (state === "LEADING" ? 8 : 0));
        this.write(word, x + 5, y + 3.5, "#10131a", "bold 9.5px");
      }
    }
  }

  draw_messages(run) {
    const { pen } = this;
    const first = countUpTo(run.messages, this.seen[0] - 1e6, (e) => e.t);
    for (let k = first; k < run.messages.length; k++) {
      const send = run.messages[k];
      if (send.t > this.seen[1]) break;
      if (send.level > this.level || !run.ids.includes(send.to)) continue;
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

  /** Votes as numbers, a quorum as Q, the wait as a bracket, the decision as a diamond, a death as a cross. */
  draw_marks(run) {
    const { pen } = this;
    const first = countUpTo(run.events, this.seen[0] - 1, (e) => e.t);
    const last = countUpTo(run.events, this.seen[1], (e) => e.t);
    for (const n of run.ids) this.draw_wait(run, n);
    for (let k = first; k < last; k++) {
      const e = run.events[k];
      if (e.level > 0) continue;
      const x = this.x(e.t);
      const y = this.y(run, e.n);
      if (e.e === "vote") this.badge(String(e.leader), x, y, this.colour.card);
      else if (e.e === "tally") this.badge("Q", x, y, this.colour.LEADING);
      else if (e.e === "crash") this.write("✕", x, y + 6, "lost", "bold 18px", "center");
      else if (e.e === "decide") {
        pen.fillStyle = this.colour.fg;
        pen.beginPath();
        pen.moveTo(x, y - 8);
        pen.lineTo(x + 6, y);
        pen.lineTo(x, y + 8);
        pen.lineTo(x - 6, y);
        pen.fill();
      }
    }
  }

  badge(text, x, y, fill) {
    const { pen } = this;
    const half = 5 + text.length * 3;
    pen.fillStyle = fill;
    pen.strokeStyle = this.colour.fg;
    pen.beginPath();
    pen.roundRect(x - half, y - 8, 2 * half, 16, 4);
    pen.fill();
    pen.stroke();
    this.write(text, x, y + 4, text === "Q" ? "#10131a" : "fg", "bold 11px", "center");
  }

  draw_wait(run, n) {
    const { pen } = this;
    for (const [wait, end] of run.final_waits.get(n)) {
      if (end.t < this.seen[0] || wait.t > this.seen[1]) continue;
      const x0 = this.x(wait.t);
      const x1 = this.x(end.t);
      const y = this.y(run, n) + 11;
      pen.fillStyle = this.colour.fg;
      pen.fillRect(x0, y, x1 - x0, 1.5);
      pen.fillRect(x0, y - 4, 1.5, 5);
      pen.fillRect(x1 - 1.5, y - 4, 1.5, 5);
      if (x1 - x0 > 70) {
        const text = span(end.t - wait.t) + " wait";
        pen.fillStyle = this.colour.card;
        pen.fillRect((x0 + x1) / 2 - text.length * 3.2, y - 4, text.length * 6.4, 9);
        this.write(text, (x0 + x1) / 2, y + 4, "fg", "10px", "center");
      }
    }
  }
}

/** From the first step of a final wait to what ends it: a decision, or a vote that is better after all. */
function find_final_waits(run) {
  run.final_waits = new Map(run.ids.map((n) => [n, []]));
  const open = new Map();
  for (const e of run.events) {
    if (e.e === "wait" && e.final && !open.has(e.n)) open.set(e.n, e);
    else if (open.has(e.n) && ["decide", "vote", "state", "crash", "exit"].includes(e.e)) {
      run.final_waits.get(e.n).push([open.get(e.n), e]);
      open.delete(e.n);
    }
  }
}
