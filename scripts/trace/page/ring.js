// The ring: peers, votes, messages in flight. The elements are made once and then only changed.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, parent, text) {
  const node = document.createElementNS(SVG, tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

/** Writes only what has changed: most of a frame is the same as the one before. */
function put(node, name, value) {
  const text = String(value);
  const cache = (node.cache ||= {});
  if (cache[name] === text) return;
  cache[name] = text;
  if (name === "text") node.textContent = text;
  else if (name === "hidden") node.style.display = value ? "none" : "";
  else node.setAttribute(name, text);
}

/** What stands in and above a peer's circle; the laboratory has it in other languages, too. */
const RING_WORDS = {
  peer: (n) => "Peer " + n,
  vote: (n) => (n < 0 ? "no vote" : "vote " + n), // an observer proposes nobody
  says: (n) => (n < 0 ? "votes for nobody" : "votes " + n),
  round: (n) => "round " + n,
  phase: (name) => name,
  written: (disk, tree) => `disk ${disk} · tree ${tree}`,
  counts: (ids, leader, quorum) => `counts ${list(ids)} for ${leader}${quorum ? ", a quorum" : ""}`,
};

class Ring {
  constructor(run, host, choose, narrow) {
    this.run = run;
    const many = run.ids.length;
    this.radius = many <= 5 ? 42 : many <= 7 ? 37 : Math.max(20, 240 / many);
    const room = run.clients.length ? room_for_clients(run, many, narrow) : { left: 0, below: 0, narrower: 0 };
    this.wide = (narrow ? 470 : many <= 3 ? 760 : 860) - room.narrower; // of the ring alone
    this.high = many <= 3 ? 400 : 500;
    this.left = room.left;
    this.width = this.wide + 2 * room.left;
    this.height = this.high + room.below;
    this.chip = Math.min(19, 112 / many);
    this.svg = svg("svg", { viewBox: `0 0 ${this.width} ${this.height}`, class: run.clients.length ? "ring crowded" : "ring" }, null);
    host.append(this.svg);
    this.places = new Map(run.ids.map((n, k) => [n, this.place(k, many)]));
    this.define_patterns();
    this.links = svg("g", { class: "links" }, this.svg);
    this.nodes = svg("g", {}, this.svg);
    this.flights = svg("g", { class: "flights", "aria-hidden": "true" }, this.svg);
    this.pairs = [];
    run.ids.forEach((a, k) => run.ids.slice(k + 1).forEach((b) => this.pairs.push(this.make_link(a, b))));
    this.peers = run.ids.map((n) => this.make_peer(n, choose));
    this.pills = [];
    this.figures = run.clients.length ? new Figures(this, narrow) : null;
  }

  place(k, many) {
    const middle = this.left + this.wide / 2;
    if (many < 2) return [middle, this.high / 2];
    const angle = -Math.PI / 2 + (k * 2 * Math.PI) / many;
    const rx = this.wide / 2 - this.radius - (this.wide < 500 ? 22 : 64);
    const ry = this.high / 2 - this.radius - 36;
    const lift = many === 3 ? 26 : 2;
    return [middle + rx * Math.cos(angle), this.high / 2 + lift - 10 + ry * Math.sin(angle)];
  }

  define_patterns() {
    const id = "hatch" + this.run.number;
    const pattern = svg("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, this.svg));
    svg("rect", { width: 8, height: 8, fill: "var(--DOWN)" }, pattern);
    svg("rect", { width: 3, height: 8, fill: "var(--hatch)" }, pattern);
    this.hatch = `url(#${id})`;
  }

  make_link(a, b) {
    const [x1, y1] = this.places.get(a);
    const [x2, y2] = this.places.get(b);
    return { line: svg("line", { x1, y1, x2, y2 }, this.links), history: this.run.link(a, b) };
  }

  make_peer(n, choose) {
    const [x, y] = this.places.get(n);
    const r = this.radius;
    const g = svg("g", { class: "peer", transform: `translate(${x} ${y})`, tabindex: 0, role: "button" }, this.nodes);
    const parts = { n, g };
    parts.focus = svg("circle", { r: r + 9, class: "chosen" }, g);
    parts.disc = svg("circle", { r, class: "disc" }, g);
    parts.inner = svg("circle", { r: r - 5, class: "inner" }, g);
    parts.wait = svg("path", { class: "wait" }, g);
    svg("text", { y: -8, class: "id" }, g, n);
    parts.state = svg("text", { y: 8, class: "state" }, g);
    parts.vote = svg("text", { y: 23, class: "vote" }, g);
    parts.round = svg("text", { y: -r - 14, class: "round" }, g);
    parts.chips = this.run.ids.map((m, k) => this.make_chip(g, m, k));
    g.addEventListener("click", () => choose(n));
    g.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose(n);
    });
    return parts;
  }

  make_chip(g, m, k) {
    const step = this.chip;
    const cx = (k - (this.run.ids.length - 1) / 2) * step;
    const cy = this.radius + 19;
    return {
      m,
      box: svg("rect", { x: cx - step / 2 + 1.5, y: cy - 8, width: step - 3, height: 16, rx: 3, class: "chip" }, g),
      text: svg("text", { x: cx, y: cy + 4, class: "chiptext" }, g, m),
    };
  }

  draw(i, t, warp, now, chosen, level) {
    const { run } = this;
    this.level = level;
    for (const { line, history } of this.pairs) put(line, "class", history.when(i).size ? "open" : "shut");
    for (const parts of this.peers) this.draw_peer(parts, run.peer_at(parts.n, i), t, chosen);
    this.draw_flights(i, t, warp, now);
    if (this.figures) this.figures.draw(i, t, warp, now);
  }

  draw_peer(parts, peer, t, chosen) {
    const known = peer.state !== "UNKNOWN";
    const down = !peer.alive;
    put(parts.g, "class", `peer ${peer.state}` + (parts.n === chosen ? " selected" : ""));
    put(parts.disc, "fill", peer.state === "DOWN" ? this.hatch : down || !known ? "var(--card)" : `var(--${peer.state})`);
    put(parts.state, "text", known ? state_word(peer.state) : "not seen");
    put(parts.vote, "text", peer.vote && !down ? RING_WORDS.vote(peer.vote.leader) : "");
    put(parts.round, "text", down || peer.round === null ? "" : RING_WORDS.round(peer.round) + (peer.phase && peer.state !== "LOOKING" ? " · " + RING_WORDS.phase(peer.phase) : ""));
    if (!down && (peer.logged || peer.applied))
      put(parts.round, "text", RING_WORDS.written(...[peer.logged, peer.applied].map((zxid) => (zxid ? number_of(zxid) : "–"))));
    const counted = peer.acks || peer; // ACKs of a write, or votes
    for (const chip of parts.chips) {
      const on = counted.have.includes(chip.m);
      put(chip.box, "class", "chip" + (on ? (counted.quorum ? " on quorum" : " on") : ""));
      put(chip.text, "class", "chiptext" + (on ? " on" : ""));
      const hide = down || !(peer.acks || peer.tallyFor);
      put(chip.box, "hidden", hide);
      put(chip.text, "hidden", hide);
    }
    this.draw_wait(parts.wait, peer, t);
    put(parts.g, "aria-label", this.describe(parts.n, peer));
  }

  /** The final wait fills a ring. */
  draw_wait(path, peer, t) {
    const wait = peer.wait && peer.wait.final ? peer.wait : null;
    put(path, "hidden", !wait);
    if (!wait) return;
    const part = Math.min(0.999, Math.max(0.001, (t - wait.t) / (wait.ms * 1000)));
    const r = this.radius + 4;
    const angle = 2 * Math.PI * part - Math.PI / 2;
    put(path, "d", `M0 ${-r} A${r} ${r} 0 ${part > 0.5 ? 1 : 0} 1 ${(r * Math.cos(angle)).toFixed(1)} ${(r * Math.sin(angle)).toFixed(1)}`);
  }

  describe(n, peer) {
    const words = [RING_WORDS.peer(n), state_word(peer.state)];
    if (peer.round !== null && peer.alive) words.push(RING_WORDS.round(peer.round));
    if (peer.vote && peer.alive) words.push(RING_WORDS.vote(peer.vote.leader));
    if (peer.tallyFor && peer.have.length) words.push(RING_WORDS.counts(peer.have, peer.tallyFor, peer.quorum));
    return words.join(", ");
  }

  draw_flights(i, t, warp, now) {
    const flying = this.run.in_flight(i).filter((send) => send.level <= Math.max(1, this.level));
    flying.forEach((send, k) => this.draw_pill((this.pills[k] ||= this.make_pill()), send, t, warp, now));
    for (let k = flying.length; k < this.pills.length; k++) put(this.pills[k].g, "hidden", true);
  }

  make_pill() {
    const g = svg("g", { class: "pill" }, this.flights);
    return { g, box: svg("rect", { rx: 12, height: 24, y: -12 }, g), text: svg("text", { y: 4 }, g) };
  }

  draw_pill(pill, send, t, warp, now) {
    const far = this.places.get(send.to);
    put(pill.g, "hidden", !far);
    if (!far) return;
    const from = warp.place(send.t);
    const to = warp.place(send.mate ? send.mate.t : this.run.events[send.local].t + 2000);
    let part = to > from ? (warp.place(t) - from) / (to - from) : 1;
    part = Math.min(send.mate ? 1 : 0.6, Math.max(0, part));
    const [x0, y0] = this.places.get(send.n);
    const dx = far[0] - x0;
    const dy = far[1] - y0;
    const length = Math.hypot(dx, dy);
    const word = (send.mate ? "" : "✕ ") + (send.kind === "NOTIFICATION" ? RING_WORDS.says(send.m.leader) : said(send));
    const width = word.length * 7.4 + 16;
    const edge = Math.min(0.45, (this.radius + 12 + (Math.abs(dx) / length) * (width / 2)) / length); // clear of both circles
    const along = edge + (1 - 2 * edge) * part;
    const x = x0 + dx * along - (dy / length) * 13;
    const y = y0 + dy * along + (dx / length) * 13;
    put(pill.g, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    const kind = send.mate ? (send.kind === "NOTIFICATION" ? "notification" : send.kind === "INITIAL" ? "initial" : "packet") : "lost";
    put(pill.g, "class", "pill " + kind + (now === send || now === send.mate ? " now" : ""));
    put(pill.box, "width", width.toFixed(0));
    put(pill.box, "x", (-width / 2).toFixed(0));
    put(pill.text, "text", word);
  }
}
