// How a step of a lesson goes: its acts, then the world until what it waits for has come. The page shows
// the same step slowly; the test plays it at once.

const STEP_LIMIT_MS = 60000;

/** Made before the acts of the step, because what it waits for may come while they are carried out. */
class StepWatch {
  constructor(step) {
    this.step = step;
    this.missing = [...(step.until || [])];
    this.never = step.never || [];
    this.forbidden = null;
    this.run = step.run !== undefined;
    this.end_us = Infinity;
  }

  /** Time counts from here. */
  acts_done(now_us) {
    this.end_us = now_us + (this.step.run ?? this.step.within ?? STEP_LIMIT_MS) * 1000;
  }

  take(event) {
    this.missing = this.missing.filter((pattern) => !matches(event, pattern));
    this.forbidden = this.forbidden || (this.never.some((pattern) => matches(event, pattern)) ? event : null);
  }

  done(now_us) {
    return this.run ? now_us >= this.end_us : this.missing.length === 0;
  }

  /** What went otherwise than the lesson says, or "". */
  wrong(now_us) {
    if (this.forbidden) return `this must not happen: ${JSON.stringify(this.forbidden)}`;
    if (!this.done(now_us)) return `this did not happen: ${JSON.stringify(this.missing)}`;
    return "";
  }
}

/** What `show state` must say, against what it says: "" if all is as shown. */
function state_differs(shows, told) {
  const lines = told.trim().split("\n");
  const wrong = Object.entries(shows || {}).filter(([n, state]) => !lines.some((line) => line.startsWith(`${n} is ${state}`)));
  return wrong.map(([n, state]) => `${n} is not ${state}`).join(", ");
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./session.js"));
  module.exports = { StepWatch, state_differs };
}
