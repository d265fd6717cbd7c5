// The clients beside the ring: a figure each, its line to the server that it is connected to, what it asks and what it is told.

const MOST_FIGURES = 9;
const FIGURE = 104; // from one figure to the one below it
const FLIGHT_US = 300; // how long a frame is shown on its way; its true time is not known
const IN_A_ROW = 3; // on a phone

function room_for_clients(run, many, narrow) {
  if (narrow) return { left: 0, below: FIGURE * Math.ceil(Math.min(run.clients.length, MOST_FIGURES) / IN_A_ROW), narrower: 0 };
  return { left: 235, below: 0, narrower: many <= 3 ? 130 : 120 };
}

class Figures {
  constructor(ring, narrow) {
    Object.assign(this, { ring, run: ring.run, narrow });
    this.lines = svg("g", { class: "client_lines" }, null);
    ring.svg.insertBefore(this.lines, ring.nodes);
    this.layer = svg("g", { class: "clients" }, ring.svg);
    this.nodes = new NodeList(this.run, ring.svg.parentElement);
    this.figures = this.run.clients.slice(0, MOST_FIGURES).map((client) => this.make(client));
    this.slots = this.find_slots(this.figures.map(({ client }) => client));
  }

  make(client) {
    const line = svg("path", {}, this.lines);
    const g = svg("g", { class: "client" }, this.layer);
    svg("circle", { cy: -24, r: 8, class: "head" }, g);
    svg("path", { d: "M-14 4 C-14 -18 14 -18 14 4 Z", class: "body" }, g);
    const cross = svg("path", { d: "M-13 -33 L13 5 M13 -33 L-13 5", class: "over" }, g);
    const name = svg("text", { y: 20, class: "name" }, g, client.name);
    const session = svg("text", { y: 34, class: "session" }, g);
    const saw = svg("text", { y: 50, class: "saw" }, g);
    const frame = svg("g", { class: "pill" }, this.ring.flights);
    const pill = { g: frame, box: svg("rect", { rx: 12, height: 24, y: -12 }, frame), text: svg("text", { y: 4 }, frame) };
    return { client, line, g, cross, name, session, saw, pill };
  }

  /** Those of one server stand beside it, outside the ring; on a phone each has its place below. */
  places(i) {
    const found = new Map();
    this.figures.forEach(({ client }, k) => {
      const now = client.history.when(i);
      const slot = this.slots.get(client).when(i);
      if (now.state === "unborn" || slot < 0) return;
      found.set(client, this.narrow ? this.place_below(k) : this.place_beside(now.server, slot));
    });
    return found;
  }

  /** A figure keeps its place beside a server until it goes to another one. Those whose session is over give theirs up only
   * when somebody needs it. */
  find_slots(clients) {
    const slots = new Map(clients.map((client) => [client, new History(-1)]));
    const taken = new Map(); // "server slot" -> client
    const changes = clients.flatMap((client) => client.history.at.map((i, k) => ({ client, i, ...client.history.values[k] })));
    const is_over = (client, i) => ["expired", "ended"].includes(client.history.when(i).state);
    for (const { client, i, server, state } of changes.filter((change) => change.state !== "unborn").sort((x, y) => x.i - y.i)) {
      const old = [...taken].find(([, owner]) => owner === client);
      if (old && old[0].startsWith(server + " ")) continue;
      if (old) taken.delete(old[0]);
      if (["expired", "ended"].includes(state)) continue;
      let slot = 0;
      for (; ; slot++) {
        const owner = taken.get(server + " " + slot);
        if (owner && !is_over(owner, i)) continue;
        if (owner) slots.get(owner).set(i, -1);
        break;
      }
      taken.set(server + " " + slot, client);
      slots.get(client).set(i, slot);
    }
    return slots;
  }

  place_below(k) {
    const { ring } = this;
    const columns = Math.min(IN_A_ROW, this.figures.length);
    return [(ring.width * ((k % IN_A_ROW) + 0.5)) / columns, ring.high + 34 + FIGURE * Math.floor(k / IN_A_ROW)];
  }

  place_beside(server, slot) {
    const { ring } = this;
    const [x, y] = ring.places.get(server) || [ring.width / 2, ring.height / 2];
    const middle = ring.left + ring.wide / 2;
    const alone = Math.abs(x - middle) < 12; // above or below the middle: on both sides of it
    const side = alone ? (slot % 2 ? -1 : 1) : Math.sign(x - middle);
    const row = alone ? Math.floor(slot / 2) : slot;
    const column = alone ? x + side * 205 : side < 0 ? 118 : ring.width - 118;
    const up = y > ring.high / 2 ? -1 : 1;
    return [column, Math.min(ring.height - 58, Math.max(40, y + 14 + up * FIGURE * row))];
  }

  draw(i, t, warp, now) {
    const places = this.places(i);
    this.nodes.draw(i);
    for (const parts of this.figures) this.draw_client(parts, places.get(parts.client), i, t, now);
  }

  draw_client(parts, place, i, t, now) {
    const { client, line, g } = parts;
    const is = client.history.when(i);
    put(g, "hidden", !place);
    const linked = place && ["connected", "asking", "away"].includes(is.state);
    put(line, "hidden", !linked);
    put(parts.pill.g, "hidden", true);
    if (!place) return;
    const [x, y] = place;
    put(g, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    put(g, "class", `client ${is.state}`);
    put(parts.cross, "hidden", !["expired", "ended"].includes(is.state));
    put(parts.session, "text", STATE_OF_CLIENT[is.state] || (is.session ? "session " + is.session.slice(0, 4) + "…" + is.session.slice(-5) : ""));
    put(parts.saw, "text", is.state === "connected" ? this.cut(this.below(is)) : "");
    put(parts.saw, "class", is.asks ? "saw asks" : is.saw && is.saw.e === "watch" ? "saw told" : "saw");
    put(g, "aria-label", `${client.name}, ${STATE_OF_CLIENT[is.state] || "connected to server " + is.server}, ${this.below(is)}`);
    if (!linked) return;
    const ends = this.ends(place, is.server);
    put(line, "d", `M${ends.map((end) => end.map((value) => value.toFixed(1)).join(" ")).join(" L")}`);
    put(line, "class", is.state);
    this.draw_frame(parts, ends, i, t, now);
  }

  below(is) {
    if (is.asks) return "waits: " + asked(is.asks);
    return seen_words(is.saw);
  }

  cut(text) {
    const most = this.narrow ? Math.floor(66 / Math.min(IN_A_ROW, this.figures.length)) : 31;
    return text.length > most ? text.slice(0, most - 1) + "…" : text;
  }

  /** A line from the figure to the edge of the circle. */
  ends([x, y], server) {
    const [x1, y1] = this.ring.places.get(server) || [x, y];
    const [dx, dy] = [x1 - x, y1 - (y - 10)];
    const length = Math.hypot(dx, dy) || 1;
    const near = 24 / length;
    const far = 1 - (this.ring.radius + 5) / length;
    return [near, Math.max(near, far)].map((part) => [x + dx * part, y - 10 + dy * part]);
  }

  /** The frame that is on its way at this moment, if any: what was asked, what is answered, or an event. */
  draw_frame({ client, pill }, ends, i, t, now) {
    const e = this.frame_at(client, i, t, now);
    put(pill.g, "hidden", !e);
    if (!e) return;
    const inward = e.e === "request";
    const passed = now === e ? 0.5 : inward ? 1 - (e.t - t) / FLIGHT_US : (t - e.t) / FLIGHT_US;
    const part = Math.min(1, Math.max(0, inward ? passed : 1 - passed));
    const word = inward ? asked(e) : e.e === "watch" ? "★ " + became(e) : e.e === "session" ? "welcome" : answered(e);
    const width = word.length * 7 + 18;
    const [[x0, y0], [x1, y1]] = ends;
    const x = Math.min(this.ring.width - width / 2 - 4, Math.max(width / 2 + 4, x0 + (x1 - x0) * part));
    put(pill.g, "transform", `translate(${x.toFixed(1)} ${(y0 + (y1 - y0) * part).toFixed(1)})`);
    put(pill.g, "class", `pill ${inward ? "asked" : e.e === "watch" ? "event" : e.err ? "refused" : "answer"}` + (now === e ? " now" : ""));
    put(pill.box, "width", width.toFixed(0));
    put(pill.box, "x", (-width / 2).toFixed(0));
    put(pill.text, "text", word);
  }

  frame_at(client, i, t, now) {
    const { words } = client;
    const count = countUpTo(words, i, (e) => e.i);
    const last = words[count - 1];
    const next = words[count];
    if (last && last === now && this.travels(last)) return last;
    if (next && next.e === "request" && next.op !== "createSession" && next.t - t < FLIGHT_US) return next;
    return last && last.e !== "request" && this.travels(last) && t - last.t < FLIGHT_US ? last : null;
  }

  travels(e) {
    return e.e !== "session" || e.what === "opened";
  }
}

const STATE_OF_CLIENT = { asking: "asks for a session", away: "connection lost", expired: "session expired", ended: "session ended" };

/** The nodes that there are, below the ring: whose each is, and who waits for what. */
class NodeList {
  constructor(run, host) {
    this.run = run;
    this.list = html("p", { class: "nodes" }, host);
  }

  draw(i) {
    const nodes = this.run.nodes.history.when(i);
    if (nodes === this.shown) return;
    this.shown = nodes;
    this.list.replaceChildren();
    if (nodes.length) this.list.append("Nodes, as clients know them: ");
    for (const node of nodes.slice(0, 24)) {
      const chip = html("span", { class: "node" + (node.owner ? " owned" : "") + (node.there ? "" : " absent") }, this.list);
      html("b", {}, chip, short_path(node.path));
      if (node.there && node.data) chip.append(` “${node.data}”`);
      if (!node.there) chip.append(" is not there");
      if (node.owner) html("i", {}, chip, ` lives with ${node.owner.name}'s session`);
      if (Nodes.is_first(node, nodes)) html("u", {}, chip, " the smallest number");
      if (node.watchers.length) html("em", {}, chip, ` ★ ${list(node.watchers)} waits for a change`.replace(/(and .*) waits/, "$1 wait"));
    }
    if (nodes.length > 24) this.list.append(` and ${nodes.length - 24} more`);
  }
}
