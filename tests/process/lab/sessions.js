// node sessions.js MODULE ZKSIM COUNT: sessions of a reader who breaks something at any event. Each one,
// saved as a play, must give natively the same trace, to the last byte; and from its link, and when the
// reader goes back, the same again here.
const fs = require("fs");
const os = require("os");
const path = require("path");
const { execFileSync } = require("child_process");
const { World, STATE, FD } = require("../../../scripts/lab/page/world.js");
const { Session } = require("../../../scripts/lab/page/session.js");

/** A number below bound; the same ones for the same session. */
class Chance {
  constructor(seed) {
    this.state = seed;
  }
  below(bound) {
    this.state = (Math.imul(this.state, 1103515245) + 12345) >>> 0;
    return ((this.state >>> 16) * bound) >>> 16;
  }
}

function break_something(session, chance, peers) {
  const a = 1 + chance.below(peers);
  const b = 1 + ((a + chance.below(peers - 1)) % peers);
  const acts = [
    () => session.act(session.world.runs(a) ? `kill ${a}` : `start ${a}`),
    () => session.act(session.world.runs(a) ? `power-loss ${a}` : `start ${a}`),
    () => session.act(`cut ${a} ${chance.below(2) ? "from" : "to"} ${b}`),
    () => session.act("heal"),
    () => session.act(`slow ${a} ${b} ${[1, 5, 40][chance.below(3)]}ms`),
    () => session.act(`reset ${a} ${b}`),
    () => session.act(session.world.runs(a) ? `stop ${a}` : `start ${a}`),
  ];
  acts[chance.below(acts.length)]();
}

function native_trace(zksim, play, folder) {
  const script = path.join(folder, "session.txt");
  const trace = path.join(folder, "session.jsonl");
  fs.writeFileSync(script, play);
  execFileSync(zksim, ["play", "--rewrite", "--trace", trace, script], { stdio: "ignore" });
  return fs.readFileSync(trace, "utf8");
}

(async () => {
  const [, , file, zksim, count] = process.argv;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "zkpeer-lab-"));
  const world = await World.load(fs.readFileSync(file), () => {});
  let failed = 0;
  let lines = [];
  const session = new Session(world, () => {});
  const on_line = world.on_line;
  world.on_line = (host, fd, text, now_us) => {
    if (fd === FD.TRACE) lines.push(text);
    on_line(host, fd, text, now_us);
  };
  for (let number = 1; number <= Number(count); number++) {
    const chance = new Chance(number);
    const peers = 3 + chance.below(3);
    lines = [];
    const ids = Array.from({ length: peers }, (_, k) => k + 1);
    session.begin([{ at: 0, text: `ensemble ${peers}` }, { at: 0, text: `start ${ids.join(" ")}` }]);
    for (let act = 0; act < 12 && !session.over; act++) {
      for (let skip = chance.below(120); skip > 0; skip--) session.next(400000);
      break_something(session, chance, peers);
    }
    session.world.park();
    const play = session.play();
    const link = session.link();
    const middle = session.acts[Math.floor(session.acts.length / 2)].at;
    const before = lines.length;
    const wrong = [];

    session.world.end();
    const whole = lines.join("\n") + "\n";
    if (whole !== native_trace(zksim, play, folder)) wrong.push("the native trace differs");

    const { acts, seed, until } = Session.of_link(link);
    const first = lines.slice(0, before);
    lines = [];
    session.begin(acts, seed, until);
    if (lines.slice(0, before).join("\n") !== first.join("\n")) wrong.push("its link gives another trace");

    lines = [];
    session.go_to(middle);
    if (lines.length === 0 || lines.join("\n") !== first.slice(0, lines.length).join("\n"))
      wrong.push("going back gives another trace");
    session.world.end();
    if (wrong.length > 0) {
      failed++;
      if (failed < 3) console.log(`session ${number}: ${wrong.join("; ")}\n${play}`);
    }
  }
  fs.rmSync(folder, { recursive: true });
  console.log(`${failed === 0 ? "ok" : "FAILED"} ${Number(count) - failed} of ${count} sessions are the same natively, by link and when one goes back`);
  process.exit(failed > 0 ? 1 : 0);
})();
