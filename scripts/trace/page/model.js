// The model: what the trace says was so at any moment. Built once; every question afterwards is a
// binary search. An event is known by its index `i` in the merged list of all runs.

const STORY = new Set(["boot", "crash", "exit", "freeze", "thaw", "state", "vote", "decide", "established"]);
const SETTLED = new Set(["FOLLOWING", "LEADING"]);
const VOTE_QUEUES = /^(queueSendMap|recvQueue|recvqueue)/; // whatever a thread has taken last, it puts into these

/** The number of elements of a sorted list that are not above x. */
function countUpTo(list, x, value = (element) => element) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(list[middle]) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

const MOST_CUTS = 6; // in a chapter
const MOST_CUTS_OF_CLIENTS = 30; // a request takes a millisecond, and people think between two of them
const LEAST_CUT_US = 2000;

/** Values that change at some events. */
class History {
  constructor(first) {
    this.at = [-1];
    this.values = [first];
  }
  get last() {
    return this.values[this.values.length - 1];
  }
  set(i, value) {
    if (this.at[this.at.length - 1] === i) this.values.pop();
    else this.at.push(i);
    this.values.push(value);
  }
  when(i) {
    return this.values[countUpTo(this.at, i) - 1];
  }
}

const UNBORN = {
  state: "DOWN", alive: false, phase: "", round: null, vote: null, have: [], tallyFor: null,
  quorum: false, wait: null, decided: null, accepted: null, current: null, established: null,
  logged: null, applied: null, acks: null,
};

const TOLD_WRITES = 3; // of each term, so many are steps of the story
const TOLD_OF_CLIENTS = 30; // the same, where one sees who has asked

/** Words for the states that are none of ZooKeeper's. */
const STATE_WORDS = { DOWN: "down", UNHEARD: "unheard", UNKNOWN: "state not seen", FROZEN: "frozen" };

function state_word(state) {
  return STATE_WORDS[state] || state;
}

/** What an event's level and an element's words depend on: what came before, by peer or by thread. */
class Memory {
  tally = new Map();
  waiting = new Set(); // peers in their final wait
  votes = new Map();
  leading = new Map(); // n -> the writes that it has proposed in this term, by zxid
  tallies = new Map();
  last = new Map(); // what a thread took out last
  vote = new Map();
  held = new Map(); // what a thread has in its hands
}

class Run {
  constructor(raw, number) {
    Object.assign(this, raw, { number });
    this.events.forEach((e, local) => {
      e.run = this;
      e.local = local;
      e.thread = this.threads[e.h];
      e.why = this.reasons[e.w];
      e.conn = this.conns[e.c];
      e.queue = this.queues[e.q];
      e.mate = e.x === undefined ? null : this.events[e.x];
    });
    this.nothing = { ...UNBORN, state: this.captured ? "UNHEARD" : "DOWN" }; // who is not heard on a wire may live
    this.peers = new Map(this.ids.map((n) => [n, new History(this.nothing)]));
    this.actions = new Map(this.ids.map((n) => [n, new Map()])); // n -> thread -> its events
    this.stays = new Map(this.ids.map((n) => [n, new Map()])); // n -> queue -> its enq events
    this.links = new Map(); // "a-b" -> History of open connections
    this.messages = [];
    this.furthest = []; // by message: the latest landing up to it
    this.clients = clients_of(this);
    this.purposes = this.clients.length ? purposes_of(this) : new Map();
    this.memory = new Memory();
    this.events.forEach((e) => this.grade_event(e));
    this.events.forEach((e) => this.tell_content(e));
  }

  /** Once the merged order is known: histories by index. */
  build() {
    for (const e of this.events) {
      this.follow_peer(e);
      this.follow_links(e);
      this.put_away(e);
      follow_clients(this, e);
    }
    this.find_departures();
    this.find_flights();
  }

  /** To where the pictures look for it. */
  put_away(e) {
    if (e.thread) listIn(this.actions.get(e.n), e.thread).push(e);
    if (e.e === "enq") listIn(this.stays.get(e.n), e.queue).push(e);
    if (e.e === "send") this.messages.push(e);
  }

  // ---- one event changes one peer ---------------------------------------------------------------

  follow_peer(e) {
    const history = this.peers.get(e.n);
    const changes = this.changes_of(e, history.last);
    if (changes) history.set(e.i, { ...history.last, ...changes });
    else if (!history.last.alive && e.e !== "crash" && e.e !== "exit")
      history.set(e.i, { ...history.last, alive: true, state: "UNKNOWN" });
  }

  changes_of(e, was) {
    const calm = { have: [], tallyFor: null, quorum: false, wait: null, decided: null, phase: "", acks: null };
    switch (e.e) {
      case "boot":
        return { ...this.nothing, alive: true, state: "LOOKING", accepted: was.accepted, current: was.current };
      case "crash":
      case "exit":
        return { ...UNBORN, accepted: was.accepted, current: was.current };
      case "freeze":
        return { state: "FROZEN", before: was.state, wait: null };
      case "thaw":
        return { state: was.before || was.state };
      case "state":
        if (e.s === "LOOKING") return { ...calm, alive: true, state: e.s, established: null };
        return { alive: true, state: e.s, wait: null, phase: "" };
      case "vote":
        return { alive: true, vote: e, round: e.r, have: [], tallyFor: null, quorum: false, wait: null };
      case "send": // what a capture knows of votes
        if (!this.captured || e.kind !== "NOTIFICATION" || e.m.state !== "LOOKING") return null;
        return { alive: true, vote: { ...e.m, r: e.m.round }, round: e.m.round };
      case "tally":
        return { have: e.have, tallyFor: e.leader, quorum: e.quorum };
      case "wait":
        return { wait: e };
      case "decide":
        return { decided: e.leader, wait: null, round: e.r };
      case "phase":
        return { phase: e.phase };
      case "epoch":
        return { [e.which]: e.value };
      case "established":
        return { established: e };
      case "txn":
        return this.changes_of_write(e, was);
      case "session":
      case "request":
      case "reply":
      case "watch":
        return null; // of clients, see clients.js
      default:
        return null;
    }
  }

  /** What is on its disk and in its tree; on the leader, who has acknowledged the write that was proposed last. */
  changes_of_write(e, was) {
    const own = was.acks && was.acks.zxid === e.zxid ? was.acks : null;
    if (e.step === "proposed") return { acks: { zxid: e.zxid, have: [], quorum: false } };
    if (e.step === "acked" && e.peer && own) return { acks: { ...own, have: [...own.have, e.peer] } };
    if (e.step === "committed" && own) return { acks: { ...own, quorum: true } };
    if (e.step === "logged" || e.step === "applied") return { [e.step]: e.zxid };
    return null;
  }

  // ---- connections ------------------------------------------------------------------------------

  follow_links(e) {
    const far = e.e === "conn" ? e.peer : e.e === "send" ? e.to : e.e === "recv" ? e.from : 0;
    if (e.e === "crash" || e.e === "exit") {
      for (const [pair, history] of this.links)
        if (pair.split("|").includes(String(e.n)) && history.last.size) history.set(e.i, new Set());
      return;
    }
    if (!far || far === e.n || !e.conn) return;
    const history = this.link(e.n, far);
    const opens = e.e === "conn" ? e.what === "keep" : e.kind !== "INITIAL";
    const closes = e.e === "conn" && (e.what === "close" || e.what === "drop");
    if (opens && !history.last.has(e.conn)) history.set(e.i, new Set([...history.last, e.conn]));
    if (closes && history.last.has(e.conn))
      history.set(e.i, new Set([...history.last].filter((conn) => conn !== e.conn)));
  }

  link(a, b) {
    const pair = Math.min(a, b) + "|" + Math.max(a, b);
    if (!this.links.has(pair)) this.links.set(pair, new History(new Set()));
    return this.links.get(pair);
  }

  // ---- what deserves a step ---------------------------------------------------------------------

  /** Every event gets a level: 0 story, 1 messages, 2 threads and queues, 3 pings. */
  grade_event(e) {
    const { tally, waiting, votes, tallies, last } = this.memory;
    e.level = 1;
    if (STORY.has(e.e)) e.level = 0;
    if (e.e === "vote" || e.e === "state" || e.e === "boot") waiting.delete(e.n);
    if (e.e === "vote" || e.e === "boot") tally.delete(e.n);
    if (e.e === "vote") votes.set(e.n, e.leader);
    if (e.e === "decide") {
      e.waited = waiting.has(e.n);
      if (tallies.has(e.n)) tallies.get(e.n).decides = !e.waited;
      votes.delete(e.n); // from now on it counts nothing of its own
    }
    if (e.e === "tally") {
      const text = e.leader + ":" + e.have;
      e.level = tally.get(e.n) === text ? 2 : e.quorum ? 0 : 1;
      tally.set(e.n, text);
      tallies.set(e.n, e);
      e.own_missing = votes.get(e.n) === e.leader && !e.have.includes(e.n);
      if (!e.quorum) waiting.delete(e.n);
    }
    if (e.e === "wait") {
      const [, have] = (tally.get(e.n) || ":").split(":");
      const final = /quorum/.test(e.why || "") && have !== "";
      e.final = final;
      e.level = final && !waiting.has(e.n) ? 0 : 2;
      if (final) waiting.add(e.n);
    }
    if (this.captured && e.e === "send" && e.kind === "NOTIFICATION" && e.m.state === "LOOKING") {
      const said_last = votes.get(e.n);
      if (!said_last || said_last.leader !== e.m.leader || said_last.round !== e.m.round) {
        e.ballot = { changed: Boolean(said_last) && said_last.round === e.m.round }; // the first word of a new vote
        e.level = 0;
      }
      votes.set(e.n, e.m);
    }
    if (e.e === "conn" && e.what === "refused") e.level = 2;
    if (e.e === "txn") this.grade_write(e);
    if (e.e === "state") this.memory.leading.set(e.n, e.s === "LEADING" ? new Set() : null);
    if (e.e === "sync" && e.mode === "TRUNC") e.level = 0;
    if (e.client) e.level = level_of_client(e);
    if (e.e === "enq" || e.e === "deq") e.level = 2;
    if (e.kind === "PING") e.level = 3;
    const key = e.n + "|" + e.thread;
    if (e.e === "deq") last.set(key, e);
    if (e.kind === "PING" && e.e === "send" && last.has(key)) {
      const taken = last.get(key);
      taken.level = 3;
      if (taken.mate) taken.mate.level = 3;
    }
    if (e.e === "send") last.delete(key);
  }

  /** The leader proposes and commits: these are steps of the story, if there are not too many of them. */
  grade_write(e) {
    const writes = this.memory.leading.get(e.n);
    if (!writes) return;
    if (e.step === "proposed" && writes.size < (this.clients.length ? TOLD_OF_CLIENTS : TOLD_WRITES)) writes.add(e.zxid);
    if ((e.step === "proposed" || e.step === "committed") && writes.has(e.zxid)) e.level = 0;
    e.peer_leads = true;
  }

  // ---- what lies in a queue ---------------------------------------------------------------------

  /** A queue's element has only a number in the trace. What it says follows from what its thread held. */
  tell_content(e) {
    const { vote, held } = this.memory;
    const thread = e.n + "|" + e.thread;
    if (e.e === "vote") vote.set(e.n, e.leader);
    else if (e.e === "recv") held.set(thread, { text: said(e), from: e.from, state: e.m && e.m.state });
    else if (e.e === "tally") e.settled = SETTLED.has((held.get(thread) || {}).state); // what it counts is a result
    else if (e.e === "deq") held.set(thread, e.mate ? e.mate.holds : null);
    else if (e.e === "enq") {
      const own = vote.has(e.n) ? { text: "vote " + vote.get(e.n), from: e.n } : null;
      if (e.queue === "sendqueue") e.holds = own;
      else e.holds = (VOTE_QUEUES.test(e.queue) && held.get(thread)) || null;
    }
  }

  /** When each element leaves its queue: taken, overwritten, or with its process. */
  find_departures() {
    for (const queues of this.stays.values())
      for (const stays of queues.values()) {
        const numbered = new Map();
        for (const e of stays) {
          e.gone = e.mate ? e.mate.i : Infinity;
          if (e.dropped && numbered.has(e.dropped)) {
            const old = numbered.get(e.dropped);
            old.gone = e.i;
            old.overwritten = e;
          }
          numbered.set(e.seq, e);
        }
      }
    for (const e of this.events)
      if (e.e === "boot" || e.e === "crash" || e.e === "exit")
        for (const stays of this.stays.get(e.n).values())
          for (const stay of stays) if (stay.i < e.i && stay.gone > e.i) stay.gone = e.i;
  }

  /** Elements of a queue at a moment, and how many were overwritten so far. */
  queue_at(n, queue, i) {
    const stays = this.stays.get(n).get(queue) || [];
    const count = countUpTo(stays, i, (e) => e.i);
    const waiting = [];
    for (let k = count - 1; k >= 0 && k >= count - 64; k--) if (stays[k].gone > i) waiting.unshift(stays[k]);
    return { waiting, count, stays };
  }

  // ---- messages in flight -----------------------------------------------------------------------

  find_flights() {
    let furthest = -1;
    for (const send of this.messages) {
      send.lands = send.mate ? send.mate.i : this.lost_at(send);
      furthest = Math.max(furthest, send.lands);
      this.furthest.push(furthest);
    }
  }

  /** Why a message is never read: its reader is frozen, its connection ends, or the trace does. */
  fate(send) {
    const far = this.peers.get(send.to);
    if (far && far.when(send.i).state === "FROZEN") return "frozen";
    const ends = this.events.some((e) => e.i > send.i && e.e === "conn" && e.conn === send.conn && e.what === "close");
    return ends || (far && !far.when(Infinity).alive) ? "ended" : "open";
  }

  /** A message that never arrives is shown until one of the two ends, or for a while. */
  lost_at(send) {
    const shown = 40;
    const last = Math.min(send.local + shown, this.events.length - 1);
    return this.events[last].i;
  }

  in_flight(i) {
    const flying = [];
    for (let k = countUpTo(this.messages, i, (e) => e.i) - 1; k >= 0 && this.furthest[k] >= i; k--)
      if (this.messages[k].lands >= i) flying.push(this.messages[k]);
    return flying.reverse();
  }

  chapter_at(i) {
    let found = this.chapters[0];
    for (const chapter of this.chapters) if (this.events[chapter.first].i <= i) found = chapter;
    return found;
  }

  peer_at(n, i) {
    return this.peers.get(n).when(i);
  }
}

function listIn(map, key) {
  if (!map.has(key)) map.set(key, []);
  return map.get(key);
}

/** What a message says, in two words. */
function said(e) {
  if (e.kind === "NOTIFICATION") return "vote " + e.m.leader;
  if (e.kind === "INITIAL") return "I am " + e.m.sid;
  return e.kind;
}

/** All runs on one list. */
class Model {
  constructor(data) {
    this.title = data.title;
    this.runs = data.runs.map((raw, number) => new Run(raw, number));
    this.events = this.runs.flatMap((run) => run.events);
    if (this.runs.length > 1) this.events.sort((a, b) => a.t - b.t || a.run.number - b.run.number || a.local - b.local);
    this.events.forEach((e, i) => (e.i = i));
    this.runs.forEach((run) => run.build());
    this.start = this.events[0].t;
    this.end = this.events[this.events.length - 1].t;
    this.chapters = this.runs
      .flatMap((run) => run.chapters.map((chapter) => ({ ...chapter, run, i: run.events[chapter.first].i })))
      .sort((a, b) => a.t - b.t);
  }

  visible(level) {
    return this.events.filter((e) => e.level <= level);
  }

  /** The last event that has happened at time t. */
  index_at(t) {
    return countUpTo(this.events, t, (e) => e.t) - 1;
  }
}

/** Where a moment stands on the axis. Time is true ("real"), or true with its long gaps cut short ("cut": each of these
 * is in `cuts`, to be seen), or every gap takes the logarithm of its length ("stretched"). Places are milliseconds. */
class Warp {
  constructor(events, mode, chapters = []) {
    this.mode = mode;
    this.times = [...new Set(events.map((e) => e.t))];
    this.cuts = [];
    const gaps = this.times.slice(1).map((t, k) => t - this.times[k]);
    const widths = mode === "cut" ? this.cut(gaps, chapters) : gaps.map((gap) => (mode === "real" ? gap / 1000 : 0.3 + Math.log10(1 + gap / 30)));
    let place = 0;
    this.places = [0, ...widths.map((width) => (place += width))];
    for (const cut of this.cuts) Object.assign(cut, { from: this.times[cut.k], to: this.times[cut.k + 1] });
    this.length = Math.max(place, 1e-6);
  }

  /** In every chapter the longest gaps, MOST_CUTS at most, get a small part of the width of all the rest. */
  cut(gaps, chapters) {
    const widths = gaps.map((gap) => gap / 1000);
    const begins = (chapter) => countUpTo(this.times, chapter.t) - 1;
    const starts = chapters.map(begins).filter((k, at, all) => k > 0 && all.indexOf(k) === at);
    const of_clients = new Set(chapters.filter((chapter) => chapter.clients).map(begins));
    [0, ...starts].forEach((first, at) => {
      const own = gaps.slice(first, [...starts, gaps.length][at]);
      const sorted = [...own].sort((a, b) => b - a);
      const limit = Math.max(LEAST_CUT_US, sorted[of_clients.has(first) ? MOST_CUTS_OF_CLIENTS : MOST_CUTS] || 0);
      const rest = own.reduce((sum, gap) => sum + (gap > limit ? 0 : gap), 0) / 1000;
      own.forEach((gap, k) => {
        if (gap <= limit) return;
        widths[first + k] = Math.min(gap / 1000, Math.max(rest, 0.4) * 0.07 * (1 + Math.log10(gap / limit)));
        this.cuts.push({ k: first + k });
      });
    });
    return widths;
  }

  static between(x, from, to) {
    const last = from.length - 1;
    if (last < 1 || x <= from[0]) return to[0];
    if (x >= from[last]) return to[last];
    const k = countUpTo(from, x);
    return to[k - 1] + ((to[k] - to[k - 1]) * (x - from[k - 1])) / (from[k] - from[k - 1]);
  }
  place(t) {
    return Warp.between(t, this.times, this.places);
  }
  time(place) {
    return Warp.between(place, this.places, this.times);
  }
}
