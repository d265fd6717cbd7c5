// Beside the pictures: the log of events, the chapters, one peer's threads and queues.

function html(tag, attributes, parent, text) {
  const node = document.createElement(tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

/** A long list of which only the rows that can be seen exist. */
class Log {
  constructor(host, seek) {
    this.host = host;
    this.row = 24;
    this.space = html("div", { class: "space", role: "presentation" }, host);
    this.rows = [];
    this.events = [];
    this.current = -1;
    this.top = 0; // scrollTop and clientHeight, kept here: to ask for them makes the browser lay out at once
    this.height = 0; // until measure()
    const scrolled = () => {
      this.top = host.scrollTop;
      this.fill();
    };
    host.addEventListener("scroll", scrolled, { passive: true });
    host.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) seek(this.events[row.number]);
    });
  }

  /** The list may have become taller or shorter: a row that has come into sight must be there. */
  measure() {
    this.height = this.host.clientHeight;
    if (this.current >= 0) this.keep_current_in_sight();
    this.fill();
  }

  use(events, several) {
    this.events = events;
    this.several = several;
    this.space.style.height = events.length * this.row + "px";
    this.current = -1;
    this.fill();
  }

  /** Marks the last event that has happened. */
  mark(i) {
    const current = countUpTo(this.events, i, (e) => e.i) - 1;
    if (current === this.current) return;
    this.current = current;
    this.keep_current_in_sight();
    this.fill();
  }

  keep_current_in_sight() {
    const top = this.current * this.row;
    if (top >= this.top + this.row && top <= this.top + this.height - 3 * this.row) return;
    const most = this.events.length * this.row - this.height;
    this.top = Math.max(0, Math.min(most, Math.round(top - this.height / 2)));
    this.host.scrollTop = this.top;
  }

  fill() {
    const first = Math.max(0, Math.floor(this.top / this.row) - 2);
    const last = Math.min(this.events.length, first + Math.ceil(this.height / this.row) + 5);
    let used = 0;
    let active = "";
    for (let k = first; k < last; k++, used++) {
      const row = (this.rows[used] ||= this.make_row(used));
      this.fill_row(row, k);
      if (k === this.current) active = row.id;
    }
    for (; used < this.rows.length; used++) put(this.rows[used], "hidden", true);
    put(this.host, "aria-activedescendant", active);
  }

  make_row(number) {
    const row = html("div", { role: "option", id: "row" + number }, this.space);
    row.time = html("span", { class: "time" }, row);
    row.who = html("span", { class: "who" }, row);
    row.what = html("span", { class: "what" }, row);
    return row;
  }

  fill_row(row, k) {
    const e = this.events[k];
    row.number = k;
    put(row, "hidden", false);
    put(row, "style", `transform:translateY(${k * this.row}px)`);
    put(row, "class", k === this.current ? "now" : k < this.current ? "past" : "");
    put(row, "aria-selected", k === this.current);
    put(row, "aria-setsize", this.events.length);
    put(row, "aria-posinset", k + 1);
    put(row.time, "text", millis(e.t, 2));
    put(row.who, "text", this.several ? e.run.label : "");
    put(row.what, "text", sentence(e));
    put(row.what, "class", "what " + e.e);
    put(row, "title", `${e.thread ? e.thread + ": " : ""}${sentence(e)}${e.why ? " – " + e.why : ""}`);
  }
}

const QUEUE_ORDER = ["sendqueue", "queueSendMap", "recvQueue", "recvqueue", "queuedPackets"];

const THREAD_ORDER = ["main", "QuorumPeer", "WorkerSender", "SendWorker", "RecvWorker", "WorkerReceiver", "QuorumConnectionThread"];

/** Ranks names by the prefixes of an order; what is not in it stands behind. */
const rank_in = (order) => (name) => order.findIndex((prefix) => name.startsWith(prefix)) + 1 || order.length + 1;

/** One peer from the inside. */
class Inspector {
  constructor(host) {
    this.host = host;
    this.key = "";
  }

  draw(run, n, i) {
    const chapter = run.chapter_at(i);
    const key = [run.number, n, chapter.first].join();
    if (key !== this.key) this.rebuild(run, n, chapter);
    this.key = key;
    const peer = run.peer_at(n, i);
    put(this.title, "text", `Peer ${n}${run.label ? " (" + run.label + ")" : ""}: ${state_word(peer.state)}`);
    const facts = this.facts_of(peer);
    this.facts.forEach((node, k) => put(node, "text", facts[k]));
    for (const row of this.queues) this.draw_queue(row, run, n, i);
    for (const row of this.threads) this.draw_thread(row, i);
  }

  facts_of(peer) {
    const { vote } = peer;
    const hex = (value) => (value === null ? "–" : "0x" + value.toString(16));
    return [
      peer.round ?? "–",
      vote ? `${vote.leader} (epoch ${hex(vote.epoch)}, zxid ${vote.zxid})` : "–",
      peer.have.length ? `${list(peer.have)} for ${peer.tallyFor}${peer.quorum ? ": a quorum" : ""}` : "–",
      peer.wait && peer.state === "LOOKING" ? `up to ${peer.wait.ms} ms: ${peer.wait.why || ""}` : "–",
      peer.phase || "–",
      `${hex(peer.accepted)}, ${hex(peer.current)}`,
      peer.logged || peer.applied ? `${peer.logged || "–"}, ${peer.applied || "–"}` : "–",
    ];
  }

  rebuild(run, n, chapter) {
    const page = this.host;
    this.host = document.createDocumentFragment(); // so that the page is laid out once, not for every row
    this.title = html("h2", {}, this.host);
    const facts = html("dl", {}, this.host);
    this.facts = ["round", "vote", "counts", "waits", "phase", "epochs: accepted, current", "last write: on disk, in the tree"].map((name) => {
      html("dt", {}, facts, name);
      return html("dd", {}, facts);
    });
    const next = run.chapters[run.chapters.indexOf(chapter) + 1];
    const from = run.events[chapter.first].i;
    const to = next ? run.events[next.first].i : Infinity;
    const used = (events) => events.some((e) => e.i >= from && e.i < to);
    this.build_queues(run, n, used);
    this.build_threads(run, n, used);
    page.replaceChildren(this.host);
    this.host = page;
  }

  build_queues(run, n, used) {
    html("h3", {}, this.host, "Queues: first those of a vote, in the order in which it goes through them");
    const rank = rank_in(QUEUE_ORDER);
    const names = [...run.stays.get(n)].filter(([, stays]) => used(stays)).map(([name]) => name);
    names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
    const table = html("ul", { class: "queues" }, this.host);
    this.queues = names.map((name) => {
      const item = html("li", {}, table);
      html("b", {}, item, name);
      return { name, item, boxes: html("span", { class: "boxes" }, item), note: html("span", { class: "note" }, item) };
    });
    if (!names.length) html("li", { class: "note" }, table, run.captured ? "A capture does not see queues." : "No queue is used in this chapter.");
  }

  build_threads(run, n, used) {
    html("h3", {}, this.host, "Threads, and what each did last");
    const table = html("ul", { class: "threads" }, this.host);
    this.threads = this.group(run.actions.get(n))
      .filter(({ events }) => used(events))
      .map(({ name, events }) => {
        const item = html("li", {}, table);
        html("b", {}, item, name);
        return { item, events, what: html("span", { class: "what" }, item) };
      });
  }

  /** Threads that live for one call are one row, and the others stand in the order in which a vote meets them. */
  group(actions) {
    const groups = new Map();
    for (const [name, events] of actions) {
      const stem = name.replace(/^NIOServerCxnFactory\./, "").replace(/-\d+$/, "");
      const group = listIn(groups, stem);
      group.push({ name, events });
    }
    const rank = rank_in(THREAD_ORDER);
    return [...groups]
      .map(([stem, members]) => ({
        name: members.length > 1 ? `${stem} (${members.length})` : members[0].name.replace(/^NIOServerCxnFactory\./, ""),
        events: members.flatMap((member) => member.events).sort((a, b) => a.i - b.i),
      }))
      .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, "en", { numeric: true }));
  }

  draw_queue(row, run, n, i) {
    const { waiting, count, stays } = run.queue_at(n, row.name, i);
    const last = count ? stays[count - 1] : null;
    const shown = waiting.slice(0, 6).map((e) => (e.holds ? (e.holds.from === n ? "" : e.holds.from + ": ") + e.holds.text : "#" + e.seq));
    if (waiting.length > 6) shown.push("+" + (waiting.length - 6));
    const text = shown.join("\n");
    if (row.text !== text) {
      row.text = text;
      row.boxes.replaceChildren(...shown.map((label) => html("i", {}, null, label)));
    }
    let overwritten = 0;
    for (let k = 0; k < count; k++) if (stays[k].dropped) overwritten++;
    const fresh = last && last.dropped && last.i === i ? " now!" : "";
    put(row.note, "text", (waiting.length ? "" : "empty") + (overwritten ? `${waiting.length ? "" : ", "}${overwritten} overwritten${fresh}` : ""));
    put(row.item, "class", last && last.i === i ? "now" : "");
  }

  draw_thread(row, i) {
    const count = countUpTo(row.events, i, (e) => e.i);
    const e = count ? row.events[count - 1] : null;
    put(row.what, "text", e ? `${millis(e.t, 2)} ${sentence(e).replace(e.thread + " of " + e.n + " ", "")}` : "not yet");
    put(row.item, "class", e && e.i === i ? "now" : "");
  }
}

/** The chapters: what came of each, and why. */
class Chapters {
  constructor(model, host, choose) {
    this.items = model.chapters.map((chapter, k) => {
      const item = html("details", {}, host);
      const summary = html("summary", {}, item);
      summary.addEventListener("click", (event) => {
        event.preventDefault(); // mark() opens it
        choose(chapter);
      });
      html("span", { class: "number" }, summary, String(k + 1));
      html("b", {}, summary, (model.runs.length > 1 ? chapter.run.label + ": " : "") + chapter.title);
      html("span", { class: "time" }, summary, millis(chapter.t, 1) + " ms");
      for (const [heading, body] of chapter.text) {
        const line = html("p", {}, item);
        if (heading) html("b", {}, line, heading + " ");
        line.append(body);
      }
      return { chapter, item };
    });
  }

  mark(i) {
    const current = new Map(); // one for each run
    for (const entry of this.items) if (entry.chapter.i <= i) current.set(entry.chapter.run, entry);
    const key = [...current.values()].map((entry) => entry.chapter.i).join();
    if (key === this.key) return;
    this.key = key;
    for (const entry of this.items) {
      const now = current.get(entry.chapter.run) === entry;
      put(entry.item, "class", now ? "now" : "");
      if (entry.item.open !== now) entry.item.open = now;
    }
  }
}
