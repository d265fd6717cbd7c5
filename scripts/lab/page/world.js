// The simulator in WebAssembly (tests/sim/wasm/lab.c), for the page and for node. A world stands still
// unless one of these methods lets it go on.

const STATE = { OVER: 0, PARKED: 1, LINE: 2 };
const FD = { TRACE: 1, LOG: 2 };

class World {
  /** bytes: the module. on_line(host, fd, text, now_us) is called for each line that a peer writes. */
  static async load(bytes, on_line) {
    const world = new World();
    world.on_line = on_line;
    const line = (host, fd, at, length, now_us) =>
      world.on_line(host, fd, world.text(at, length), now_us);
    const { instance } = await WebAssembly.instantiate(bytes, { lab: { line } });
    world.wasm = instance.exports;
    world.state = STATE.OVER;
    return world;
  }

  /** A new view each time: when the memory grows, older views become useless. */
  get memory() {
    return new Uint8Array(this.wasm.memory.buffer);
  }

  text(at, length) {
    return World.decoder.decode(this.memory.subarray(at, at + length));
  }

  c_string(at) {
    const memory = this.memory;
    return World.decoder.decode(memory.subarray(at, memory.indexOf(0, at)));
  }

  /** A command that is too long loses its end. */
  write(text) {
    const bytes = new TextEncoder().encode(text).subarray(0, this.wasm.lab_command_size() - 1);
    this.memory.set([...bytes, 0], this.wasm.lab_command());
  }

  /** Begin a new world. With seed 0 nothing is left to chance. */
  begin(seed = 0) {
    this.state = this.wasm.lab_begin(seed);
  }

  /** Carry out a command of a play. Returns what it tells, in sentences, or why the world has ended. */
  command(text) {
    this.write(text);
    this.state = this.wasm.lab_go();
    return this.c_string(this.wasm.lab_text());
  }

  /** Go on to the next line of a trace, for at most so many microseconds. True: there is one. */
  next_line(us) {
    this.state = this.state === STATE.PARKED ? this.wasm.lab_run(Math.max(1, Math.round(us))) : this.wasm.lab_go();
    return this.state === STATE.LINE;
  }

  /** Between a line and the next call of its thread no command can be given. Go to where one can. */
  park() {
    while (this.state === STATE.LINE) {
      this.wasm.lab_interrupt();
      this.state = this.wasm.lab_go();
    }
  }

  /** Stop all peers and end the world. Returns what was wrong with it, "" if nothing was. */
  end() {
    this.park();
    this.state = this.wasm.lab_end();
    return this.c_string(this.wasm.lab_text());
  }

  /** Why the world has ended. */
  get reason() {
    return this.state === STATE.OVER ? this.c_string(this.wasm.lab_text()) : "";
  }

  /** Why the last command could not be carried out, "" if it could. Such a command ends the world. */
  get refusal() {
    return this.wasm.lab_refused() ? this.reason.replace(/^lab:\d+: | \(host 0, [^)]*\)$/g, "") : "";
  }

  get now_us() {
    return this.wasm.lab_now_us();
  }

  runs(host) {
    return this.wasm.lab_runs(host) !== 0;
  }

  // ---- looks ----

  rows(at) {
    return this.c_string(at).split("\n").slice(0, -1).map((line) => line.split("\t"));
  }

  /** The threads of a peer. left_us: how long it still waits at most, null without limit. */
  threads(host) {
    return this.rows(this.wasm.lab_look_threads(host)).map(([name, waits, left, locks]) => ({
      name, waits, left_us: Number(left) < 0 ? null : Number(left), locks: Number(locks),
    }));
  }

  /** What is under way. arrives_us: null if it is held back by a cut link. */
  network() {
    return this.rows(this.wasm.lab_look_network()).map(([from, to, bytes, arrives]) => ({
      from: Number(from), to: Number(to), bytes: Number(bytes),
      arrives_us: Number(arrives) < 0 ? null : Number(arrives),
    }));
  }

  /** The files of a host. safe: a power loss now would not change the file. */
  disk(host) {
    return this.rows(this.wasm.lab_look_disk(host)).map(([path, size, safe]) => ({
      path, size: Number(size), safe: safe === "1",
    }));
  }

  file(host, path) {
    this.write(path);
    return this.c_string(this.wasm.lab_look_file(host));
  }

  // ---- seeds ----

  /** One seed of zksim explore: "TRANSCRIPT ok". peers 0: the seed decides on the ensemble. */
  seed(number, scenario, peers) {
    this.write(scenario);
    return this.c_string(this.wasm.lab_seed(number, peers));
  }
}
World.decoder = new TextDecoder();

if (typeof module !== "undefined") module.exports = { World, STATE, FD };
