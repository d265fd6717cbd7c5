// A run that grows event by event, while the world goes on. What the replay page works out from a whole
// trace (which message arrived, what left a queue) is known here only when it has happened.

class LiveRun extends Run {
  /** latency_us(from, to): how long a message takes, or null if the link is cut. */
  constructor(ids, latency_us) {
    const nothing = { threads: [], queues: [], conns: [], reasons: [], events: [] };
    super({ label: "", ids, captured: false, chapters: [{ first: 0, i: 0 }], ...nothing }, 0);
    this.latency_us = latency_us;
    this.on_the_way = new Map(); // connection, sender, number -> send
    this.in_queues = new Map(); // peer, queue, number -> enq
    this.has_new_rows = false; // a thread or a queue has been seen for the first time
  }

  add(e) {
    Object.assign(e, { run: this, i: this.events.length, local: this.events.length, mate: null });
    if (e.thread) e.thread = LiveRun.short_name(e.thread);
    if (e.queue) e.queue = LiveRun.short_name(e.queue);
    if (!e.dropped) delete e.dropped;
    this.events.push(e);
    this.find_mate(e);
    this.grade_event(e);
    this.tell_content(e);
    this.follow_peer(e);
    this.follow_links(e);
    const rows = this.rows_of(e.n);
    this.put_away(e);
    this.has_new_rows = this.has_new_rows || this.rows_of(e.n) !== rows;
    return e;
  }

  rows_of(n) {
    return this.actions.get(n).size + this.stays.get(n).size;
  }

  /** "SendWorker:2" is short already; an address becomes the peer's number; the rest is cut off. */
  static short_name(name) {
    const address = /[-/:]*10\.0\.0\.(\d+)[:.\d]*/.exec(name);
    if (address) return name.slice(0, address.index) + ":" + address[1];
    return name.replace(/-?\[myid=-?\d+\]/, "").split("(plain=")[0];
  }

  find_mate(e) {
    switch (e.e) {
      case "send": {
        this.on_the_way.set([e.conn, e.n, e.seq].join(), e);
        const latency = this.latency_us(e.n, e.to);
        if (latency !== null) e.mate = { n: e.to, t: e.t + latency, i: Infinity }; // so it seems now
        break;
      }
      case "recv": {
        const send = this.take_send(e);
        if (send) Object.assign(e, { mate: send }) && Object.assign(send, { mate: e });
        break;
      }
      case "enq": {
        e.gone = Infinity;
        this.in_queues.set([e.n, e.queue, e.seq].join(), e);
        const old = e.dropped && this.in_queues.get([e.n, e.queue, e.dropped].join());
        if (old) Object.assign(old, { gone: e.i, overwritten: e });
        break;
      }
      case "deq":
        e.mate = this.in_queues.get([e.n, e.queue, e.seq].join()) || null;
        if (e.mate) Object.assign(e.mate, { mate: e, gone: e.i });
        break;
      case "conn":
        if (e.what === "close" || e.what === "drop") this.forget_sends((send) => send.conn === e.conn);
        break;
      case "boot":
      case "crash":
      case "exit":
        this.forget_sends((send) => send.n === e.n || send.to === e.n);
        for (const stays of this.stays.get(e.n).values())
          for (const stay of stays) stay.gone = Math.min(stay.gone, e.i);
        break;
    }
  }

  take_send(e) {
    const [dialler, called] = e.conn.split("-").map((end) => Number(/10\.0\.0\.(\d+)/.exec(end)[1]));
    const key = [e.conn, dialler === e.n ? called : dialler, e.seq].join();
    const send = this.on_the_way.get(key);
    this.on_the_way.delete(key);
    return send;
  }

  forget_sends(is_lost) {
    for (const [key, send] of this.on_the_way) if (is_lost(send)) this.on_the_way.delete(key);
  }

  // ---- what the pictures ask ----

  in_flight() {
    return [...this.on_the_way.values()].filter((send) => send.kind !== "PING");
  }

  fate() {
    return "open";
  }

  chapter_at() {
    return this.chapters[0];
  }
}
