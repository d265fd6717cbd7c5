// node plays.js MODULE PLAY...: every play must tell in WebAssembly what its file says.
const fs = require("fs");
const { World, STATE } = require("../../../scripts/lab/page/world.js");

/** [{commands, told}] of a play's file: see tests/sim/README.md. */
function blocks_of(text) {
  const blocks = [];
  let block = null;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (line === "") block = null;
    else if (block === null && line.startsWith("#")) continue;
    else if (block === null) blocks.push((block = { commands: [line], told: null }));
    else if (block.told === null && line === "----") block.told = "";
    else if (block.told === null) block.commands.push(line);
    else block.told += line + "\n";
  }
  return blocks;
}

/** What is wrong with this play, or null. */
function run(world, blocks) {
  world.begin();
  for (const { commands, told } of blocks) {
    let heard = "";
    for (const command of commands) {
      heard += world.command(command);
      if (world.state === STATE.OVER) return `the world ended at "${command}": ${heard}`;
    }
    if (heard !== told) return `after "${commands.join("; ")}"\n  expected: ${told}\n  happened: ${heard}`;
  }
  return world.end() || null;
}

(async () => {
  const [, , file, ...plays] = process.argv;
  const world = await World.load(fs.readFileSync(file), (host, fd, text) => {
    if (host === 0) console.error(text);
  });
  let failed = 0;
  for (const play of plays) {
    const wrong = run(world, blocks_of(fs.readFileSync(play, "utf8")));
    const name = play.replace(/.*\//, "");
    console.log(wrong === null ? `ok ${name}` : `FAILED ${name}: ${wrong}`);
    if (wrong !== null) failed++;
  }
  process.exit(failed > 0 ? 1 : 0);
})();
