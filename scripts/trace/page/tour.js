// Moving with time to read: playing from caption to caption, the guided tour, and the question that is asked before.

const FOR_THE_EYE_MS = 700; // to find the caption and look at the picture

/** As long as a person needs for these words. */
function reading_ms(text, words_a_minute) {
  return FOR_THE_EYE_MS + (text.trim().split(/\s+/).length * 60000) / words_a_minute;
}

/** Moves the page's moment: it glides to an event, or rests. */
class Player {
  constructor(model, view) {
    Object.assign(this, { model, view, target: null, ready: 0, number: 0 });
  }

  get moving() {
    return this.target !== null;
  }

  /** idle() is called whenever nothing moves and no rest is left. */
  run(idle) {
    const number = ++this.number;
    const frame = (now) => {
      if (number !== this.number) return;
      if (this.target) this.move(now);
      else if (now >= this.ready) idle();
      if (number === this.number) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  rest(milliseconds) {
    this.ready = performance.now() + milliseconds;
  }

  stop() {
    this.number++;
    this.target = null;
  }

  glide(target, arrived) {
    const { t, warp } = this.view;
    Object.assign(this, { target, arrived, began: performance.now(), from: warp.place(t), to: warp.place(target.t) });
    const slow = 300 + 300 * Math.log10(1 + Math.max(0, target.t - t) / 100);
    this.length = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : slow;
  }

  /** At once, where it would glide to. */
  finish() {
    this.length = 0;
  }

  move(now) {
    const { view, model, target } = this;
    const part = this.length ? (now - this.began) / this.length : 1;
    if (part >= 1) {
      this.target = null;
      go_to(target);
      this.arrived();
      return;
    }
    view.t = view.warp.time(this.from + (this.to - this.from) * Math.max(0, part));
    const i = Math.min(model.index_at(view.t), target.i - 1);
    if (target.i > view.i) view.i = Math.max(view.i, i);
    draw();
  }
}

// ---- the tour -----------------------------------------------------------------------------------

const HINTS = {
  vote: "Look at the ring: the vote stands in the circle. In the lanes it is a box with the number of the candidate.",
  tally: "Look at the boxes below the circle: a filled one is a vote that is counted. A thick frame means that they are a quorum.",
  wait: "Look at the blue arc that fills around the circle, and at the strip of true time above the lanes: nearly all of an election is this wait.",
  decide: "Look at the lanes: a ◆ stands where a peer decides.",
  established: "Look at the packets in the lanes: between the decision and here, leader and followers have agreed on an epoch and a history.",
  txn: "Look at the boxes below the leader's circle: they are now the servers that have the write on disk. Above each circle stands what its disk and its tree have.",
  sync: "Look at the lanes: the learner was ahead in a history that nobody shares.",
  session: "Look beside the ring: the figure is a client, and its line leads to the server that it is connected to. In the lanes it has one of its own, below those of the peers.",
  reply: "Look at the client's lane: the box is the time in which it waits, full for a write, hollow for a read. Below the peers' lanes stands when each of them has the write on disk (▪) and in its tree (▫): before or after the answer.",
  watch: "Look at the star in the client's lane: it was told without asking again.",
  freeze: "Look at the ring: the circle is frozen, and yet its connections are open.",
  crash: "Look at the ring: its connections end in the same moment.",
};

/** Stops where something is decided. A caption stays until the reader goes on. */
class Tour {
  constructor(model) {
    const first_write = (run) => run.events.find((e) => e.e === "txn" && e.level === 0)?.zxid;
    this.first_writes = new Map(model.runs.map((run) => [run, first_write(run)]));
    this.stops = model.events.filter((e) => this.is_stop(e));
    this.first = new Map(); // kind of stop -> the first one, which explains the picture
    for (const e of this.stops) if (!this.first.has(e.e)) this.first.set(e.e, e);
    this.at = 0;
    this.on = false;
  }

  is_stop(e) {
    if (e.level > 0) return false;
    if (e.e === "txn" && e.run.clients.length) return e.zxid === this.first_writes.get(e.run); // of the others the answers tell
    const begins = e.run.chapters.some((chapter) => chapter.first === e.local);
    if (e.run.captured && e.e === "state" && e.s !== "LOOKING") return true; // a film knows of no decision
    return begins || ["vote", "send", "tally", "wait", "decide", "crash", "freeze", "thaw", "txn", "sync", "session", "reply", "watch"].includes(e.e) || (e.e === "established" && e.leader === e.n);
  }

  get stop() {
    return this.stops[this.at];
  }

  get last() {
    return this.at === this.stops.length - 1;
  }

  /** From the moment i on; from the beginning if that is the end. */
  begin(i) {
    const next = this.stops.findIndex((e) => e.i >= i);
    this.at = Math.max(0, next);
    this.on = true;
  }

  end() {
    this.on = false;
  }

  hint() {
    return this.first.get(this.stop.e) === this.stop ? HINTS[this.stop.e] || "" : "";
  }
}

// ---- the question -------------------------------------------------------------------------------

/** Asks who will win, before the votes of a chapter meet, and says after the decision why. */
class Quiz {
  constructor(model) {
    this.questions = model.chapters
      .filter((chapter) => chapter.question)
      .map((chapter) => {
        const { run, question } = chapter;
        const i = (local) => run.events[local].i;
        const next = run.chapters.find((other) => other.first > chapter.first);
        const ends = next ? i(next.first) - 1 : Infinity;
        const text = (run.label ? run.label + ": " : "") + question.text;
        return { ...question, text, begins: i(chapter.first), asked: i(question.asked), answered: i(question.answered), ends, said: null };
      });
  }

  current(i) {
    let found = null;
    for (const question of this.questions) if (question.begins <= i && i <= question.ends) found = question;
    return found;
  }

  draw(i) {
    const question = this.current(i);
    const open = question && question.said === null && i <= question.asked;
    const shown = question && (open || question.said !== null);
    put($("quiz"), "hidden", !shown);
    if (!shown) return;
    if (this.shown !== question) this.build(question);
    const done = i >= question.answered;
    put($("asked"), "text", question.said === null ? question.text : /[^.:]*\?/.exec(question.text)[0].trim());
    for (const button of $("answers").children) {
      put(button, "aria-pressed", Number(button.value) === question.said);
      put(button, "class", done && Number(button.value) === question.winner ? "right" : "");
    }
    put($("verdict"), "text", question.said === null ? "" : done ? this.verdict(question) : "You will see.");
  }

  verdict(question) {
    const right = question.said === question.winner;
    return `${right ? "Yes: peer" : `You said peer ${question.said}, but peer`} ${question.winner} leads. ${question.reason}`;
  }

  build(question) {
    this.shown = question;
    $("answers").replaceChildren(
      ...question.choices.map(({ n, facts }) => {
        const button = html("button", { type: "button", value: n }, null, `Peer ${n}`);
        if (facts) html("small", {}, button, " " + facts);
        button.addEventListener("click", () => {
          question.said = n;
          this.draw(view.i);
        });
        return button;
      }),
    );
  }
}
