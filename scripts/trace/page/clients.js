// Clients: what is known of each at any moment, and what they say, in words. A server writes these events down, so the
// times are the server's.

const TOLD_REQUESTS = 400; // of a run with more words of clients, only sessions and events are steps of the story

const NOBODY = { server: 0, state: "unborn", session: "", asks: null, saw: null };

function clients_of(run) {
  const names = run.clients || [];
  const clients = names.map((name, number) => ({ name, number, history: new History(NOBODY), words: [] }));
  for (const e of run.events) {
    if (e.k === undefined) continue;
    e.client = clients[e.k];
    e.client.words.push(e);
  }
  for (const client of clients) client.words = client.words.filter((e) => e.op !== "ping");
  run.talkative = clients.reduce((sum, client) => sum + client.words.length, 0) > TOLD_REQUESTS;
  run.nodes = new Nodes(run);
  return clients;
}

function level_of_client(e) {
  if (e.op === "ping") return 3;
  if (e.e === "session" || e.e === "watch") return 0;
  if (e.run.talkative) return 1;
  return e.e === "reply" || is_write(e) || e.op === "sync" || e.op === "createSession" ? 0 : 1;
}

const WRITES = new Set(["create", "create2", "createContainer", "createTtl", "delete", "setData", "setACL", "multi", "closeSession"]);

function is_write(e) {
  return WRITES.has(e.op);
}

/** A client's server, whether it is connected, what it asks and what it saw last. */
function follow_clients(run, e) {
  if (e.e === "crash" || e.e === "exit") {
    for (const { history } of run.clients)
      if (history.last.server === e.n && history.last.state === "connected") history.set(e.i, { ...history.last, state: "away", asks: null });
  }
  run.nodes.follow(e);
  if (!e.client || e.op === "ping") return;
  const { history } = e.client;
  const changes = changes_of_client(e, history.last);
  if (changes) history.set(e.i, { ...history.last, ...changes });
}

function changes_of_client(e, was) {
  const is_over = ["expired", "ended"].includes(was.state);
  switch (e.e) {
    case "request":
      if (e.op === "createSession") return { server: e.n, state: "asking", addr: e.addr, asks: e };
      return { asks: e };
    case "reply":
      return { asks: was.asks === e.mate ? null : was.asks, saw: e, state: e.op === "closeSession" ? "ended" : was.state };
    case "watch":
      return { saw: e };
    case "session":
      if (e.what === "opened") return { server: e.n, state: "connected", session: e.session, addr: e.addr, asks: null, saw: was.session === e.session ? was.saw : null };
      if (e.what === "expired") return { state: "expired", asks: null };
      if (e.what === "barred") return { state: was.session ? "away" : "ended", asks: null };
      if (e.what === "refused") return { state: "ended", asks: null };
      return is_over || was.addr !== e.addr ? null : { state: "away", asks: null };
    default:
      return null;
  }
}

/** The nodes that clients have made, as far as answers and events tell: path -> data, owner (of an ephemeral one), watchers.
 * The nodes of a session that has expired go with the next write that its leader commits. */
class Nodes {
  constructor(run) {
    this.history = new History([]);
    this.off = run.talkative;
    this.doomed = [];
  }

  follow(e) {
    if (this.off) return;
    if (e.e === "txn" && e.step === "committed" && this.doomed.some(({ n }) => n === e.n)) {
      this.drop((node) => this.doomed.some(({ session }) => is_of(node, session)), e);
      this.doomed = [];
    }
    if (!e.client || e.op === "ping") return;
    if (e.e === "reply" && e.mate) this.follow_reply(e, e.mate);
    else if (e.e === "watch") this.change(e.path, e, (node) => ({ ...node, watchers: node.watchers.filter((name) => name !== e.client.name) }));
    else if (e.e === "session" && e.what === "expired") {
      if (e.run.captured) this.drop((node) => is_of(node, e.session), e); // a film knows of no commit
      else this.doomed.push({ n: e.n, session: e.session });
      this.forget_watches(e);
    }
  }

  follow_reply(e, request) {
    if (request.how === "watch" && (e.err === 0 || e.err === -101))
      this.change(request.path, e, (node) => ({ ...node, there: e.err === 0, watchers: [...new Set([...node.watchers, e.client.name])] }));
    if (e.err) return;
    if (e.op.startsWith("create") && e.data)
      this.change(e.data, e, (node) => ({ ...node, there: true, data: request.data, numbered: /sequential/.test(request.how), owner: /ephemeral/.test(request.how) ? { name: e.client.name, session: e.session } : null }));
    if (e.op === "setData") this.change(request.path, e, (node) => ({ ...node, data: request.data }));
    if (e.op === "delete") this.drop((node) => node.path === request.path, e);
    if (e.op === "closeSession") {
      this.drop((node) => is_of(node, e.session), e);
      this.forget_watches(e);
    }
  }

  change(path, e, changed) {
    const old = this.history.last.find((node) => node.path === path) || { path, there: true, data: undefined, owner: null, watchers: [] };
    const rest = this.history.last.filter((node) => node !== old);
    this.set(e, [...rest, changed(old)]);
  }

  /** A node that somebody still waits for stays, as one that is not there. */
  drop(gone, e) {
    this.set(e, this.history.last.map((node) => (gone(node) ? { ...node, there: false, data: undefined, owner: null } : node)));
  }

  forget_watches(e) {
    this.set(e, this.history.last.map((node) => ({ ...node, watchers: node.watchers.filter((name) => name !== e.client.name) })));
  }

  /** Of several with numbers in one place, the smallest: in a lock or a queue it is its owner's turn. */
  static is_first(node, nodes) {
    const place = (path) => path.slice(0, path.lastIndexOf("/"));
    const rivals = nodes.filter((other) => other.there && other.numbered && place(other.path) === place(node.path));
    const number = (other) => other.path.slice(-10);
    return node.there && node.numbered && rivals.every((other) => number(node) <= number(other));
  }

  set(e, nodes) {
    const known = nodes.filter((node) => node.there || node.watchers.length).sort((a, b) => (a.path < b.path ? -1 : 1));
    this.history.set(e.i, known);
  }
}

function is_of(node, session) {
  return node.owner !== null && node.owner.session === session;
}

/** zxid -> what a write is for, and whose it is. */
function purposes_of(run) {
  const found = new Map();
  let ending = null; // a session that has expired
  for (const e of run.events) {
    if (e.e === "session" && e.what === "expired") ending = e.client;
    if (e.e === "txn" && e.step === "request" && e.zxid !== "0x0") {
      const ends = e.why === "closeSession" && ending;
      const what = e.why === "createSession" ? "a new session" : e.why;
      found.set(e.zxid, ends ? `the end of the session of ${ending.name}` : what);
      if (ends) ending = null;
    }
    if (e.e === "reply" && !e.err && e.mate && e.client && is_write(e))
      found.set(e.zxid, e.op === "closeSession" ? `the end of the session of ${e.client.name}` : `${asked(e.mate)}, for ${e.client.name}`);
  }
  return found;
}

// ---- words --------------------------------------------------------------------------------------

/** "/lock/n-0000000002" is too long for a picture: "/lock/n-…2". */
function short_path(path) {
  const text = path.replace(/0{5,}(?=\d)/g, "…");
  return text.length > 26 ? text.slice(0, 10) + "…" + text.slice(-14) : text;
}

const ASKS = {
  create: "create", create2: "create", createContainer: "create", createTtl: "create", delete: "delete", setData: "write",
  getData: "read", exists: "is there", getChildren: "list", getChildren2: "list", sync: "sync", closeSession: "goodbye",
  createSession: "hello", setWatches: "watch again", setWatches2: "watch again",
};

/** What a request wants, in a few words. */
function asked(e) {
  if (e.op === "createSession" && e.session !== "0x0") return "it is me again";
  if (e.op === "exists" || (e.how === "watch" && e.op !== "exists")) {
    const verb = e.how === "watch" ? "watch" : ASKS[e.op];
    return `${verb} ${short_path(e.path)}`;
  }
  const verb = ASKS[e.op] || e.op;
  const data = e.data && e.op !== "createSession" ? ` “${e.data}”` : "";
  return `${verb} ${short_path(e.path)}`.trim() + data;
}

const ERRORS = {
  "-101": "no such node", "-102": "not allowed", "-103": "another version", "-110": "exists already", "-111": "has children",
  "-112": "session ended", "-118": "session moved", "-119": "read-only", "-6": "unknown request", "-5": "unreadable",
};

/** What an answer says. */
function answered(e) {
  if (e.err) return ERRORS[e.err] || "error " + e.err;
  if (e.op.startsWith("create")) return "made " + short_path(e.data || "");
  if (e.op.startsWith("getChildren")) return e.data ? short_path(e.data) : "no children";
  if (e.op === "getData") return `“${e.data || ""}”`;
  if (e.op === "exists") return "it is there";
  if (e.op === "closeSession") return "goodbye";
  return "done";
}

const BECAME = { created: "was created", deleted: "was deleted", changed: "was changed", children: "has other children", removed: "is not watched any more" };

function became(e) {
  return `${short_path(e.path)} ${BECAME[e.what] || e.what}`;
}

/** What a client has seen last, for the line below its figure. */
function seen_words(e) {
  if (!e) return "";
  if (e.e === "watch") return "told: " + became(e);
  const path = e.mate ? short_path(e.mate.path) : "";
  if (!e.err && e.op.startsWith("create")) return "made " + short_path(e.data || path);
  if (e.op === "exists" && e.mate && e.mate.how === "watch") return `watches ${path}`;
  const verb = { getData: "read", setData: "wrote", delete: "deleted", sync: "synced", exists: "looked for", getChildren: "listed", getChildren2: "listed" }[e.op];
  if (!verb) return e.err ? answered(e) : "";
  const said = e.op === "setData" && !e.err && e.mate ? `“${e.mate.data || ""}”` : answered(e);
  return `${verb} ${path}: ${said}`;
}

// ---- sentences ----------------------------------------------------------------------------------

function who(e) {
  return e.client ? e.client.name : "A client";
}

const OF_CLIENTS = {
  session: (e) =>
    ({
      opened: () => {
        const before = e.run.clients.find((client) => client.words.some((other) => other.i < e.i && other.what === "opened" && other.session === e.session));
        if (!before) return `${who(e)} has a session at peer ${e.n}`;
        return before === e.client ? `The session of ${who(e)} goes on at peer ${e.n}` : `${who(e)} goes on with the session of ${before.name}, at peer ${e.n}`;
      },
      refused: () => `Peer ${e.n} refuses the session of ${who(e)}`,
      barred: () => `Peer ${e.n} turns ${who(e)} away`,
      left: () => `The connection of ${who(e)} with peer ${e.n} ends`,
      expired: () => `The session of ${who(e)} is over: it expires`,
    })[e.what](),
  request: (e) => `${who(e)} asks peer ${e.n}: ${full_request(e)}`,
  reply: (e) => `Peer ${e.n} answers ${who(e)}: ${full_answer(e)}`,
  watch: (e) => `Peer ${e.n} tells ${who(e)}: ${e.path} ${BECAME[e.what] || e.what}`,
};

function full_request(e) {
  if (e.op === "createSession") return e.session === "0x0" ? `a new session, please, of ${e.data}` : "I have a session already";
  const data = e.data === undefined ? "" : ` with “${e.data}”`;
  const how = !e.how ? "" : e.how === "watch" ? ", and tell me when that changes" : ` (${e.how})`;
  return `${e.op}${e.path ? " " + e.path : ""}${data}${how}`;
}

function full_answer(e) {
  if (e.err) return `${e.op}${e.mate && e.mate.path ? " " + e.mate.path : ""}: ${ERRORS[e.err] || "error " + e.err} (${e.err})`;
  const number = is_write(e) ? `, as write ${number_of(e.zxid)}` : "";
  if (e.op === "closeSession") return "your session is ended" + number;
  if (e.op.startsWith("create")) return `${e.data || "it"} is made${number}`;
  if (e.op === "exists") return `${e.mate ? e.mate.path : "it"} is there`;
  if (e.op.startsWith("getChildren")) return `in ${e.mate ? e.mate.path : "it"} there ${e.data ? "is " + e.data.replace(/ /g, ", ") : "is nothing"}`;
  if (e.op === "getData") return `in ${e.mate ? e.mate.path : "it"} there is “${e.data || ""}”`;
  return `${e.op}${e.mate && e.mate.path ? " " + e.mate.path : ""}: done${number}`;
}

const SESSION_LESSONS = {
  opened: () => "All peers know of it, for the beginning of a session is a write. The client must be heard again and again, or the session ends.",
  refused: () => "It must begin anew.",
  barred: () => "It ends the connection without a word, and the client must look for another peer.",
  left: (e) => {
    if (!e.client) return "";
    const was = e.client.history.when(e.i - 1);
    if (was.state === "ended") return "The session was ended before.";
    const unanswered = was.asks && was.addr === e.addr ? " What it asked last was not answered: it cannot know whether that was done." : "";
    return `The session lives on for its timeout (${span(e.ms * 1000)}): the client may be on its way to another peer.${unanswered}`;
  },
  expired: () => "Now the leader ends it. That is a write like any other, and all ephemeral nodes of the session go with it.",
};

/** What is special about a new node. */
function made_words(e) {
  const how = (e.mate && e.mate.how) || "";
  const number = /sequential/.test(how) ? "Its number comes from the leader, and nobody gets it twice. " : "";
  return number + (/ephemeral/.test(how) ? `It lives as long as the session of ${who(e)}. ` : "");
}

/** Those who wait for other nodes, and sleep on. */
function asleep_words(e) {
  const others = e.run.nodes.history.when(e.i).filter((node) => node.path !== e.path && node.watchers.length);
  if (!others.length || !e.client) return "";
  const told = others.map((node) => `${list(node.watchers)} ${node.watchers.length > 1 ? "wait" : "waits"} for ${short_path(node.path)}`);
  return ` Nobody else hears of it: ${told.join("; ")}.`;
}

function lesson_of_reply(e) {
  const { run } = e;
  const others = run.ids.filter((n) => n !== e.n && run.peer_at(n, e.i).alive && run.peer_at(n, e.i).applied);
  const zxid = (n) => Number(BigInt(run.peer_at(n, e.i).applied || 0) - BigInt(e.zxid));
  if (is_write(e) && !e.err) {
    const late = others.filter((n) => zxid(n) < 0);
    const told = made_words(e) + "A quorum has it on disk, and it is in the tree of this peer: so it cannot be lost.";
    return late.length ? `${told} In the tree of ${late.length > 1 ? "peers" : "peer"} ${list(late)} it is not yet: a client there still reads what was before.` : told;
  }
  if (e.op === "sync") return "All that the leader had committed before is here now, so the next read shows it.";
  const ahead = others.filter((n) => zxid(n) > 0);
  const read = "It reads in its own memory and asks nobody.";
  if (ahead.length && !is_write(e)) return `${read} In the tree of ${ahead.length > 1 ? "peers" : "peer"} ${list(ahead)} there is a later write already, of which this one has not heard.`;
  if (e.mate && e.mate.how === "watch" && e.op !== "getData") return `From now on peer ${e.n} remembers that ${who(e)} waits for a change, and will tell it once. No other peer knows of that.`;
  return is_write(e) ? "" : read;
}

const CLIENT_LESSONS = {
  session: (e) => (SESSION_LESSONS[e.what] || (() => ""))(e),
  request: (e) => {
    const lost = e.mate ? "" : "It is never answered. ";
    if (e.op === "createSession") return lost;
    if (is_write(e)) return lost + "A write goes to the leader, which asks all peers to put it on disk. The answer waits until a quorum has it.";
    if (e.op === "sync") return lost + "This goes to the leader and back, behind all that the leader has committed.";
    return lost + (e.how === "watch" ? "This peer alone remembers that. An event comes once." : "");
  },
  reply: lesson_of_reply,
  watch: (e) => `It had asked for that. The event comes once, and does not say what the node is like now.${asleep_words(e)}`,
};
