// The words of the page itself, in both languages.

const TEXTS = {
  title: { en: "zkpeer laboratory", zh: "zkpeer 实验室" },
  subtitle: {
    en: "A whole ZooKeeper ensemble runs in this page, in zkpeer's own C code. Kill a peer, cut a cable, watch the votes.",
    zh: "整个 ZooKeeper 集群就在这个网页里运行：正是 zkpeer 的 C 代码。杀死一个节点，剪断一根网线，看看选票怎么变化。",
  },
  not_begun: { en: "No peer has been started yet.", zh: "还没有启动任何节点。" },
  not_begun_why: { en: "Press “Watch” above if this is a lesson. Otherwise choose a peer and start it.", zh: "若是课程，请按上面的“观看”；否则选一个节点并启动它。" },
  welcome: { en: "Three servers run, and one of them leads. Kill the leader.", zh: "三个服务器在运行，其中一个是领导者。杀死领导者试试。" },
  welcome_why: {
    en: "Everything here is real but time, network and disks: those are simulated, so that you can stop, go back, and take another way. Or begin with the first lesson.",
    zh: "这里除了时间、网络和磁盘，一切都是真的：这三样由模拟器提供，所以你可以停下、回到过去、走另一条路。也可以从第一课开始。",
  },
  language: { en: "Language", zh: "语言" },
  colours: { en: "Colours", zh: "配色" },
  auto: { en: "auto", zh: "自动" },
  light: { en: "light", zh: "浅色" },
  dark: { en: "dark", zh: "深色" },
  lessons: { en: "Lessons", zh: "课程" },
  free_play: { en: "free play", zh: "自由实验" },
  kill_leader: { en: "Kill the leader", zh: "杀死领导者" },
  peer: { en: "Peer", zh: "节点" },
  start: { en: "Start", zh: "启动" },
  stop: { en: "Stop", zh: "停止" },
  kill: { en: "Kill -9", zh: "Kill -9" },
  power: { en: "Cut its power", zh: "断电" },
  power_lost: { en: "Peer $1 loses its power", zh: "节点 $1 断电" },
  power_lost_why: {
    en: "What it had not synced to its disk is gone. Nobody is told: the others notice only when it has been silent for too long.",
    zh: "没有落盘的内容都丢失了。没有谁得到通知：其他节点要等它沉默太久才会察觉。",
  },
  freeze: { en: "Freeze", zh: "冻结" },
  thaw: { en: "Let it go on", zh: "解冻" },
  isolate: { en: "Cut all its cables", zh: "断开所有网线" },
  link: { en: "Cable", zh: "网线" },
  cut_both: { en: "Cut both ways", zh: "双向断开" },
  cut_to: { en: "Cut", zh: "断开" },
  heal: { en: "Mend it", zh: "修复" },
  heal_all: { en: "Mend all cables", zh: "修复所有网线" },
  reset: { en: "Reset its connections (what is on the way is lost)", zh: "重置连接（途中的消息丢失）" },
  lose: { en: "Lose the next message (and its connection)", zh: "丢失下一条消息（连接随之断开）" },
  lost: { en: "Lost on its way:", zh: "途中丢失：" },
  latency: { en: "A message takes", zh: "消息用时" },
  link_hint: {
    en: "Click a line between two peers to work on that cable. Drag across the picture to part the peers on its two sides.",
    zh: "点击两个节点之间的连线来操作那根网线。在图上拖出一条线，把两侧的节点隔开。",
  },
  ensemble: { en: "Ensemble", zh: "集群" },
  voters: { en: "Voters", zh: "投票者" },
  observers: { en: "Observers", zh: "观察者" },
  weights: { en: "Weights", zh: "权重" },
  weights_hint: { en: "one number for each voter, such as 2 1 1; empty: all are equal", zh: "每个投票者一个数字，例如 2 1 1；留空则全部相等" },
  histories: { en: "Disks", zh: "磁盘" },
  histories_hint: { en: "a line for each peer with a past: id, zxid, epoch; such as 1 0x100000002 1", zh: "每个有历史的节点一行：编号 zxid epoch，例如 1 0x100000002 1" },
  seed: { en: "Seed", zh: "种子" },
  seed_hint: { en: "0: nothing is left to chance", zh: "0：没有任何偶然" },
  new_world: { en: "Begin with these", zh: "用这些重新开始" },
  again: { en: "Again from the start", zh: "从头再来" },
  play: { en: "▶ Play", zh: "▶ 播放" },
  pause: { en: "❚❚ Pause", zh: "❚❚ 暂停" },
  step: { en: "Step", zh: "步进" },
  step_event: { en: "by event", zh: "按事件" },
  step_message: { en: "by message", zh: "按消息" },
  step_decision: { en: "by decision", zh: "按决定" },
  until: { en: "Run until", zh: "运行到" },
  until_settled: { en: "all are established", zh: "全部就绪" },
  until_leader: { en: "somebody leads", zh: "有节点领导" },
  until_looking: { en: "somebody looks for a leader", zh: "有节点开始寻找领导者" },
  until_second: { en: "a second has passed", zh: "一秒过去" },
  until_minute: { en: "a minute has passed", zh: "一分钟过去" },
  speed: { en: "Speed", zh: "速度" },
  speed_readable: { en: "slow where much happens", zh: "繁忙处放慢" },
  time: { en: "Time: drag to go back", zh: "时间：拖动可回到过去" },
  share: { en: "Copy link", zh: "复制链接" },
  shared: { en: "The address of this page now holds everything that you did.", zh: "此页地址现在包含你做过的一切。" },
  save: { en: "Save as a play", zh: "保存为剧本" },
  events: { en: "Events", zh: "事件" },
  detail: { en: "Detail", zh: "细节" },
  story: { en: "story", zh: "故事" },
  messages: { en: "messages", zh: "消息" },
  threads: { en: "threads, queues", zh: "线程与队列" },
  everything: { en: "everything", zh: "全部" },
  inside: { en: "Inside the peer", zh: "节点内部" },
  timers: { en: "Clocks: what will happen if nothing comes", zh: "计时器：若什么也没来，到时会发生什么" },
  timers_none: { en: "no clock runs", zh: "没有计时器在走" },
  clock_final: { en: "The final wait: decides at the end", zh: "最后等待：到时做出决定" },
  clock_notification: { en: "Notification interval: repeats its vote", zh: "通知间隔：到时重复自己的选票" },
  clock_init: { en: "initLimit: gives up joining at the end", zh: "initLimit：到时放弃加入" },
  clock_sync: { en: "syncLimit: gives up the silent other side", zh: "syncLimit：到时放弃沉默的对方" },
  clock_ping: { en: "Half a tick: pings its followers", zh: "半个 tick：到时 ping 跟随者" },
  clock_connections: { en: "Its clients' interval: closes silent connections", zh: "客户端的间隔：到时关闭沉默的连接" },
  clock_sessions: { en: "A tick of sessions: ends the silent ones", zh: "会话的 tick：到时结束沉默的会话" },
  clock_containers: { en: "A minute: deletes containers that nobody uses", zh: "一分钟：到时删除无人使用的容器" },
  clock_other: { en: "A wait", zh: "等待" },
  clock_left: { en: "left:", zh: "剩余" },
  disk: { en: "On its disk", zh: "磁盘上" },
  disk_none: { en: "nothing", zh: "什么也没有" },
  network_none: { en: "nothing is on its way", zh: "没有途中的消息" },
  safe: { en: "✓ synced: survives a power loss", zh: "✓ 已落盘：断电也在" },
  unsafe: { en: "✗ not synced: lost with the power", zh: "✗ 未落盘：断电即失" },
  network: { en: "On the cables", zh: "网线上" },
  held: { en: "held back: the cable is cut", zh: "被挡住：网线已断" },
  code: { en: "The line of C", zh: "对应的 C 代码" },
  code_none: { en: "Choose an event to see the function that ran.", zh: "选择一个事件，查看运行的函数。" },
  java: { en: "In Java", zh: "Java 中" },
  world_over: { en: "The laboratory has stopped: something happened that must never happen.", zh: "实验室停止了：发生了绝不该发生的事。" },
  link_wrong: { en: "This address asks for something that cannot be done.", zh: "这个链接要求的操作无法执行。" },
  link_wrong_next: { en: "Begin with an ensemble of your own, or choose a lesson.", zh: "请自己新建一个集群，或选择一课。" },
  world_over_next: {
    en: "“Copy link” keeps how it came to this. Drag the time back, or begin again.",
    zh: "“复制链接”会保存事情的经过。可以把时间拖回去，或重新开始。",
  },
  ask_right: { en: "Yes.", zh: "对。" },
  ask_wrong: { en: "No: ", zh: "不对：" },
  next: { en: "Continue", zh: "继续" },
  lesson_end: { en: "That was the lesson. Go on as you like, or take the next one.", zh: "课程结束。随意继续实验，或学习下一课。" },
  watch: { en: "Watch", zh: "观看" },
  skip: { en: "Skip ahead", zh: "跳过" },
  keys: {
    en: "Keys: space plays and pauses, → steps, 1 to 9 choose a peer, K kills the leader, M mends all cables, Enter continues a lesson.",
    zh: "按键：空格播放和暂停，→ 步进，1 到 9 选择节点，K 杀死领导者，M 修复所有网线，Enter 继续课程。",
  },
  lanes: { en: "Lanes", zh: "时间线" },
  lanes_label: {
    en: "Peers as lines, time to the right, messages as strokes. The events list tells the same in words.",
    zh: "每个节点一条线，时间向右，消息为斜线。事件列表用文字讲述同样的内容。",
  },
  notes: { en: "Numbers of NOTES.md in this function", zh: "此函数引用的 NOTES.md 条目" },
  command: { en: "Or in words, as a play has them:", zh: "或用剧本的命令：" },
  command_do: { en: "Do it", zh: "执行" },
  command_done: { en: "done", zh: "完成" },
  lesson_done: { en: "done", zh: "已完成" },
};

let language = "en";

function tr(name) {
  const text = TEXTS[name];
  return text[language];
}

/** Elements say in data-text which text they show, and in data-label which one is their name. */
function translate_page() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = tr("title");
  Object.assign(STATE_WORDS, PICTURE_WORDS[language].states);
  Object.assign(RING_WORDS, PICTURE_WORDS[language].ring);
  Object.assign(LANE_WORDS, PICTURE_WORDS[language].lanes);
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = tr(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", tr(node.dataset.label));
}

/** With a full stop, unless it ends with a mark of its own. */
function ended(text) {
  return /[.?!\u3002\uff1f\uff01\u201d]$/.test(text) ? text : text + (language === "zh" ? "。" : ".");
}

/** In a row of the events; the replay page's words, but for what only happens here. */
function row_of(e) {
  if (e.power) return tr("power_lost").replace("$1", e.n);
  return language === "zh" ? caption_zh(e) : sentence(e);
}

function caption_of(e) {
  if (e.power) return row_of(e);
  return language === "zh" ? caption_zh(e) : caption(e);
}

function because_of(e) {
  if (e.power) return tr("power_lost_why");
  return language === "zh" ? because_zh(e) : because(e);
}

if (typeof module !== "undefined") module.exports = { TEXTS };
