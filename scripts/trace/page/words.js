// What happens and why, in sentences.

const PHASE_WORDS = {
  discovery: "discovery: leader and followers agree on an epoch that is newer than any they have seen",
  synchronization: "synchronization: every follower gets the leader's history",
  broadcast: "broadcast: the ensemble serves",
};

const PACKET_WORDS = {
  FOLLOWERINFO: "“I follow you; the newest epoch I have accepted is in here.”",
  OBSERVERINFO: "“I observe you; the newest epoch I have accepted is in here.”",
  LEADERINFO: "“This is our new epoch.”",
  ACKEPOCH: "“I accept the epoch; this is the end of my history.”",
  DIFF: "“You have nearly all: here is the rest.”",
  TRUNC: "“You have too much: cut this off.”",
  SNAP: "“You lack too much: here is everything.”",
  NEWLEADER: "“You have my history now: take it as yours.”",
  UPTODATE: "“A quorum has it: serve.”",
  ACK: "“It is on my disk.”",
  PING: "“Are you there?”",
  PROPOSAL: "“Write this down.”",
  COMMIT: "“A quorum has it: apply it.”",
};

const CONN_WORDS = {
  dial: (e) => `Peer ${e.n} dials ${whom(e.peer)}`,
  accept: (e) => `Peer ${e.n} accepts a call` + (e.peer ? ` of peer ${e.peer}` : ""),
  keep: (e) => `Peer ${e.n} keeps the connection with ${whom(e.peer)}`,
  drop: (e) => `Peer ${e.n} hangs up on ${whom(e.peer)}`,
  close: (e) => `Peer ${e.n}'s connection with ${whom(e.peer)} ends`,
  refused: (e) => `Peer ${e.n} cannot reach ${whom(e.peer)}`,
};

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
  if (e.kind === "NOTIFICATION") return `“I am ${m.state}, my vote is ${m.leader}, round ${m.round}.”`;
  return `${e.kind} ${PACKET_WORDS[e.kind] || ""}`.trim();
}

/** Was it inferred from a capture, which knows less than the peer? */
function seen(e) {
  return (e.why || "").startsWith("seen on the wire");
}

/** One line: what happens. */
function sentence(e) {
  switch (e.e) {
    case "boot":
      return `Peer ${e.n} starts`;
    case "crash":
      return `Peer ${e.n} is ${seen(e) ? "gone" : "killed"}`;
    case "exit":
      return `Peer ${e.n} exits with ${e.code}`;
    case "state":
      return `Peer ${e.n} is ${e.s}`;
    case "vote":
      return e.leader === e.n ? `Peer ${e.n} votes for itself in round ${e.r}` : `Peer ${e.n} changes its vote to ${e.leader} in round ${e.r}`;
    case "tally":
      if (!e.have.length) return `Peer ${e.n} has no vote for ${e.leader} yet`;
      return `Peer ${e.n} counts for ${e.leader}: ${list(e.have)}` + (e.quorum ? " – a quorum" : ", no quorum yet");
    case "wait":
      return e.final ? `Peer ${e.n} waits: do the next ${e.ms} ms bring a better vote?` : `Peer ${e.n} waits up to ${e.ms} ms for a vote`;
    case "decide":
      return e.leader === e.n ? `Peer ${e.n} settles: it leads` : `Peer ${e.n} settles on leader ${e.leader}`;
    case "conn":
      return (CONN_WORDS[e.what] || (() => `Peer ${e.n}: ${e.what}`))(e);
    case "send":
      return `${e.n} → ${e.to || "?"}  ${speech(e)}` + (e.mate ? "" : " – never arrives");
    case "recv":
      return `${e.n} ← ${e.mate ? e.mate.n : e.from || "?"}  ${speech(e)}`;
    case "enq":
      return `${e.thread} of ${e.n} puts ${element(e)} into ${e.queue}` + (e.dropped ? `, overwriting number ${e.dropped}` : "");
    case "deq":
      return `${e.thread} of ${e.n} takes ${element(e.mate || e)} from ${e.queue}`;
    case "phase":
      return `Peer ${e.n} enters ${PHASE_WORDS[e.phase] || e.phase}`;
    case "epoch":
      return `Peer ${e.n} writes its ${e.which} epoch to disk: ${e.value}`;
    case "established":
      return e.leader === e.n ? `Peer ${e.n} is established as leader of epoch ${e.epoch}` : `Peer ${e.n} is up to date with leader ${e.leader}, epoch ${e.epoch}`;
    default:
      return `Peer ${e.n}: ${e.e}`;
  }
}

/** An element of a queue: its number and, where it is known, what it says. */
function element(e) {
  if (!e.holds) return "number " + e.seq;
  return `“${e.holds.text}”` + (e.holds.from !== e.n ? ` of ${e.holds.from}` : "");
}

/** For the caption, a message is a whole sentence. */
function caption(e) {
  if (e.e === "send") return `Peer ${e.n} tells ${whom(e.to)}: ${speech(e)}`;
  if (e.e === "recv") return `Peer ${e.n} hears from ${whom(e.mate ? e.mate.n : e.from)}: ${speech(e)}`;
  return sentence(e);
}

/** A sentence or two: why, and what to learn from it. */
function because(e) {
  const why = e.why ? e.why[0].toUpperCase() + e.why.slice(1) + (/[.?!]$/.test(e.why) ? "" : ".") : "";
  return [why, lesson(e)].filter(Boolean).join(" ");
}

function lesson(e) {
  switch (e.e) {
    case "boot":
      return "It is LOOKING: it knows of no leader and asks the others.";
    case "crash":
      return "Its connections break, and so the others notice.";
    case "state":
      if (e.s === "LOOKING") return "It has no leader (any more), and asks everybody for a vote.";
      if (e.s === "LEADING") return "It opens its quorum port; before it may lead, a quorum must come and accept its epoch.";
      return "It dials the leader's quorum port and asks to be brought up to date.";
    case "vote":
      return e.leader === e.n
        ? "It tells everybody."
        : "Votes are compared by epoch, then zxid, then id. Having changed its mind, it tells everybody.";
    case "tally":
      return e.quorum
        ? "More than half agree, so no other can get a quorum of these votes – but a better vote may still be on its way."
        : "One vote a peer, the latest that was heard; it goes on listening.";
    case "wait":
      return e.final
        ? "A peer that decided at once could follow the second best. A better vote that comes in time is taken, and counting goes on."
        : "Whatever comes ends the wait. If nothing comes, it says its vote again and waits twice as long.";
    case "decide":
      return "For this peer the election is over.";
    case "send":
      if (e.run.captured) return e.mate ? "" : "Its reader had ended the connection.";
      return e.mate ? `It takes ${span(e.mate.t - e.t)} to arrive.` : "The connection ended first.";
    case "recv":
      if (e.run.captured) return "The capture shows when it was sent, not when it was read.";
      return e.mate ? `It was under way for ${span(e.t - e.mate.t)}.` : "Who sent it has no trace here.";
    case "enq":
      return e.dropped ? "This queue holds one message for each server: only the newest vote matters." : `Now ${e.len} wait${e.len === 1 ? "s" : ""} there.`;
    case "deq":
      return (e.mate ? `It waited ${span(e.t - e.mate.t)}. ` : "") + (e.len ? `${e.len} still wait${e.len === 1 ? "s" : ""}.` : "The queue is empty now.");
    case "conn":
      return e.what === "drop" ? "One connection is enough for a pair, and the larger id dials it." : "";
    case "epoch":
      return e.which === "accepted" ? "It will never again follow a leader of an older epoch." : "It has the history of this epoch.";
    case "established":
      return "The ensemble has a leader that a quorum stands behind.";
    default:
      return "";
  }
}
