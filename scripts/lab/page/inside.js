// A peer from the inside: what it waits for and how much of that is left, its disk, and what is on its cables.

/** What the pictures of the replay page say, in both languages. */
const PICTURE_WORDS = {
  en: { states: { ...STATE_WORDS }, ring: { ...RING_WORDS }, lanes: { ...LANE_WORDS } },
  zh: {
    states: { DOWN: "已停止", UNHEARD: "未听到", UNKNOWN: "状态未见", FROZEN: "已冻结" },
    ring: {
      peer: (n) => "节点 " + n,
      vote: (n) => (n < 0 ? "无选票" : "投 " + n),
      says: (n) => (n < 0 ? "无选票" : "投 " + n),
      round: (n) => `第 ${n} 轮`,
      phase: (name) => PHASE_NAMES_ZH[name] || name,
      written: (disk, tree) => `磁盘 ${disk} · 数据树 ${tree}`,
      counts: (ids, leader, quorum) => `数到投给 ${leader} 的票：${list_zh(ids)}${quorum ? ",法定人数" : ""}`,
    },
    lanes: { peer: "节点", waiting: "等待", waits: "等待", true_time: "实际时间" },
  },
};

// What the ensembles of the simulator are configured with (tests/sim/cluster.c).
const TICK_MS = 2000;
const INIT_LIMIT_MS = 10 * TICK_MS;
const SYNC_LIMIT_MS = 5 * TICK_MS;

// By the beginnings of names: the system keeps 15 letters of each.
const CLOCKS_OF_THREADS = { ConnnectionExpi: "clock_connections", SessionTracker: "clock_sessions", ContainerManage: "clock_containers" };

/** {what, most_ms} of a timed wait of a thread of this peer: a name in TEXTS, and how long it is at its longest. */
function clock_of(thread, peer) {
  const left_ms = thread.left_us / 1000;
  if (thread.name.startsWith("LearnerHandler")) return limit_clock(left_ms, peer.established);
  if (!thread.name.startsWith("QuorumPeer")) {
    const known = Object.keys(CLOCKS_OF_THREADS).find((beginning) => thread.name.startsWith(beginning));
    return { what: known ? CLOCKS_OF_THREADS[known] : "clock_other", most_ms: left_ms };
  }
  if (peer.state === "LOOKING" && peer.wait)
    return { what: peer.wait.final ? "clock_final" : "clock_notification", most_ms: Math.max(peer.wait.ms, left_ms) };
  if (peer.state === "LEADING")
    return peer.established ? { what: "clock_ping", most_ms: TICK_MS / 2 } : { what: "clock_init", most_ms: INIT_LIMIT_MS };
  return limit_clock(left_ms, peer.established);
}

function limit_clock(left_ms, established) {
  return established && left_ms <= SYNC_LIMIT_MS
    ? { what: "clock_sync", most_ms: SYNC_LIMIT_MS }
    : { what: "clock_init", most_ms: INIT_LIMIT_MS };
}

/** A row for each clock that runs: its name, a bar, how much is left, and whose it is. */
function draw_clocks(list, threads, peer) {
  while (list.children.length < threads.length) {
    const item = html("li", {}, list);
    item.parts = [html("b", {}, item), html("progress", {}, item), html("span", { class: "what" }, item), html("small", {}, item)];
  }
  while (list.children.length > threads.length) list.lastChild.remove();
  threads.forEach((thread, k) => {
    const { what, most_ms } = clock_of(thread, peer);
    const [name, bar, left, owner] = list.children[k].parts;
    put(name, "text", tr(what));
    put(bar, "max", Math.max(1, most_ms));
    put(bar, "value", Math.max(0, thread.left_us / 1000));
    put(bar, "aria-label", tr(what));
    put(left, "text", `${tr("clock_left")} ${span(thread.left_us)} / ${span(most_ms * 1000)}`);
    put(owner, "text", thread.name.split("[")[0].replace(/-$/, ""));
  });
}

/** Rows of words; drawn anew only if they have changed. */
function fill_list(list, rows) {
  const key = JSON.stringify(rows);
  if (list.key === key) return;
  list.key = key;
  list.replaceChildren(...rows.map(([name, a, b, style]) => {
    const item = html("li", style ? { class: style } : {});
    html("b", {}, item, name);
    html("span", { class: "what" }, item, a);
    html("span", { class: "what" }, item, b);
    return item;
  }));
}

function draw_disk(list) {
  fill_list(list, lab.world.disk(lab.chosen).map(({ path, size, safe }) => {
    const text = /Epoch$/.test(path) ? " = " + lab.world.file(lab.chosen, path) : "";
    return [path.replace(/.*\//, "") + text, `${size} B`, safe ? tr("safe") : tr("unsafe"), safe ? "" : "unsafe"];
  }));
}

function draw_network(list) {
  fill_list(list, lab.world.network().filter(({ from, to }) => from !== to).map(({ from, to, bytes, arrives_us }) =>
    [`${from} → ${to}`, `${bytes} B`, arrives_us === null ? tr("held") : span(arrives_us), arrives_us === null ? "unsafe" : ""]));
}

function draw_looks() {
  const peer = lab.run.peers.get(lab.chosen).last;
  put($("inside_of"), "text", `${tr("peer")} ${lab.chosen}`);
  draw_clocks($("timers"), lab.world.threads(lab.chosen).filter((thread) => thread.left_us !== null), peer);
  draw_disk($("disk"));
  draw_network($("network"));
  for (const name of ["timers", "disk", "network"]) put($(name + "_none"), "hidden", $(name).children.length > 0);
}

/** The peer's queues and threads, in the language of the page. */
class LabInspector extends Inspector {
  rebuild(run, n, chapter) {
    super.rebuild(run, n, chapter);
    if (language !== "zh") return;
    for (const node of this.host.querySelectorAll("dt, h3, li.note")) node.textContent = INSIDE_ZH[node.textContent] || node.textContent;
  }

  draw(run, n, i) {
    if (this.language !== language) this.key = "";
    this.language = language;
    super.draw(run, n, i);
    if (language === "zh") put(this.title, "text", `节点 ${n}：${state_word(run.peer_at(n, i).state)}`);
  }

  facts_of(peer) {
    const facts = super.facts_of(peer);
    if (language !== "zh") return facts;
    facts[2] = peer.have.length ? `${list_zh(peer.have)} 投给 ${peer.tallyFor}` + (peer.quorum ? "：法定人数" : "") : "–";
    facts[3] = peer.wait && peer.state === "LOOKING" ? `最多 ${peer.wait.ms} 毫秒` : "–";
    return facts;
  }

  draw_queue(row, run, n, i) {
    super.draw_queue(row, run, n, i);
    if (language === "zh") put(row.note, "text", row.note.textContent.replace("empty", "空").replace(/(\d+) overwritten/, "$1 条被覆盖").replace("now!", "就在此刻！"));
  }

  draw_thread(row, i) {
    super.draw_thread(row, i);
    if (language !== "zh") return;
    const count = countUpTo(row.events, i, (e) => e.i);
    const e = count ? row.events[count - 1] : null;
    put(row.what, "text", e ? `${millis(e.t, 2)} ${caption_zh(e)}` : "还没有");
  }
}
