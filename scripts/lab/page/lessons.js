// The lessons: what to look at, a question, what then happens, and why. tests/process/lab/lessons.js plays
// them all: what a lesson waits for must come, and its states must be those that it shows.
//
// A step: say, ask (one of its options is right), act (commands of a play), until (patterns of events, all
// of which must come) or run (milliseconds), never (patterns that must not come meanwhile), then, shows
// (the beginning of what `show state` says of each peer).

const is = (n, s) => ({ n, e: "state", s });
const votes = (n, leader) => ({ n, e: "vote", leader });
const quorum = (n, leader) => ({ n, e: "tally", leader, quorum: true });
const established = (n, leader) => ({ n, e: "established", leader });
const writes = (n, which, value) => ({ n, e: "epoch", which, value });
const receives = (n, kind) => ({ n, e: "recv", kind });
const txn = (n, step, zxid) => ({ n, e: "txn", step, zxid });
const repeats = (n, ms) => ({ n, e: "wait", ms });

const COURSE = [
  {
    id: "larger-id",
    title: { en: "Why does the largest id win?", zh: "为什么编号最大的节点获胜？" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "Three peers are switched on, all at once. Their disks are empty. Each one votes for itself and tells the others.",
          zh: "三个节点同时启动，磁盘都是空的。每个节点先投自己一票，再把选票告诉其他节点。",
        },
        ask: {
          q: { en: "Who will lead?", zh: "谁会成为领导者？" },
          options: [
            { en: "1, because it counts first", zh: "1，因为它最先计票" },
            { en: "3, because its id is the largest", zh: "3，因为它的编号最大" },
            { en: "It is left to chance", zh: "全凭运气" },
          ],
          right: 1,
        },
        act: ["start 1 2 3"],
        until: [quorum(2, 3)],
        then: {
          en: "A vote that is better replaces one's own. Votes are compared by epoch, then by zxid, then by id. The histories are the same here, so only the id is left to compare.",
          zh: "收到更好的选票，就改投它。选票先比 epoch，再比 zxid，最后比编号。这里大家的历史相同，只剩编号可比。",
        },
      },
      {
        say: {
          en: "2 and 3 agree: two of three are a quorum. Watch the ring around the peers: they do not decide yet.",
          zh: "2 和 3 意见一致：三个中的两个就是法定人数。注意节点外的圆环：它们还没有做出决定。",
        },
        until: [established(3, 3), established(1, 3), established(2, 3)],
        then: {
          en: "After 200 ms without a better vote each peer decides. 3 leads, the others connect to it, and a quorum accepts epoch 1.",
          zh: "200 毫秒内没有更好的选票，各节点才做出决定。3 成为领导者，其他节点与它连接，法定人数接受了第 1 个 epoch。",
        },
        shows: { 1: "FOLLOWING 3", 2: "FOLLOWING 3", 3: "LEADING" },
      },
    ],
  },
  {
    id: "majority",
    title: { en: "How many may fail?", zh: "允许几个节点失效？" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: { en: "Three peers start, and 3 becomes the leader.", zh: "三个节点启动，3 成为领导者。" },
        act: ["start 1 2 3"],
        until: [established(1, 3), established(2, 3)],
        shows: { 1: "FOLLOWING 3", 2: "FOLLOWING 3", 3: "LEADING" },
      },
      {
        say: { en: "Now follower 1 is killed.", zh: "现在杀死跟随者 1。" },
        ask: {
          q: { en: "What will leader 3 do?", zh: "领导者 3 会怎么做？" },
          options: [
            { en: "It goes on: with 2 it is a quorum", zh: "继续领导：它和 2 仍是法定人数" },
            { en: "All must elect again", zh: "所有节点必须重新选举" },
          ],
          right: 0,
        },
        act: ["kill 1"],
        run: 12000,
        never: [is(3, "LOOKING"), is(2, "LOOKING")],
        then: {
          en: "Nothing happens. A leader needs a quorum behind it, not everybody.",
          zh: "什么也没发生。领导者需要法定人数的支持，而不是所有节点。",
        },
        shows: { 1: "down", 2: "FOLLOWING 3", 3: "LEADING" },
      },
      {
        say: { en: "Now follower 2 is killed as well.", zh: "现在跟随者 2 也被杀死。" },
        ask: {
          q: { en: "And now?", zh: "这一次呢？" },
          options: [
            { en: "3 goes on alone, because nobody contradicts it", zh: "3 独自继续领导，因为没人反对" },
            { en: "3 steps down", zh: "3 退位" },
          ],
          right: 1,
        },
        act: ["kill 2"],
        until: [is(3, "LOOKING")],
        then: {
          en: "3 steps down although nobody else lives. It cannot know that: 1 and 2 might be alive behind a broken network and elect another leader. One of three is never enough.",
          zh: "尽管没有其他节点存活，3 还是退位了。它无法知道真相：1 和 2 可能只是被网络隔开，正在选出另一个领导者。三个中的一个永远不够。",
        },
        shows: { 3: "LOOKING" },
      },
      {
        say: { en: "1 comes back.", zh: "1 回来了。" },
        act: ["start 1"],
        until: [established(1, 3)],
        then: { en: "Two of three are enough again.", zh: "三个中的两个，又够了。" },
        shows: { 1: "FOLLOWING 3", 3: "LEADING" },
      },
    ],
  },
  {
    id: "leader-dies",
    title: { en: "The leader dies", zh: "领导者死亡" },
    ensemble: "ensemble 5",
    steps: [
      {
        say: { en: "Five peers start, and 5 becomes the leader.", zh: "五个节点启动，5 成为领导者。" },
        act: ["start 1 2 3 4 5"],
        until: [established(1, 5), established(2, 5), established(3, 5), established(4, 5)],
        shows: { 5: "LEADING" },
      },
      {
        say: {
          en: "5 is killed. Its system closes its connections, so the others notice at once.",
          zh: "5 被杀死。它的操作系统关闭了连接，所以其他节点立刻察觉。",
        },
        ask: {
          q: { en: "How long until a new leader is elected?", zh: "选出新领导者需要多久？" },
          options: [
            { en: "About 200 ms", zh: "大约 200 毫秒" },
            { en: "About 2 s, a tick", zh: "大约 2 秒，即一个 tick" },
            { en: "About 10 s, the syncLimit", zh: "大约 10 秒，即 syncLimit" },
          ],
          right: 0,
        },
        act: ["kill 5"],
        until: [{ e: "state", s: "LEADING" }],
        within: 1000,
        then: {
          en: "The messages take a few milliseconds, and the final wait takes 200. The rest of the time is the wait, always.",
          zh: "消息只需几毫秒，最后的等待需要 200 毫秒。选举的时间几乎全是这段等待。",
        },
      },
      {
        say: {
          en: "The new leader finds a new epoch with a quorum. A leader's zxids begin with the number of its epoch, so the old leader's numbers can never be taken for the new one's.",
          zh: "新领导者与法定人数确定新的 epoch。领导者的 zxid 以 epoch 编号开头，因此旧领导者的编号绝不会与新领导者的混淆。",
        },
        until: [{ e: "established", epoch: 2 }],
        then: { en: "Epoch 2 has begun.", zh: "第 2 个 epoch 开始了。" },
      },
    ],
  },
  {
    id: "power-loss",
    title: { en: "Killed, or without power?", zh: "被杀死，还是断电？" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: { en: "Three peers start, and 3 becomes the leader.", zh: "三个节点启动，3 成为领导者。" },
        act: ["start 1 2 3"],
        until: [established(1, 3), established(2, 3)],
      },
      {
        say: {
          en: "This time the machine of 3 loses its power. Nobody is told anything: the connections just fall silent.",
          zh: "这一次，3 的机器断电了。没有任何通知：连接只是沉默下来。",
        },
        ask: {
          q: { en: "When will 2 notice?", zh: "2 什么时候会察觉？" },
          options: [
            { en: "At once", zh: "立刻" },
            { en: "After 200 ms", zh: "200 毫秒之后" },
            { en: "After syncLimit ticks: 5 times 2 s", zh: "syncLimit 个 tick 之后：5 × 2 秒" },
          ],
          right: 2,
        },
        act: ["power-loss 3"],
        run: 9000,
        never: [is(2, "LOOKING"), is(1, "LOOKING")],
        then: {
          en: "9 seconds have passed, and both followers still believe in their leader. Silence is no proof: a message may be late.",
          zh: "9 秒过去了，两个跟随者仍然相信领导者还在。沉默不是证据：消息可能只是迟到了。",
        },
        shows: { 1: "FOLLOWING 3", 2: "FOLLOWING 3" },
      },
      {
        say: { en: "A follower gives up when it has heard no ping for syncLimit ticks.", zh: "跟随者若在 syncLimit 个 tick 内没收到 ping，就会放弃。" },
        until: [is(1, "LOOKING"), is(2, "LOOKING")],
        within: 5000,
        then: {
          en: "That is why a shorter tickTime makes an ensemble notice sooner, and also makes it nervous on a slow network.",
          zh: "因此 tickTime 越短，集群察觉得越快，但在慢速网络上也越容易误判。",
        },
      },
    ],
  },
  {
    id: "newer-history",
    title: { en: "The newest history must win", zh: "历史最新者必须获胜" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "The disks have a past. 1 has stored two changes of epoch 1; 2 and 3 only one. The second change may have been committed: 1 and the old leader would have been a quorum.",
          zh: "磁盘上有过去的历史。1 保存了 epoch 1 的两次修改，2 和 3 只有一次。第二次修改可能已经提交：1 和旧领导者曾经可能是法定人数。",
        },
        ask: {
          q: { en: "Who will lead?", zh: "谁会成为领导者？" },
          options: [
            { en: "1, which has the longer history", zh: "1，因为它的历史更长" },
            { en: "3, whose id is the largest", zh: "3，因为编号最大" },
          ],
          right: 0,
        },
        act: [
          "disk 1 zxid 0x100000002 accepted 1 current 1",
          "disk 2 zxid 0x100000001 accepted 1 current 1",
          "disk 3 zxid 0x100000001 accepted 1 current 1",
          "start 1 2 3",
        ],
        until: [established(2, 1), established(3, 1)],
        then: {
          en: "The id is looked at only if the histories are equal. If 3 had won, it would have made 1 forget a change that a client may have been told of.",
          zh: "只有历史相同时才比较编号。如果 3 获胜，它会让 1 忘掉一次修改，而客户端可能已经被告知那次修改成功了。",
        },
        shows: { 1: "LEADING", 2: "FOLLOWING 1", 3: "FOLLOWING 1" },
      },
    ],
  },
  {
    id: "epoch-first",
    title: { en: "The epoch comes before the zxid", zh: "epoch 优先于 zxid" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "2 has the highest zxid, but it was away when epoch 2 began. 1 was there. 3 is new.",
          zh: "2 的 zxid 最高，但 epoch 2 开始时它不在。1 在场。3 是新节点。",
        },
        ask: {
          q: { en: "Who will lead?", zh: "谁会成为领导者？" },
          options: [
            { en: "1, with the higher epoch", zh: "1，epoch 更高" },
            { en: "2, with the higher zxid", zh: "2，zxid 更高" },
            { en: "3, with the largest id", zh: "3，编号最大" },
          ],
          right: 0,
        },
        act: ["disk 1 zxid 0x100000001 accepted 2 current 2", "disk 2 zxid 0x100000005 accepted 1 current 1", "start 1 2 3"],
        until: [is(1, "LEADING"), is(2, "FOLLOWING"), is(3, "FOLLOWING")],
        then: {
          en: "What 2 has beyond 1 was given up when epoch 2 began: a quorum agreed to live without it. Bringing it back would contradict what they have agreed.",
          zh: "2 比 1 多出的内容，在 epoch 2 开始时已被放弃：法定人数同意不要它。再把它带回来，就违背了已达成的一致。",
        },
        shows: { 1: "LEADING" },
      },
    ],
  },
  {
    id: "final-wait",
    title: { en: "What are the 200 ms for?", zh: "那 200 毫秒是做什么的？" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "Only 1 is real here. 2 and 3 are voices that say what the lesson tells them. 2 votes for itself; 1 takes that vote and has a quorum: 1 and 2.",
          zh: "这里只有 1 是真实的节点。2 和 3 只说课程让它们说的话。2 投自己；1 改投 2，于是有了法定人数：1 和 2。",
        },
        act: ["start 1", "run 20ms", "say 2 to 1 LOOKING for 2"],
        until: [quorum(1, 2)],
      },
      {
        say: {
          en: "The ring fills while 1 waits. At 190 ms, just before the end, comes the vote of 3.",
          zh: "1 等待时圆环逐渐填满。在第 190 毫秒，即将结束时，3 的选票到了。",
        },
        ask: {
          q: { en: "What will 1 do?", zh: "1 会怎么做？" },
          options: [
            { en: "Stay with 2: a quorum is a quorum", zh: "坚持 2：法定人数就是法定人数" },
            { en: "Change to 3, and wait for 200 ms again", zh: "改投 3，并重新等待 200 毫秒" },
          ],
          right: 1,
        },
        act: ["run 185ms", "say 3 to 1 LOOKING for 3"],
        until: [{ n: 1, e: "decide", leader: 3 }, is(1, "FOLLOWING")],
        then: {
          en: "Without the wait 1 would follow 2, while 2 hears of 3 and follows 3. Then 1 knocks at a port that nobody opens. The wait lets a better vote arrive before anybody has settled.",
          zh: "没有这段等待，1 会跟随 2，而 2 听说 3 后却跟随 3。于是 1 去敲一个没人打开的端口。等待让更好的选票在任何节点定下来之前到达。",
        },
        shows: { 1: "FOLLOWING" },
      },
    ],
  },
  {
    id: "late-joiner",
    title: { en: "Who comes late, follows", zh: "迟到者只能跟随" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: { en: "1 and 2 have elected 2.", zh: "1 和 2 选出了 2。" },
        act: ["start 1 2"],
        until: [established(1, 2), established(2, 2)],
        shows: { 1: "FOLLOWING 2", 2: "LEADING" },
      },
      {
        say: { en: "Now 3 starts, and it has the largest id.", zh: "现在 3 启动了，它的编号最大。" },
        ask: {
          q: { en: "What happens?", zh: "会发生什么？" },
          options: [
            { en: "3 takes over the lead", zh: "3 接管领导权" },
            { en: "3 follows 2 after the final wait", zh: "3 在最后等待之后跟随 2" },
            { en: "3 follows 2 at once", zh: "3 立刻跟随 2" },
          ],
          right: 2,
        },
        act: ["start 3"],
        until: [established(3, 2)],
        within: 150,
        never: [is(2, "LOOKING")],
        then: {
          en: "3 is told a result, not votes: a quorum says that it follows 2, and 2 says itself that it leads. Nothing better can come, so there is nothing to wait for. An ensemble never changes its leader without need.",
          zh: "3 得到的是结果，而不是选票：法定人数说它们跟随 2,2 自己也说它在领导。不会再有更好的，所以无需等待。集群绝不会无故更换领导者。",
        },
        shows: { 1: "FOLLOWING 2", 2: "LEADING", 3: "FOLLOWING 2" },
      },
    ],
  },
  {
    id: "hearsay",
    title: { en: "Nobody is elected on hearsay", zh: "不凭传闻选举" },
    ensemble: "ensemble 5",
    steps: [
      {
        say: {
          en: "1 is real, the others are voices. 3, 4 and 5 say that they follow 2. That is a quorum of five.",
          zh: "1 是真实的节点，其他只是声音。3、4、5 说它们跟随 2。这是五个中的法定人数。",
        },
        ask: {
          q: { en: "Will 1 follow 2?", zh: "1 会跟随 2 吗？" },
          options: [
            { en: "Yes, a quorum says so", zh: "会，法定人数这么说" },
            { en: "No, 2 itself has said nothing", zh: "不会，2 自己什么都没说" },
          ],
          right: 1,
        },
        act: ["start 1", "run 50ms", "say 3 4 5 to 1 FOLLOWING for 2 round 3 epoch 1"],
        run: 100,
        never: [is(1, "FOLLOWING")],
        then: {
          en: "2 may have died a moment ago, and the three may not know it yet. Two servers that have just lost their leader could elect it again on each other's word.",
          zh: "2 可能刚刚死去，而那三个还不知道。两个刚失去领导者的节点，可能凭彼此的话又把死者选出来。",
        },
        shows: { 1: "LOOKING" },
      },
      {
        say: { en: "Now 2 says itself that it leads.", zh: "现在 2 自己说它在领导。" },
        act: ["say 2 to 1 LEADING for 2 round 3 epoch 1"],
        until: [{ n: 1, e: "decide", leader: 2 }, is(1, "FOLLOWING")],
        then: { en: "The leader's own word is what was missing.", zh: "缺的正是领导者自己的话。" },
        shows: { 1: "FOLLOWING" },
      },
    ],
  },
  {
    id: "partition",
    title: { en: "The leader is cut off", zh: "领导者被隔离" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: { en: "3 leads. Then the network parts 3 from the others.", zh: "3 是领导者。随后网络把 3 与其他节点隔开。" },
        act: ["start 1 2 3"],
        until: [established(1, 3), established(2, 3)],
      },
      {
        say: { en: "All three live, and each side thinks that the other one is gone.", zh: "三个节点都活着，但每一侧都以为另一侧不在了。" },
        ask: {
          q: { en: "Will there be two leaders?", zh: "会出现两个领导者吗？" },
          options: [
            { en: "Yes, until the network heals", zh: "会，直到网络恢复" },
            { en: "Both sides look, only 1 and 2 can elect", zh: "双方都在寻找，只有 1 和 2 能选出" },
            { en: "No side can elect", zh: "双方都无法选出" },
          ],
          right: 1,
        },
        act: ["partition 1 2 / 3"],
        until: [{ e: "established", epoch: 2 }, is(3, "LOOKING")],
        within: 30000,
        then: {
          en: "3 hears no answers to its pings and steps down. For a few seconds it may still believe that it leads, but without a quorum of ACKs it could commit nothing in that time.",
          zh: "3 收不到 ping 的回答，于是退位。在那几秒里它可能仍以为自己在领导，但没有法定人数的 ACK，它什么也提交不了。",
        },
        shows: { 3: "LOOKING" },
      },
      {
        say: { en: "The network heals.", zh: "网络恢复了。" },
        act: ["heal"],
        until: [is(3, "FOLLOWING")],
        within: 120000,
        then: { en: "3 learns that epoch 2 has begun without it, and follows.", zh: "3 得知 epoch 2 已在它缺席时开始，于是跟随。" },
      },
    ],
  },
  {
    id: "four",
    title: { en: "Four are no better than three", zh: "四个并不比三个好" },
    ensemble: "ensemble 4",
    steps: [
      {
        say: { en: "Four voters. More than half of four is three.", zh: "四个投票者。四的一半以上是三。" },
        act: ["start 1 2 3 4"],
        until: [established(1, 4), established(2, 4), established(3, 4)],
        shows: { 4: "LEADING" },
      },
      {
        say: { en: "Two of them die, 3 and 4.", zh: "其中两个死去：3 和 4。" },
        ask: {
          q: { en: "Can 1 and 2 go on?", zh: "1 和 2 能继续吗？" },
          options: [
            { en: "Yes, two of four live", zh: "能，四个中还有两个活着" },
            { en: "No, two is not more than half of four", zh: "不能，二没有超过四的一半" },
          ],
          right: 1,
        },
        act: ["kill 3 4"],
        run: 20000,
        never: [{ e: "state", s: "LEADING" }],
        then: {
          en: "Two against two could both be elected, if half were enough. So four servers survive one death, as three do, and each write waits for one more.",
          zh: "如果一半就够，二对二可能各选出一个领导者。所以四个节点只能承受一个失效，和三个一样，而每次写入还要多等一个节点。",
        },
        shows: { 1: "LOOKING", 2: "LOOKING" },
      },
    ],
  },
  {
    id: "observers",
    title: { en: "An observer is not counted", zh: "观察者不计票" },
    ensemble: "ensemble 3 and 1",
    steps: [
      {
        say: { en: "4 is an observer. It starts beside 1 alone.", zh: "4 是观察者。它启动时只有 1 在。" },
        ask: {
          q: { en: "Two of them live. Is that a quorum of three?", zh: "有两个活着。这是三个中的法定人数吗？" },
          options: [
            { en: "Yes", zh: "是" },
            { en: "No, 4 has no vote", zh: "不是，4 没有投票权" },
          ],
          right: 1,
        },
        act: ["start 1 4"],
        run: 3000,
        never: [is(1, "LEADING")],
        shows: { 1: "LOOKING", 4: "LOOKING" },
      },
      {
        say: { en: "2 comes.", zh: "2 来了。" },
        act: ["start 2"],
        until: [is(2, "LEADING"), established(4, 2)],
        within: 60000,
        then: {
          en: "1 and 2 elect, and the observer joins. Observers serve readers; more of them make no write slower, because nobody waits for them.",
          zh: "1 和 2 完成选举，观察者加入。观察者服务读请求；再多的观察者也不会让写变慢，因为没人等它们。",
        },
        shows: { 1: "FOLLOWING 2", 2: "LEADING", 4: "OBSERVING 2" },
      },
    ],
  },
  {
    id: "weight",
    title: { en: "Weight 0: it follows and never leads", zh: "权重为 0：只跟随，不领导" },
    ensemble: "ensemble 3 group.1=1:2:3 weight.1=1 weight.2=1 weight.3=0",
    steps: [
      {
        say: { en: "3 has the largest id, and weight 0.", zh: "3 的编号最大，但权重为 0。" },
        ask: {
          q: { en: "Who will lead?", zh: "谁会成为领导者？" },
          options: [{ en: "3", zh: "3" }, { en: "2", zh: "2" }],
          right: 1,
        },
        act: ["start 1 2 3"],
        until: [established(1, 2), established(3, 2)],
        then: { en: "A vote for 3 never wins. Quorums are counted in weight: 1 and 2 are two of two.", zh: "投给 3 的票永远不会赢。法定人数按权重计算：1 和 2 是二分之二。" },
        shows: { 2: "LEADING", 3: "FOLLOWING 2" },
      },
      {
        say: { en: "2 dies. 1 and 3 live: two of three servers.", zh: "2 死去。1 和 3 活着：三个服务器中的两个。" },
        ask: {
          q: { en: "Is that enough?", zh: "这够吗？" },
          options: [
            { en: "Yes, two of three", zh: "够，三个中的两个" },
            { en: "No, one of the weight of two", zh: "不够，总权重二中的一" },
          ],
          right: 1,
        },
        act: ["kill 2"],
        run: 20000,
        never: [{ e: "state", s: "LEADING" }],
        then: { en: "A server without weight is no help when votes are counted.", zh: "计票时，没有权重的服务器帮不上忙。" },
        shows: { 1: "LOOKING", 3: "LOOKING" },
      },
    ],
  },
  {
    id: "two-epochs",
    title: { en: "Why are two epochs on disk?", zh: "为什么磁盘上有两个 epoch？" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "Look at the files of 1. acceptedEpoch is a promise: I follow no older leader. currentEpoch is a claim: I have this leader's history.",
          zh: "看 1 的文件。acceptedEpoch 是承诺：我不跟随更旧的领导者。currentEpoch 是声明：我拥有这位领导者的历史。",
        },
        act: ["start 1 2"],
        until: [writes(1, "accepted", 1)],
        then: {
          en: "1 has been told the new epoch, and has written its promise, before it answered.",
          zh: "1 得知了新的 epoch，在回答之前先写下了承诺。",
        },
      },
      {
        say: { en: "At this moment 1 loses its power.", zh: "就在这一刻，1 断电了。" },
        ask: {
          q: { en: "What will be on its disk?", zh: "它的磁盘上会有什么？" },
          options: [
            { en: "accepted 1, current 0", zh: "accepted 1,current 0" },
            { en: "accepted 1, current 1", zh: "accepted 1,current 1" },
            { en: "accepted 0, current 0", zh: "accepted 0,current 0" },
          ],
          right: 0,
        },
        act: ["power-loss 1", "start 1"],
        until: [votes(1, 1)],
        then: {
          en: "The promise is kept, the claim was never made: 1 votes with epoch 0, because it does not have the history of epoch 1. With one number only, it would have to forget the promise or lie about its history.",
          zh: "承诺保留下来，声明从未做出：1 以 epoch 0 投票，因为它没有 epoch 1 的历史。如果只有一个数字，它要么忘掉承诺，要么谎报历史。",
        },
      },
      {
        say: { en: "The election begins anew, and this time nobody disturbs it.", zh: "选举重新开始，这次没人打扰。" },
        until: [writes(1, "current", (value) => value > 0)],
        within: 60000,
        then: {
          en: "The claim is written when the leader's history is on the disk, and before the ACK of NEWLEADER leaves.",
          zh: "领导者的历史落盘之后、对 NEWLEADER 的 ACK 发出之前，才写下声明。",
        },
      },
    ],
  },
  {
    id: "queue-of-one",
    title: { en: "A queue that forgets", zh: "会遗忘的队列" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "1 is alone with a voice, 2. For 3, which is not there, messages wait. Open the queues of 1: queueSendMap has room for one.",
          zh: "1 身边只有声音 2。3 不在，发给它的消息只能等待。打开 1 的队列：queueSendMap 只能放一条。",
        },
        act: ["voice 2", "start 1"],
        until: [repeats(1, 1600)],
        then: {
          en: "Each time 1 says its vote again, the new message replaces the one that waits. That is right: only the newest vote matters, and a server that comes late must not hear the old ones first.",
          zh: "1 每次重复选票，新消息都会替换等待中的那条。这是对的：只有最新的选票有意义，迟到的节点不该先听到旧的。",
        },
      },
      {
        say: { en: "Now 2 speaks, and 1 changes its vote. Then 3 comes.", zh: "现在 2 发言，1 改变了选票。然后 3 来了。" },
        ask: {
          q: { en: "What does 3 hear from 1 first?", zh: "3 首先从 1 听到什么？" },
          options: [
            { en: "All votes of 1, in order", zh: "1 的所有选票，按顺序" },
            { en: "Only the vote of now, for 2", zh: "只有现在的选票：投给 2" },
          ],
          right: 1,
        },
        act: ["say 2 to 1 LOOKING for 2", "say 3 to 1 OBSERVING for 3"],
        until: [{ n: 1, e: "send", to: 3, kind: "NOTIFICATION", m: (m) => m.leader === 2 }],
        never: [{ n: 1, e: "send", to: 3, kind: "NOTIFICATION", m: (m) => m.leader === 1 }],
        then: { en: "One message, with the vote of now.", zh: "一条消息，现在的选票。" },
      },
    ],
  },
  {
    id: "one-way",
    title: { en: "A cable cut in one direction", zh: "单向断开的网线" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: { en: "3 leads.", zh: "3 是领导者。" },
        act: ["start 1 2 3"],
        until: [established(1, 3), established(2, 3)],
      },
      {
        say: {
          en: "What 1 says no longer reaches 3. What 3 says still reaches 1.",
          zh: "1 说的话再也到不了 3。3 说的话仍能到达 1。",
        },
        ask: {
          q: { en: "Who notices first that something is wrong?", zh: "谁先发现不对劲？" },
          options: [
            { en: "1, the follower", zh: "1，跟随者" },
            { en: "3, the leader: it hears no answers to its pings", zh: "3，领导者：它收不到 ping 的回答" },
          ],
          right: 1,
        },
        act: ["cut 1 to 3"],
        until: [is(1, "LOOKING")],
        within: 60000,
        never: [is(3, "LOOKING"), is(2, "LOOKING")],
        then: {
          en: "The leader gives up on 1 and closes the connection; 1 hears that. Leader and 2 are a quorum and go on.",
          zh: "领导者放弃了 1 并关闭连接；1 听到了这一点。领导者和 2 是法定人数，继续工作。",
        },
        shows: { 2: "FOLLOWING 3", 3: "LEADING" },
      },
    ],
  },
  {
    id: "frozen",
    title: { en: "A frozen leader wakes up", zh: "冻结的领导者醒来" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: {
          en: "3 leads. Then its process is frozen: it does nothing at all, but its system keeps all connections.",
          zh: "3 是领导者。随后它的进程被冻结：什么也不做，但操作系统保留着所有连接。",
        },
        act: ["start 1 2 3"],
        until: [established(1, 3), established(2, 3)],
      },
      {
        say: { en: "The others hear no ping. After syncLimit they elect.", zh: "其他节点收不到 ping。syncLimit 之后它们重新选举。" },
        act: ["freeze 3"],
        until: [{ e: "established", epoch: 2 }],
        shows: { 1: "LEADING in epoch 2", 3: "LEADING in epoch 1" },
        then: {
          en: "Now two servers call themselves LEADING. Look at the epochs: 1 leads epoch 2, and 3 still believes in epoch 1.",
          zh: "现在有两个服务器自称 LEADING。看 epoch：1 领导第 2 个，而 3 仍相信第 1 个。",
        },
      },
      {
        say: { en: "3 goes on where it stopped.", zh: "3 从停下的地方继续。" },
        ask: {
          q: { en: "Can it do any harm?", zh: "它会造成危害吗？" },
          options: [
            { en: "Yes, until its next tick it may commit writes", zh: "会，在下一个 tick 之前它可以提交写入" },
            { en: "No, nobody accepts epoch 1 any more", zh: "不会，没人再接受第 1 个 epoch" },
          ],
          right: 1,
        },
        act: ["thaw 3"],
        until: [is(3, "LOOKING"), is(3, "FOLLOWING"), established(3, 1)],
        within: 60000,
        then: {
          en: "A quorum has promised epoch 2 and will not acknowledge anything of epoch 1. At its next tick 3 sees that nobody has answered for too long, gives up, and follows.",
          zh: "法定人数已承诺第 2 个 epoch，不会再确认第 1 个的任何东西。到下一个 tick，3 发现太久没人回答，于是放弃并跟随。",
        },
        shows: { 1: "LEADING", 3: "FOLLOWING 1" },
      },
    ],
  },
  {
    id: "write",
    title: { en: "What is a write worth?", zh: "一次写入有多可靠？" },
    ensemble: "ensemble 3",
    steps: [
      {
        say: { en: "3 leads. The epoch is established, and the ensemble takes writes.", zh: "3 是领导者。epoch 已建立，集群可以写入。" },
        act: ["start 1 2 3"],
        until: [established(1, 3), established(2, 3)],
      },
      {
        say: {
          en: "A client of 3 opens a session; even this is a write. The leader gives it a number, the zxid, and proposes it to all. Each server writes it to its log and acknowledges it when the fsync has returned.",
          zh: "3 的客户端打开会话，这也是一次写入。领导者给它一个编号（zxid），并向所有节点提议。每个服务器把它写进日志，fsync 返回后才确认。",
        },
        ask: {
          q: { en: "When may the leader tell the client that it is done?", zh: "领导者何时可以告诉客户端“已完成”？" },
          options: [
            { en: "When it is on its own disk", zh: "写到自己的磁盘之后" },
            { en: "When two of the three have it on disk", zh: "三个中有两个写到磁盘之后" },
            { en: "When all three have it on disk", zh: "三个都写到磁盘之后" },
          ],
          right: 1,
        },
        act: ["write 3"],
        until: [txn(3, "committed", "0x100000001"), txn(1, "applied", "0x100000001"), txn(2, "applied", "0x100000001")],
        then: {
          en: "Two are a quorum. The next leader needs a quorum, too, and both have a server in common: it has the write, and it votes for nobody who lacks it.",
          zh: "两个就是法定人数。下一位领导者也需要法定人数，两者必有共同的服务器：它有这次写入，也不会投给没有它的节点。",
        },
      },
      {
        say: {
          en: "Now nobody hears 3 any more. Another client writes at 3; the proposal reaches its own disk only. Then 3 loses its power.",
          zh: "现在没有谁能听到 3。另一个客户端在 3 写入，提议只到了它自己的磁盘。随后 3 断电。",
        },
        act: ["cut 3 to 1", "cut 3 to 2", "write 3"],
        until: [txn(3, "logged", "0x100000002")],
        never: [txn(3, "committed", "0x100000002")],
      },
      {
        say: { en: "The cables are whole again, and 1 and 2 go on without 3.", zh: "线路恢复，1 和 2 在没有 3 的情况下继续。" },
        ask: {
          q: { en: "3 has a write that nobody else has. What becomes of it when 3 returns?", zh: "3 有一次别人都没有的写入。它回来后会怎样？" },
          options: [
            { en: "3 has the longest log, so the others take it over", zh: "3 的日志最长，所以其他节点会采用它" },
            { en: "It is cut off from the log of 3", zh: "它会从 3 的日志里被截掉" },
          ],
          right: 1,
        },
        act: ["power-loss 3", "heal"],
        until: [established(2, 2), established(1, 2)],
        within: 60000,
        shows: { 1: "FOLLOWING 2", 2: "LEADING in epoch 2" },
      },
      {
        say: { en: "3 comes back.", zh: "3 回来了。" },
        act: ["start 3"],
        until: [{ n: 2, e: "sync", peer: 3, mode: "TRUNC" }, established(3, 2)],
        within: 60000,
        then: {
          en: "An epoch has begun without that write, and its client was never told that it succeeded. So 2 has it cut off (TRUNC), and all three have the same history again.",
          zh: "新的 epoch 已在没有它的情况下开始，它的客户端也从未被告知成功。所以 2 让 3 截掉它（TRUNC），三个节点的历史又相同了。",
        },
        shows: { 2: "LEADING", 3: "FOLLOWING 2" },
      },
    ],
  },
];

if (typeof module !== "undefined") module.exports = { COURSE };
