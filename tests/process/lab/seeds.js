// node seeds.js MODULE ZKSIM COUNT: seeds 1 to COUNT of every kind must have the same transcript in
// WebAssembly as natively, which is a hash of every decision and of all bytes sent or stored.
const fs = require("fs");
const { execFileSync } = require("child_process");
const { World } = require("../../../scripts/lab/page/world.js");

const KINDS = [
  { scenario: "faults", peers: 0, options: ["--mix"] },
  { scenario: "election", peers: 0, options: ["--mix"] },
  { scenario: "terms", peers: 3, options: ["--peers", "3"] },
  { scenario: "errors", peers: 5, options: ["--peers", "5"] },
];

(async () => {
  const [, , file, zksim, count] = process.argv;
  const world = await World.load(fs.readFileSync(file), (host, fd, text) => {
    if (host === 0) console.error(text);
  });
  let failed = 0;
  for (const { scenario, peers, options } of KINDS) {
    let same = 0;
    for (let seed = 1; seed <= Number(count); seed++) {
      const words = execFileSync(zksim, ["replay", String(seed), "--scenario", scenario, ...options], {
        encoding: "utf8",
      });
      const native = /transcript ([0-9a-f]{16})/.exec(words)[1];
      const here = world.seed(seed, scenario, peers);
      if (here === `${native} ok`) same++;
      else if (seed - same < 4) console.log(`  ${scenario} ${seed}: natively ${native}, here ${here}`);
    }
    console.log(`${same === Number(count) ? "ok" : "FAILED"} ${scenario}: ${same} of ${count} seeds are the same`);
    if (same !== Number(count)) failed++;
  }
  process.exit(failed > 0 ? 1 : 0);
})();
