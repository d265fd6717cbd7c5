// What a reader has done: an ensemble, a seed, and acts, each at a moment of the world's time. A session
// is a play (tests/sim/README.md): it can be saved as one, put into a link, and played again up to any
// moment, which is how the page goes back in time. The same session always gives the same run.
//
// acts: [{at, text, took}], at and took in microseconds of the world. Only what changes the world is an act;
// waiting ("run", "until") is the time between two of them.

/** The names of the trace's fields that the pages call otherwise. */
const TRACE_NAMES = { ev: "e", th: "thread", q: "queue" };

const MOST_AT_ONCE_US = 10e6;

/** An event of the trace as the pages of scripts/trace/page have it. at: microseconds of the world. */
function event_of(text, at) {
  const event = { t: at };
  for (const [name, value] of Object.entries(JSON.parse(text)))
    if (name !== "v" && name !== "t") event[TRACE_NAMES[name] || name] = value;
  return event;
}

/** Does an event have all the fields of a pattern? */
function matches(event, pattern) {
  return Object.entries(pattern).every(([name, value]) =>
    typeof value === "function" ? value(event[name], event) : event[name] === value);
}

class Session {
  /** on_event(event) is called for each event, in order; on_act(text) after each act. */
  constructor(world, on_event, on_act = () => {}) {
    Object.assign(this, { world, on_event, on_act, acts: [], later: [], seed: 0 });
    world.on_line = (host, fd, text, now_us) => {
      if (host === 0) console.error(text);
      else if (fd === FD.TRACE) this.on_event(event_of(text, now_us));
    };
  }

  get now_us() {
    return this.world.now_us;
  }

  /** Why the world has ended, "" while it goes on. */
  get reason() {
    return this.world.reason;
  }

  get over() {
    return this.world.state === STATE.OVER;
  }

  /** Begin anew, and do these acts ([{at, text}], of which the first names the ensemble) up to the moment
   * until. Those that are left will be done when their moment comes, unless the reader does something. */
  begin(acts, seed = 0, until = 0) {
    this.leave();
    this.acts = [];
    this.seed = seed;
    this.world.begin(seed);
    this.later = [...acts];
    while (this.later.length > 0 && this.later[0].at <= until && !this.over) this.do_later();
    this.run_to(until);
  }

  /** End the world that is there; nobody hears what its peers still say. */
  leave() {
    if (this.over) return;
    const { on_line } = this.world;
    this.world.on_line = () => {};
    this.world.end();
    this.world.on_line = on_line;
  }

  do_later() {
    const { at, text } = this.later[0];
    this.run_to(at);
    if (this.over) return;
    this.later.shift();
    this.carry_out(text);
  }

  carry_out(text) {
    this.world.park();
    if (this.over) return this.reason;
    const act = { at: Math.round(this.now_us), text };
    const told = this.world.command(text);
    if (this.world.refusal) return told;
    act.took = this.now_us - act.at; // "say" and "stop" take time
    this.acts.push(act);
    this.on_act(text);
    return told;
  }

  /** What the reader does, now. Returns what it tells. From here on it goes another way. A command that
   * cannot be carried out ends the world (world.refusal): the caller goes back to where the session was. */
  act(text) {
    const { later } = this;
    this.later = [];
    const told = this.carry_out(text);
    if (this.world.refusal) this.later = later;
    return told;
  }

  /** Ask for something that changes nothing, such as "show state". */
  ask(text) {
    this.world.park();
    return this.over ? this.reason : this.world.command(text);
  }

  /** Let the world go on to this moment, without an event as a stop on the way. In pieces, because a single
   * command may make so many calls at most. */
  run_to(at) {
    this.world.park();
    while (!this.over) {
      const us = Math.min(Math.round(at - this.now_us), MOST_AT_ONCE_US);
      if (us <= 0) break;
      this.world.command(`run ${us}us`);
    }
  }

  /** Let the world go on to the next event, for at most so many microseconds. True: there was one. */
  next(us) {
    if (this.over) return false;
    if (this.later.length > 0) {
      const left = this.later[0].at - this.now_us;
      if (left <= 0) {
        this.do_later();
        return true;
      }
      us = Math.min(us, left);
    }
    return this.world.next_line(us);
  }

  /** Play the session again from its beginning to this moment. */
  go_to(at) {
    this.begin([...this.acts, ...this.later], this.seed, at);
  }

  // ---- as a play, and as a link ----

  /** The commands of a play, with the time between the end of one and the next; up to now. */
  play() {
    const lines = [];
    let ended = 0;
    for (const { at, text, took } of [...this.acts, { at: Math.round(this.now_us) }]) {
      if (at > ended) lines.push(`run ${Math.round(at - ended)}us`);
      if (text) lines.push(text);
      ended = at + (took || 0);
    }
    return lines.join("\n") + "\n----\n";
  }

  /** Each act with its moment, where that is another than the last one's, and the moment of now. */
  link() {
    let told = 0;
    const parts = [...this.acts, { at: Math.round(this.now_us), text: "" }].map(({ at, text }) => {
      const when = at === told ? "" : at + " ";
      told = at;
      return (when + text).trim();
    });
    const words = parts.map((part) => encodeURIComponent(part).replace(/%20/g, "+").replace(/%2F/g, "/").replace(/%3D/g, "=").replace(/%3A/g, ":"));
    return `#${this.seed ? `seed=${this.seed}&` : ""}play=${words.join(";")}`;
  }

  /** {acts, seed, until} of a link, or null if it holds no session. */
  static of_link(hash) {
    const found = /^#(?:seed=(\d+)&)?play=(.+)$/.exec(hash);
    if (!found) return null;
    const acts = [];
    let at = 0;
    for (const part of found[2].split(";")) {
      const [, when, text] = /^(\d*) ?(.*)$/.exec(decoded(part));
      at = Math.max(at, Number(when));
      if (text) acts.push({ at, text });
    }
    return acts.length > 0 ? { acts, seed: Number(found[1] || 0) >>> 0, until: at } : null;
  }
}

/** A part of a link; one that nobody could have made becomes nothing. */
function decoded(part) {
  try {
    return decodeURIComponent(part.replace(/\+/g, " "));
  } catch (error) {
    return "";
  }
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./world.js"));
  module.exports = { Session, event_of, matches };
}
