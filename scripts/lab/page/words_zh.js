// The captions in Chinese: the same cases as words.js, which has them in English. Names of states, packets
// and queues stay as they are in ZooKeeper.

const PHASES_ZH = {
  discovery: "发现阶段：领导者与跟随者商定一个比所有人见过的都新的 epoch",
  synchronization: "同步阶段：每个跟随者获得领导者的历史",
  broadcast: "广播阶段：集群提供服务",
};

const PHASE_NAMES_ZH = { discovery: "发现", synchronization: "同步", broadcast: "广播" };

const PACKETS_ZH = {
  FOLLOWERINFO: "“我跟随你；这是我接受过的最新 epoch。”",
  OBSERVERINFO: "“我观察你；这是我接受过的最新 epoch。”",
  LEADERINFO: "“这是我们的新 epoch。”",
  ACKEPOCH: "“我接受这个 epoch；这是我历史的末尾。”",
  DIFF: "“你差不多齐了：这是余下的部分。”",
  TRUNC: "“你多出一些：把它截掉。”",
  SNAP: "“你缺得太多：这是全部。”",
  NEWLEADER: "“你已有我的历史：把它当作你自己的。”",
  UPTODATE: "“法定人数已拥有：开始服务。”",
  ACK: "“已写到我的磁盘上。”",
  PING: "“你在吗？”",
  PROPOSAL: "“把它写下来。”",
  COMMIT: "“法定人数已拥有：应用它。”",
};

const CONN_ZH = {
  dial: (e) => `节点 ${e.n} 呼叫${whom_zh(e.peer)}`,
  accept: (e) => `节点 ${e.n} 接受了${e.peer ? whom_zh(e.peer) + " 的" : "一个"}连接`,
  keep: (e) => `节点 ${e.n} 保留与${whom_zh(e.peer)} 的连接`,
  drop: (e) => `节点 ${e.n} 挂断${whom_zh(e.peer)}`,
  close: (e) => `节点 ${e.n} 与${whom_zh(e.peer)} 的连接结束`,
  refused: (e) => `节点 ${e.n} 无法连到${whom_zh(e.peer)}`,
};

/** The reasons that the trace gives, which are English. tests/process/lab/words.js collects them from the sources
 * of C and asks for each one whether it is here. */
const REASONS_ZH = [
  [/^a new round begins; every peer first votes for itself$/, "新的一轮开始；每个节点先投自己"],
  [/^a new round begins; an observer has no candidate of its own$/, "新的一轮开始；观察者没有自己的候选人"],
  [/^peer (\S+) votes for (\S+); the histories are the same, so the larger id decides$/, "$1 投 $2：历史相同，由较大的编号决定"],
  [/^peer (\S+) votes for (\S+), whose epoch (\S+) is higher than (\S+)$/, "$1 投 $2，其 epoch $3 高于 $4"],
  [/^peer (\S+) votes for (\S+), which has the longer history: (\S+) against (\S+)$/, "$1 投 $2，后者的历史更长：$3 对 $4"],
  [/^peer (\S+) votes for (\S+); an observer has no candidate of its own$/, "$1 投 $2：观察者没有自己的候选人"],
  [/^peer (\S+) is in a later round; this peer joins it and votes for itself again$/, "$1 已在更新的一轮：本节点加入那一轮，重新先投自己"],
  [/^a quorum agrees; a better vote may still come$/, "法定人数意见一致；也许还会有更好的选票"],
  [/^a quorum agrees, and 200 ms have brought no better vote$/, "法定人数意见一致，200 毫秒内没有更好的选票"],
  [/^a quorum of this round has decided, and the leader itself says that it leads$/, "本轮的法定人数已做出决定，领导者自己也说它在领导"],
  [/^a quorum follows this leader, and the leader itself says that it leads$/, "法定人数跟随这位领导者，领导者自己也说它在领导"],
  [/^it waits for the next vote; if none comes, it says its own again$/, "等下一张选票；等不到就重发自己的选票"],
  [/^its term has ended, so it looks for a leader$/, "它的任期结束了，于是重新寻找领导者"],
  [/^there is no connection to it yet$/, "与它还没有连接"],
  [/^this learner joins its leader at the quorum port$/, "它在仲裁端口加入领导者"],
  [/^a learner calls at the quorum port$/, "有节点呼叫仲裁端口"],
  [/^no server answers at this address$/, "这个地址没有服务器应答"],
  [/^this peer has the smaller sid, so the other side will dial it$/, "自己的编号较小：由对方来连接"],
  [/^its sid is smaller, so this peer dials it instead$/, "对方的编号较小：改由自己去连接"],
  [/^the server with the larger sid has dialled it$/, "这条连接由编号较大的一方发起"],
  [/^a later connection with this server is in place$/, "与这个服务器已有更晚的连接"],
  [/^this learner has left its leader$/, "它离开了领导者"],
  [/^the connections of this election are shut down$/, "选举用的连接全部关闭"],
  [/^the other side has called again$/, "对方重新连接了"],
  [/^a newer connection has replaced it$/, "已被更新的连接取代"],
  [/^the system gives no thread for it$/, "没有线程可以服务它"],
  [/^its RecvWorker can read no more$/, "它的 RecvWorker 无法再读"],
  [/^its SendWorker can write no more$/, "它的 SendWorker 无法再写"],
  [/^the socket has been shut down$/, "套接字已被关闭"],
  [/^the far end closed the connection$/, "对端关闭了连接"],
  [/^timed out$/, "超时"],
  [/^this side closed it$/, "本端关闭了连接"],
  [/^malformed message$/, "消息格式错误"],
  [/^the host name cannot be resolved$/, "无法解析主机名"],
  [/^Connection reset by peer$/, "连接被对端重置"],
  [/^Connection refused$/, "连接被拒绝"],
  [/^the oracle gives the lead to the other server$/, "仲裁文件（oracle）让另一个服务器领导"],
  [/^no other peer answers, and the oracle makes this vote a quorum$/, "没有别的节点应答，而仲裁文件（oracle）允许它领导"],
  [/^Timeout while waiting for epoch from quorum$/, "等待法定人数给出 epoch 时超时"],
  [/^no epoch is above its acceptedEpoch (\S+)$/, "没有比它的 acceptedEpoch（$1）更大的 epoch"],
  [/^Timeout while waiting for epoch to be acked by quorum$/, "等待法定人数确认 epoch 时超时"],
  [/^Timeout while waiting for NEWLEADER to be acked by quorum$/, "等待法定人数确认 NEWLEADER 时超时"],
  [/^Follower is ahead of the leader: its current epoch (\S+), last zxid (\S+)$/, "跟随者比领导者更新：它的 currentEpoch 为 $1，最后的 zxid 为 $2"],
  [/^Follower is ahead of the leader \(has a later activated configuration\)$/, "跟随者比领导者更新（它的配置版本更高）"],
  [/^too many concurrent sync\.$/, "同时进行的同步太多"],
  [/^PING without a list of sessions$/, "PING 缺少会话列表"],
  [/^REVALIDATE without a session$/, "REVALIDATE 缺少会话"],
  [/^REQUEST without session, cxid and opcode$/, "REQUEST 缺少会话、cxid 和操作码"],
  [/^ACKEPOCH without a current epoch$/, "ACKEPOCH 缺少 currentEpoch"],
  [/^the tree of this server has it, so readers see it now$/, "本节点的数据树已有它，读者现在就能看到"],
  [/^its fsync has returned, so it survives a power loss$/, "它的 fsync 已返回，断电也不会丢失"],
  [/^the leader says that a quorum has it on disk$/, "领导者说法定人数已把它写到磁盘"],
  [/^the leader tells observers only what is committed$/, "领导者只把已提交的告诉观察者"],
  [/^it is on this server's disk, and the leader may count it$/, "它已在本节点的磁盘上，领导者可以计入"],
  [/^a quorum has it on disk$/, "法定人数已把它写到磁盘"],
  [/^that server has it on disk$/, "那个服务器已把它写到磁盘"],
  [/^it goes to all followers and to our own log$/, "它发给所有跟随者，也写进自己的日志"],
  [/^one of its clients wants to write$/, "它的一个客户端要写入"],
  [/^it stands where the leader stands$/, "它与领导者处于同一位置"],
  [/^it has transactions that no quorum has$/, "它有一些法定人数没有的事务"],
  [/^what it lacks is in memory$/, "它缺少的都在内存里"],
  [/^what it lacks is in the files of the log and in memory$/, "它缺少的在日志文件和内存里"],
  [/^what it lacks is neither in memory nor in the files that may be read$/, "它缺少的既不在内存里，也不在可读的日志文件里"],
  [/^its place is not in the history that is at hand$/, "它的位置不在现有的历史里"],
  [/^a TRUNC would cross the border of an epoch$/, "TRUNC 会跨越 epoch 的边界"],
  [/^zookeeper\.forceSnapshotSync says so$/, "zookeeper.forceSnapshotSync 这样要求"],
  [/^from now on this server speaks for the session$/, "从现在起由这个节点为该会话服务"],
  [/^there is no such session, or the password is another one$/, "没有这个会话，或者密码不对"],
  [/^this server takes no such client now$/, "这个节点现在不接受这样的客户端"],
  [/^no server has heard from the client for the whole timeout$/, "在整个超时时间内没有节点收到该客户端的消息"],
  [/^it was asked to stop$/, "按要求停止"],
  [/^its log names the reason$/, "原因见日志"],
  [/^you killed it: its system closes its connections$/, "你杀死了它：操作系统会关闭它的连接"],
  [/^you cut its power: nobody is told of it$/, "你切断了它的电源：没有谁得到通知"],
  [/^you froze it$/, "你冻结了它"],
  [/^you let it go on$/, "你让它继续运行"],
];

function whom_zh(n) {
  return n ? `节点 ${n}` : "某个节点";
}

function list_zh(ids) {
  return ids.join("、");
}

function speech_zh(e) {
  const m = e.m || {};
  if (e.kind === "INITIAL") return `“我是 ${m.sid}。”`;
  if (e.kind === "NOTIFICATION") return `“我是 ${m.state}，我投 ${m.leader < 0 ? "空票" : m.leader}，第 ${m.round} 轮。”`;
  return `${e.kind} ${PACKETS_ZH[e.kind] || ""}`.trim();
}

const TXN_ZH = {
  request: (e, z) => (e.peer ? `节点 ${e.peer} 把客户端的写入转给节点 ${e.n}` : `节点 ${e.n} 准备写入 ${z}`),
  proposed: (e, z) => `节点 ${e.n} 提议 ${z}`,
  logged: (e, z) => `${z} 已在节点 ${e.n} 的磁盘上`,
  acked: (e, z) => (!e.peer ? `节点 ${e.n} 确认 ${z}` : e.peer === e.n ? `节点 ${e.n} 计入自己的日志：${z}` : `节点 ${e.n} 计入节点 ${e.peer} 对 ${z} 的确认`),
  committed: (e, z) => `节点 ${e.n} 提交 ${z}`,
  applied: (e, z) => `节点 ${e.n} 把 ${z} 写入数据树`,
};

const SESSION_ZH = {
  opened: (e) => `会话 ${e.session} 在节点 ${e.n} 上`,
  refused: (e) => `节点 ${e.n} 拒绝会话 ${e.session}`,
  barred: (e) => `节点 ${e.n} 不接受会话 ${e.session} 的客户端`,
  left: (e) => `会话 ${e.session} 与节点 ${e.n} 的连接结束`,
  expired: (e) => `会话 ${e.session} 过期`,
};

const WATCH_ZH = { created: "已创建", deleted: "已删除", changed: "已改变", children: "的子节点已改变", removed: "的监视已取消" };

const SENTENCES_ZH = {
  boot: (e) => `节点 ${e.n} 启动`,
  crash: (e) => `节点 ${e.n} 被终止`,
  freeze: (e) => `节点 ${e.n} 被冻结`,
  thaw: (e) => `节点 ${e.n} 解冻`,
  exit: (e) => `节点 ${e.n} 退出，代码 ${e.code}`,
  state: (e) => `节点 ${e.n} 进入 ${e.s}`,
  vote: (e) => e.leader < 0 ? `节点 ${e.n} 是观察者，在第 ${e.r} 轮不提名任何节点` : (e.leader === e.n ? `节点 ${e.n} 在第 ${e.r} 轮投自己` : `节点 ${e.n} 在第 ${e.r} 轮改投 ${e.leader}`),
  tally: (e) =>
    e.have.length === 0
      ? `节点 ${e.n} 还没有数到投给 ${e.leader} 的票`
      : `节点 ${e.n} 数到投给 ${e.leader} 的票：${list_zh(e.have)}` + (e.quorum ? " – 法定人数" : "，还不够"),
  wait: (e) => (e.final ? `节点 ${e.n} 等待：接下来 ${e.ms} 毫秒会有更好的选票吗？` : `节点 ${e.n} 等选票，最多 ${e.ms} 毫秒`),
  decide: (e) => (e.leader === e.n ? `节点 ${e.n} 定下：自己领导` : `节点 ${e.n} 定下领导者 ${e.leader}`),
  conn: (e) => (CONN_ZH[e.what] || (() => `节点 ${e.n}：${e.what}`))(e),
  send: (e) => `节点 ${e.n} 告诉${whom_zh(e.to)}：${speech_zh(e)}`,
  recv: (e) => `节点 ${e.n} 从${whom_zh(e.mate ? e.mate.n : e.from)}听到：${speech_zh(e)}`,
  enq: (e) => `节点 ${e.n} 的 ${e.thread} 把 ${element_zh(e)} 放入 ${e.queue}` + (e.dropped ? `，覆盖第 ${e.dropped} 条` : ""),
  deq: (e) => `节点 ${e.n} 的 ${e.thread} 从 ${e.queue} 取出 ${element_zh(e.mate || e)}`,
  txn: (e) => (TXN_ZH[e.step] || (() => `节点 ${e.n}：${e.step}`))(e, number_of(e.zxid)),
  session: (e) => (SESSION_ZH[e.what] || (() => `节点 ${e.n}：${e.what}`))(e),
  request: (e) => `客户端 ${e.session} 请求节点 ${e.n}：${e.op} ${e.path}`,
  reply: (e) => `节点 ${e.n} 答复客户端 ${e.session}：${e.op}，zxid ${number_of(e.zxid)}` + (e.err ? `，错误 ${e.err}` : ""),
  watch: (e) => `节点 ${e.n} 通知客户端 ${e.session}：${e.path} ${WATCH_ZH[e.what] || e.what}`,
  sync: (e) => `节点 ${e.n} 用 ${e.mode} 同步${whom_zh(e.peer)}`,
  phase: (e) => `节点 ${e.n} 进入${PHASES_ZH[e.phase] || e.phase}`,
  epoch: (e) => `节点 ${e.n} 把 ${e.which} epoch 写入磁盘：${e.value}`,
  established: (e) =>
    e.leader === e.n ? `节点 ${e.n} 成为第 ${e.epoch} 个 epoch 的领导者` : `节点 ${e.n} 与领导者 ${e.leader} 同步完毕，epoch ${e.epoch}`,
};

const WHY_ZH = {
  boot: () => "它处于 LOOKING：不知道谁是领导者，向其他节点询问。",
  crash: () => "",
  freeze: () => "它不读也不说，但没有死。其他节点只有在它沉默太久之后才会察觉。",
  thaw: () => "它从停下的地方继续，还不知道其他节点这段时间做了什么。",
  state: (e) => {
    if (e.s === "LOOKING") return "它没有领导者，向其他节点征求选票。";
    if (e.s === "LEADING") return "它打开仲裁端口。法定人数到来并接受它的 epoch 之后，它才能领导。";
    return "它连接领导者的仲裁端口，请求同步。";
  },
  vote: (e) => (e.leader < 0 || e.leader === e.n ? "它告诉所有其他节点。" : "选票先比 epoch，再比 zxid，最后比编号。改变主意的节点会告诉所有其他节点。"),
  tally: (e) => {
    if (e.settled) return "它听到的节点已经做出决定。当法定人数跟随那位领导者，且领导者自己也这么说，它就加入。";
    if (e.quorum) return "超过一半意见一致，其他候选人已不可能得到法定人数。但更好的选票可能还在路上。";
    if (e.own_missing) return "它自己的票还没有计入：自己的票也要像别人的一样走完队列，从 recvqueue 出来才计入（K-10）。";
    return "每个节点只计最新的一张票。";
  },
  wait: (e) => (e.final ? "马上决定的节点可能跟随次好的候选人。若有更好的选票及时到来，就采用它并重新计票。" : "任何消息都会结束等待。若什么也没有，就重复自己的选票，并等待两倍的时间。"),
  decide: () => "对这个节点来说，选举结束了。",
  enq: (e) => (e.dropped ? "这个队列对每个服务器只放一条消息：只有最新的选票有意义。" : `现在有 ${e.len} 条在等待。`),
  deq: (e) => (e.len ? `还有 ${e.len} 条在等待。` : "队列空了。"),
  conn: (e) => (e.what === "drop" ? "一对节点只需要一条连接；由编号较大的一方发起。" : ""),
  epoch: (e) => (e.which === "accepted" ? "它再也不会跟随更旧 epoch 的领导者。" : "它拥有这个 epoch 的历史。"),
  established: () => "集群有了领导者，背后有法定人数支持。",
  txn: (e) =>
    ({
      proposed: "从现在起它数有哪些节点已写到磁盘。还没有告诉任何客户端。",
      logged: "一起等待的写入共用一次 fsync。",
      acked: e.peer ? "" : "这是承诺：无论发生什么，这个服务器都保有它。",
      committed: e.peer_leads ? "以后的领导者都需要法定人数，而两个法定人数必有共同的服务器，所以它不会再丢失。" : "",
    })[e.step] || "",
  sync: (e) => (e.mode === "TRUNC" ? "没有客户端被告知这些写入成功，所以没有违背承诺。" : ""),
};

function element_zh(e) {
  if (!e.holds) return `第 ${e.seq} 条`;
  return `“${e.holds.text}”` + (e.holds.from !== e.n ? `（来自 ${e.holds.from}）` : "");
}

/** The reason in Chinese; one that is not known stays as it is. */
function reason_zh(why) {
  const found = REASONS_ZH.find(([pattern]) => pattern.test(why));
  return found ? why.replace(...found) : why;
}

function caption_zh(e) {
  return (SENTENCES_ZH[e.e] || (() => `节点 ${e.n}：${e.e}`))(e);
}

function because_zh(e) {
  return [e.why ? ended(reason_zh(e.why)) : "", (WHY_ZH[e.e] || (() => ""))(e)].filter(Boolean).join("");
}

const INSIDE_ZH = {
  round: "轮次",
  vote: "选票",
  counts: "计票",
  waits: "等待",
  phase: "阶段",
  "epochs: accepted, current": "epoch:accepted, current",
  "last write: on disk, in the tree": "最后的写入：磁盘，数据树",
  "Queues: first those of a vote, in the order in which it goes through them": "队列（先是选票经过的，按经过的顺序）",
  "No queue is used in this chapter.": "还没有用到队列。",
  "Threads, and what each did last": "线程，及各自最近做的事",
};

if (typeof module !== "undefined") module.exports = { REASONS_ZH, SENTENCES_ZH, reason_zh };
