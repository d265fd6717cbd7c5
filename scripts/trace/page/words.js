// What happens and why, in sentences.

const PHASE_WORDS = {
  discovery: "discovery: the leader and its followers agree on an epoch that is newer than any of theirs",
  synchronization: "synchronization: each follower gets the leader's history",
  broadcast: "broadcast: the ensemble serves",
};

const PACKET_WORDS = {
  FOLLOWERINFO: "“I follow you; the newest epoch I have accepted is in here.”",
  OBSERVERINFO: "“I observe you; the newest epoch I have accepted is in here.”",
  LEADERINFO: "“This is our new epoch.”",
  ACKEPOCH: "“I accept the epoch; this is the end of my history.”",
  DIFF: "“You have nearly everything: here is the rest.”",
  TRUNC: "“You have more than I: cut the end off.”",
  SNAP: "“I send you everything that I have.”",
  NEWLEADER: "“You have my history now: take it as yours.”",
  UPTODATE: "“A quorum has it: serve.”",
  ACK: "“It is on my disk.”",
  PING: "“Are you there?”",
  PROPOSAL: "“Write this down.”",
  COMMIT: "“A quorum has it: apply it.”",
  INFORM: "“This is committed: apply it.”",
  REQUEST: "“A client of mine wants to write this.”",
};

const CONN_WORDS = {
  dial: (e) => `Peer ${e.n} dials ${whom(e.peer)}`,
  accept: (e) => `Peer ${e.n} accepts a connection` + (e.peer ? ` from peer ${e.peer}` : ""),
  keep: (e) => `Peer ${e.n} keeps the connection with ${whom(e.peer)}`,
  drop: (e) => `Peer ${e.n} drops a connection with ${whom(e.peer)}`,
  close: (e) => `Peer ${e.n}'s connection with ${whom(e.peer)} ends`,
  refused: (e) => `Peer ${e.n} cannot reach ${whom(e.peer)}`,
};

/** The steps of a write; z is its number in short. */
const TXN_WORDS = {
  request: (e, z) => (e.peer ? `${title(whom(e.peer))} passes a client's write on to peer ${e.n}` : `Peer ${e.n} prepares the write ${z}`),
  proposed: (e, z) => `Peer ${e.n} proposes ${z}${purpose(e)}`,
  logged: (e, z) => `Peer ${e.n} has ${z} on its disk`,
  acked: (e, z) => (!e.peer ? `Peer ${e.n} acknowledges ${z}` : e.peer === e.n ? `Peer ${e.n} counts its own log for ${z}` : `Peer ${e.n} counts the ACK of peer ${e.peer} for ${z}`),
  committed: (e, z) => `Peer ${e.n} commits ${z}${purpose(e)}`,
  applied: (e, z) => `Peer ${e.n} applies ${z}: it is in its tree`,
};

const SYNC_WORDS = {
  DIFF: "it sends what is missing (DIFF)",
  TRUNC: "it has the end of the log cut off (TRUNC)",
  SNAP: "it sends the whole tree (SNAP)",
};

/** What the write is for, where clients tell. */
function purpose(e) {
  const text = e.run.purposes.get(e.zxid);
  return text ? ": " + text : "";
}

function title(words) {
  return words[0].toUpperCase() + words.slice(1);
}

/** A zxid in short: 0x100000002 is the second of epoch 1, 1:2. */
function number_of(zxid) {
  const digits = zxid.replace(/^0x/, "").padStart(9, "0");
  return parseInt(digits.slice(0, -8), 16) + ":" + parseInt(digits.slice(-8), 16);
}

function whom(n) {
  return n ? "peer " + n : "somebody";
}

function list(ids) {
  return ids.length < 2 ? ids.join("") : ids.slice(0, -1).join(", ") + " and " + ids[ids.length - 1];
}

/** Microseconds as milliseconds. */
function millis(us, digits = 3) {
  const text = (us / 1000).toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A length of time in the unit that fits. */
function span(us) {
  if (us < 1000) return Math.round(us) + " µs";
  if (us < 1e6) return (us / 1000).toFixed(us < 1e5 ? 1 : 0) + " ms";
  return (us / 1e6).toFixed(2) + " s";
}

function speech(e) {
  const m = e.m || {};
  if (e.kind === "INITIAL") return `“I am ${m.sid}.”`;
  if (e.kind === "NOTIFICATION") return `“I am ${m.state}, my vote is ${m.leader < 0 ? "for nobody" : m.leader}, round ${m.round}.”`;
  return `${e.kind} ${PACKET_WORDS[e.kind] || ""}`.trim();
}


/** One line: what happens. */
function sentence(e) {
  if (OF_CLIENTS[e.e]) return OF_CLIENTS[e.e](e);
  switch (e.e) {
    case "boot":
      return `Peer ${e.n} starts`;
    case "crash":
      return `Peer ${e.n} is ${e.run.captured ? "gone" : "killed"}`;
    case "freeze":
      return `Peer ${e.n} is frozen from here on`;
    case "thaw":
      return `Peer ${e.n} thaws`;
    case "exit":
      return `Peer ${e.n} exits with ${e.code}`;
    case "state":
      return `Peer ${e.n} is ${e.s}`;
    case "vote":
      if (e.leader < 0) return `Peer ${e.n} observes: it proposes nobody in round ${e.r}`;
      return e.leader === e.n ? `Peer ${e.n} votes for itself in round ${e.r}` : `Peer ${e.n} changes its vote to ${e.leader} in round ${e.r}`;
    case "tally":
      if (!e.have.length) return `Peer ${e.n} has counted no vote for ${e.leader} yet`;
      return `Peer ${e.n} counts for ${e.leader}: ${list(e.have)}` + (e.quorum ? " – a quorum" : ", no quorum yet");
    case "wait":
      return e.final ? `Peer ${e.n} waits: do the next ${e.ms} ms bring a better vote?` : `Peer ${e.n} waits up to ${e.ms} ms for a vote`;
    case "decide":
      return e.leader === e.n ? `Peer ${e.n} settles: it leads` : `Peer ${e.n} settles on leader ${e.leader}`;
    case "conn":
      return (CONN_WORDS[e.what] || (() => `Peer ${e.n}: ${e.what}`))(e);
    case "send":
      if (e.ballot) return `${ballot(e)} (it tells ${whom(e.to)})`;
      return `${e.n} → ${e.to || "?"}  ${speech(e)}` + (e.mate ? "" : " – never read");
    case "recv":
      return `${e.n} ← ${e.mate ? e.mate.n : e.from || "?"}  ${speech(e)}`;
    case "enq":
      return `${e.thread} of ${e.n} puts ${element(e)} into ${e.queue}` + (e.dropped ? `; it overwrites number ${e.dropped}` : "");
    case "deq":
      return `${e.thread} of ${e.n} takes ${element(e.mate || e)} from ${e.queue}`;
    case "phase":
      return `Peer ${e.n} enters ${PHASE_WORDS[e.phase] || e.phase}`;
    case "epoch":
      return `Peer ${e.n} writes its ${e.which} epoch to disk: ${e.value}`;
    case "txn":
      return (TXN_WORDS[e.step] || (() => `Peer ${e.n}: ${e.step}`))(e, number_of(e.zxid));
    case "sync":
      return `Peer ${e.n} brings ${whom(e.peer)} up to date: ${SYNC_WORDS[e.mode] || e.mode}`;
    case "established":
      return e.leader === e.n ? `Peer ${e.n} is established as leader of epoch ${e.epoch}` : `Peer ${e.n} is up to date with leader ${e.leader}, epoch ${e.epoch}`;
    default:
      return `Peer ${e.n}: ${e.e}`;
  }
}

/** A vote that a film knows of because it is told to somebody. */
function ballot(e) {
  if (e.m.leader === e.n) return `Peer ${e.n} votes for itself in round ${e.m.round}`;
  return `Peer ${e.n} ${e.ballot.changed ? "changes its vote to" : "votes for"} ${e.m.leader} in round ${e.m.round}`;
}

/** An element of a queue: its number and, where it is known, what it says. */
function element(e) {
  if (!e.holds) return "number " + e.seq;
  return `“${e.holds.text}”` + (e.holds.from !== e.n ? ` of ${e.holds.from}` : "");
}

/** For the caption, a message is a whole sentence. */
function caption(e) {
  if (e.ballot) return sentence(e);
  if (e.e === "send") return `Peer ${e.n} tells ${whom(e.to)}: ${speech(e)}`;
  if (e.e === "recv") return `Peer ${e.n} hears from ${whom(e.mate ? e.mate.n : e.from)}: ${speech(e)}`;
  return sentence(e);
}

/** A sentence or two: why, and what to learn from it. That a film was seen on the wire need not be said each time. */
function because(e) {
  const told = (e.why || "").replace(/^seen on the wire(: )?/, "");
  const why = told ? told[0].toUpperCase() + told.slice(1) + (/[.?!]$/.test(told) ? "" : ".") : "";
  return [why, lesson(e)].filter(Boolean).join(" ");
}

const OWN_VOTE =
  "Its own vote is not counted yet: a peer sends its vote to itself through the same queues as everybody else's, and counts" +
  " it when it comes out of recvqueue (K-10).";

const LESSONS = {
  boot: () => "It is LOOKING: it knows of no leader and asks the others.",
  crash: () => "Its connections break, and so the others notice at once.",
  freeze: () =>
    "It reads nothing and says nothing, but it does not die. The others notice only when it has been silent for too long.",
  thaw: () => "It goes on where it stopped. It does not know yet what the others have done in the meantime.",
  state: (e) => {
    if (e.s === "LOOKING") return "It has no leader, and asks the others for their votes.";
    if (e.s === "LEADING") return "It opens its quorum port. Before it may lead, a quorum must come and accept its epoch.";
    return "It dials the leader's quorum port and asks to be brought up to date.";
  },
  vote: (e) =>
    e.leader < 0 || e.leader === e.n
      ? "It tells all the others."
      : "Votes are compared by epoch, then by zxid, then by id. A peer that changes its mind tells all the others.",
  tally: lesson_of_tally,
  wait: (e) =>
    e.final
      ? "A peer that decided at once could follow the second best. If a better vote comes in time, the peer takes it and counts anew."
      : "Any message ends this wait. If none comes, the peer says its vote again and waits twice as long.",
  decide: (e) =>
    e.waited || e.run.captured
      ? "For this peer the election is over."
      : "It was told a result, so there is nothing to wait for: for this peer the election is over.",
  send: (e) => {
    if (e.ballot && e.ballot.changed) return "It has heard a better vote. Votes are compared by epoch, then by zxid, then by id.";
    if (e.ballot && e.m.leader !== e.n) return "It has heard a better vote before it said its own.";
    if (e.mate) return e.run.captured ? "" : `The message takes ${span(e.mate.t - e.t)} to arrive.`;
    if (e.run.fate(e) === "frozen") return `It waits unread at peer ${e.to}, which is frozen.`;
    return e.run.fate(e) === "ended" ? "The connection ends before anybody reads it." : "Nobody has read it when the trace ends.";
  },
  recv: (e) => {
    if (!e.mate) return "The peer that sent it has no trace here.";
    if (e.t - e.mate.t > LONG_WAY_US) return `It was sent ${span(e.t - e.mate.t)} ago.`;
    return e.run.captured ? "A capture shows when it was sent; when it was read is a guess." : `It took ${span(e.t - e.mate.t)} to arrive.`;
  },
  enq: (e) =>
    e.dropped ? "This queue holds one message for each server: only the newest vote matters." : `Now ${e.len} wait${e.len === 1 ? "s" : ""} there.`,
  deq: (e) => (e.mate ? `It waited ${span(e.t - e.mate.t)}. ` : "") + (e.len ? `${e.len} still wait${e.len === 1 ? "s" : ""}.` : "The queue is empty now."),
  conn: (e) => (e.what === "drop" ? "A pair needs one connection only; the peer with the larger id dials it." : ""),
  epoch: (e) => (e.which === "accepted" ? "It will never again follow a leader of an older epoch." : "It has the history of this epoch."),
  established: () => "The ensemble has a leader with a quorum behind it.",
  txn: (e) => (TXN_LESSONS[e.step] || (() => ""))(e),
  sync: (e) => (e.mode === "TRUNC" ? "No client was told that those writes had succeeded, so nothing is lost that was promised." : ""),
};

const TXN_LESSONS = {
  proposed: () => "From here on it counts who has it on disk. No client is told anything yet.",
  logged: () => "Writes that wait together share one fsync.",
  acked: (e) => (e.peer ? "" : "This is a promise: whatever happens now, this server has it."),
  committed: (e) => (e.peer_leads ? "Any later leader needs a quorum, and the two quorums share a server, so this write cannot be lost any more." : ""),
};

const LONG_WAY_US = 50000;

function lesson(e) {
  return (LESSONS[e.e] || CLIENT_LESSONS[e.e] || (() => ""))(e);
}

function lesson_of_tally(e) {
  if (e.settled && e.quorum && e.decides)
    return "These are no candidates' votes: the peers have decided already, and the leader itself says that it leads. Nothing better can be on its way, so no wait is needed.";
  if (e.settled) return "The peers that it hears have decided already. It joins them when a quorum follows that leader, and the leader says so itself.";
  if (e.quorum) return "More than half agree, so no other candidate can get a quorum of these votes. But a better vote may still be on its way.";
  if (e.own_missing) return OWN_VOTE;
  return "It counts one vote for each peer, the latest that it has heard, and goes on listening.";
}
