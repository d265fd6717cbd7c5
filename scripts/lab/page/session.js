// What a reader has done: an ensemble, a seed, and acts, each at a moment of the world's time. A session
// is a play (tests/sim/README.md): it can be saved as one, put into a link, and played again up to any
// moment, which is how the page goes back in time. The same session always gives the same run.

/** The names of the trace's fields that the pages call otherwise. */
const TRACE_NAMES = { ev: "e", th: "thread", q: "queue" };

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
    this.acts.push({ at: Math.round(this.now_us), text });
    const told = this.world.command(text);
    this.on_act(text);
    return told;
  }

  /** What the reader does, now. Returns what it tells. From here on it goes another way. */
  act(text) {
    this.later = [];
    return this.carry_out(text);
  }

  /** Ask for something that changes nothing, such as "show state". */
  ask(text) {
    this.world.park();
    return this.over ? this.reason : this.world.command(text);
  }

  /** Let the world go on to this moment, without a stop on the way. */
  run_to(at) {
    this.world.park();
    const us = Math.round(at - this.now_us);
    if (us > 0 && !this.over) this.world.command(`run ${us}us`);
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

  /** The commands, with the time between them; up to now. */
  lines() {
    const lines = [];
    let told = 0;
    for (const { at, text } of [...this.acts, { at: Math.round(this.now_us), text: null }]) {
      if (at > told) lines.push(`run ${at - told}us`);
      told = Math.max(told, at);
      if (text !== null) lines.push(text);
    }
    return lines;
  }

  play() {
    return this.lines().join("\n") + "\n----\n";
  }

  link() {
    const seed = this.seed ? `seed=${this.seed}&` : "";
    return `#${seed}play=${this.lines().map(encodeURIComponent).join(";").replace(/%20/g, "+").replace(/%2F/g, "/").replace(/%3D/g, "=").replace(/%3A/g, ":")}`;
  }

  /** {acts, seed, until} of a link, or null if it holds no session. */
  static of_link(hash) {
    const found = /^#(?:seed=(\d+)&)?play=(.+)$/.exec(hash);
    if (!found) return null;
    const lines = found[2].split(";").map((line) => decodeURIComponent(line.replace(/\+/g, " ")));
    const acts = [];
    let at = 0;
    for (const line of lines) {
      const run = /^run (\d+)us$/.exec(line);
      if (run) at += Number(run[1]);
      else acts.push({ at, text: line });
    }
    return { acts, seed: Number(found[1] || 0), until: at };
  }
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./world.js"));
  module.exports = { Session, event_of, matches };
}
