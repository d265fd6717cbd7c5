// A lane for each client, below those of the peers: what it asked, how long it waited, what it was told, in order.

const CLIENT_LANE = 58;
const MOST_LANES = 8;
const CLIENTS_BEGIN = 16; // below the last peer

class ClientLanes {
  constructor(lanes, run) {
    Object.assign(this, { lanes, run });
    this.clients = []; // those that have a lane now
    this.labels = []; // for whoever wants to know what is drawn
  }

  /** True if others than before have a lane. */
  show_until(t) {
    const before = this.clients.length;
    this.clients = this.run.clients.slice(0, MOST_LANES).filter(({ words }) => words.length && words[0].t <= t);
    return this.clients.length !== before;
  }

  get height() {
    return this.clients.length ? CLIENTS_BEGIN + this.clients.length * CLIENT_LANE : 0;
  }

  y(client) {
    return this.top + CLIENTS_BEGIN + (this.clients.indexOf(client) + 0.5) * CLIENT_LANE;
  }

  draw_names() {
    for (const client of this.clients) this.lanes.write(client.name.slice(0, 9), 6, this.y(client) + 4, "fg", "bold 12px");
  }

  /** To which server it is connected, as a line; dashed while it is to none. */
  draw_lives() {
    for (const client of this.clients) {
      const { at, values } = client.history;
      for (let k = 1; k < at.length; k++) {
        const { state, server } = values[k];
        let end = k + 1;
        while (end < at.length && values[end].state === state && values[end].server === server) end++;
        const t0 = this.run_time(at[k]);
        const t1 = end < at.length ? this.run_time(at[end]) : this.lanes.model.end;
        k = end - 1;
        this.draw_life(client, state, server, t0, t1);
      }
    }
  }

  run_time(i) {
    return this.lanes.model.events[i].t;
  }

  draw_life(client, state, server, t0, t1) {
    const { lanes } = this;
    const { pen, seen, colour } = lanes;
    if (t1 < seen[0] || t0 > seen[1] || ["expired", "ended", "unborn"].includes(state)) return;
    const x0 = Math.max(LEFT, lanes.x(t0));
    const x1 = Math.min(lanes.width - RIGHT + INSET, lanes.x(t1));
    pen.strokeStyle = colour[state === "away" ? "lost" : "client"];
    pen.lineWidth = state === "connected" ? 3 : 1.5;
    pen.setLineDash(state === "connected" ? [] : [5, 4]);
    pen.beginPath();
    pen.moveTo(x0, this.y(client));
    pen.lineTo(Math.max(x0 + 1, x1), this.y(client));
    pen.stroke();
    pen.setLineDash([]);
    pen.lineWidth = 1;
    const word = state === "away" ? `no server: ${span(t1 - t0)}` : state === "connected" ? `at ${server}` : "";
    const at = lanes.clear_of_cuts(x0, word.length * 6 + 8);
    if (word && x1 - at > word.length * 6 + 8) lanes.write(word, at + 4, this.y(client) + 25, state === "away" ? "lost" : "dim", "10px");
  }

  draw_words() {
    this.labels = [];
    for (const client of this.clients) {
      const free = { above: -Infinity, below: -Infinity };
      const first = countUpTo(client.words, this.lanes.seen[0] - 1e6, (e) => e.t);
      for (let k = first; k < client.words.length && client.words[k].t <= this.lanes.seen[1]; k++) this.draw_word(client, client.words[k], free);
    }
  }

  draw_word(client, e, free) {
    if (e.e === "request") this.draw_request(client, e, free);
    else if (e.e === "reply") this.draw_reply(client, e, free);
    else if (e.e === "watch") this.draw_event(client, e, free);
    else if (["expired", "refused", "barred"].includes(e.what)) this.draw_end(client, e, free);
  }

  /** The time in which it waits: full for a write, hollow for a read. */
  draw_request(client, e, free) {
    const { lanes } = this;
    const { pen, colour } = lanes;
    const y = this.y(client);
    const x0 = lanes.x(e.t);
    const left = client.words.find((other) => other.i > e.i && other.e === "session" && other.what === "left");
    const t1 = e.mate ? e.mate.t : left ? left.t : lanes.model.end;
    const x1 = Math.max(x0 + 4, lanes.x(t1));
    pen.fillStyle = e.mate && (is_write(e) || e.op === "createSession") ? colour.client : colour.card;
    pen.strokeStyle = e.mate ? colour.client : colour.lost;
    pen.setLineDash(e.mate ? [] : [3, 3]);
    pen.fillRect(x0, y - 6, x1 - x0, 12);
    pen.strokeRect(x0, y - 6, x1 - x0, 12);
    pen.setLineDash([]);
    this.stroke_to(e, x0, y - 6, true);
    this.label(asked(e), x0, y - 11, "above", free, "client");
  }

  draw_reply(client, e, free) {
    const x = this.lanes.x(e.t);
    const y = this.y(client);
    this.stroke_to(e, x, y - 6, false);
    if (e.op === "closeSession") return this.mark("✕", x, y, "fg");
    if (e.op === "createSession") return;
    this.label(answered(e), x, y + 16, "below", free, e.err ? "lost" : "fg");
  }

  draw_event(client, e, free) {
    const x = this.lanes.x(e.t);
    const y = this.y(client);
    this.stroke_to(e, x, y - 6, false);
    this.mark("★", x, y, "fg");
    this.label(became(e), x, y - 11, "above", free, "fg");
  }

  draw_end(client, e, free) {
    const x = this.lanes.x(e.t);
    this.mark("✕", x, this.y(client), "lost");
    this.label(e.what === "barred" ? "turned away" : `session ${e.what}`, x, this.y(client) - 11, "above", free, "lost");
  }

  mark(text, x, y, ink) {
    const { pen, colour } = this.lanes;
    pen.fillStyle = colour.mark;
    pen.strokeStyle = colour.fg;
    pen.beginPath();
    pen.arc(x, y, 9, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    this.lanes.write(text, x, y + 4.5, ink, "bold 12px", "center");
    this.labels.push({ run: this.run, text });
  }

  /** Between the client's lane and that of its server. */
  stroke_to(e, x, y, up) {
    const { lanes } = this;
    const { pen } = lanes;
    if (!this.run.ids.includes(e.n)) return;
    const server = lanes.y(this.run, e.n) + 9;
    pen.strokeStyle = pen.fillStyle = lanes.colour.client;
    pen.globalAlpha = 0.55;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x, server);
    pen.stroke();
    lanes.arrow_head(x, up ? y : server, x, up ? server : y);
    pen.globalAlpha = 1;
  }

  /** At the right edge words move to the left. Those that have no room are left out; the list of events has them. */
  label(text, x, y, row, free, ink) {
    const { lanes } = this;
    const { pen } = lanes;
    const wide = text.length * 6;
    const at = Math.min(x, lanes.width - wide - 4);
    if (at < free[row]) return;
    pen.fillStyle = lanes.colour.card;
    pen.fillRect(at - 1, y - 9, wide + 2, 12);
    lanes.write(text, at + 1, y, ink, "11px");
    free[row] = at + wide + 6;
    this.labels.push({ run: this.run, text });
  }
}
