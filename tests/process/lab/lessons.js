// node lessons.js MODULE: every lesson must go as it says, in the world and in both languages.
const fs = require("fs");
const { World } = require("../../../scripts/lab/page/world.js");
const { Session } = require("../../../scripts/lab/page/session.js");
const { COURSE } = require("../../../scripts/lab/page/lessons.js");
const { StepWatch, state_differs } = require("../../../scripts/lab/page/lesson_player.js");

const LANGUAGES = ["en", "zh"];
const AT_LEAST = 12;

/** Texts that lack a language, by where they stand. */
function untranslated(value, where = "") {
  if (typeof value !== "object" || value === null) return [];
  if (LANGUAGES.some((language) => language in value))
    return LANGUAGES.every((language) => (value[language] || "").trim()) ? [] : [where];
  return Object.entries(value).flatMap(([name, inner]) => untranslated(inner, `${where}.${name}`));
}

function play_step(session, step) {
  const watch = new StepWatch(step);
  session.hear = (event) => watch.take(event);
  for (const act of step.act || []) session.act(act);
  watch.acts_done(session.now_us);
  while (!session.over && !watch.done(session.now_us) && session.now_us < watch.end_us) {
    if (!session.next(watch.end_us - session.now_us)) break;
  }
  if (watch.run) session.run_to(watch.end_us);
  return session.reason || watch.wrong(session.now_us) || state_differs(step.shows, session.ask("show state"));
}

(async () => {
  const world = await World.load(fs.readFileSync(process.argv[2]), () => {});
  const session = new Session(world, (event) => session.hear(event));
  session.hear = () => {};
  let failed = 0;
  for (const lesson of COURSE) {
    const wrong = untranslated(lesson).map((where) => `${where} is not in both languages`);
    session.begin([{ at: 0, text: lesson.ensemble }]);
    lesson.steps.forEach((step, k) => {
      const words = play_step(session, step);
      if (words) wrong.push(`step ${k + 1}: ${words}`);
      if (step.ask && !(step.ask.right < step.ask.options.length)) wrong.push(`step ${k + 1}: no answer is right`);
    });
    session.hear = () => {};
    session.leave();
    console.log(wrong.length === 0 ? `ok lesson ${lesson.id}` : `FAILED lesson ${lesson.id}: ${wrong.join("; ")}`);
    failed += wrong.length > 0;
  }
  if (COURSE.length < AT_LEAST) {
    console.log(`FAILED there are ${COURSE.length} lessons, not ${AT_LEAST}`);
    failed++;
  }
  process.exit(failed > 0 ? 1 : 0);
})();
