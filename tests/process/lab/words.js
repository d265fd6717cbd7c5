// node words.js REPOSITORY: what peers write in English has its Chinese words, and every text of the page is used
// and there. The reasons and the kinds of events are collected from the sources of C.
const fs = require("fs");
const path = require("path");
const { execFileSync } = require("child_process");
const { REASONS_ZH, SENTENCES_ZH, reason_zh } = require("../../../scripts/lab/page/words_zh.js");
const { COURSE } = require("../../../scripts/lab/page/lessons.js");
const { TEXTS } = require("../../../scripts/lab/page/texts.js");

const [, , repository] = process.argv;
const PAGE = path.join(repository, "scripts/lab/page");

/** What stands for a number in a reason, so that a pattern can be tried on it. */
const CONVERSIONS = [
  [/"\s*PRI[dx]\w+\s*"/g, "7"],
  [/"\s*PRI[dx]\w+/g, '7"'],
  [/%(?=7)/g, ""],
];
/** Functions that take a reason under another name than why, with what they do with it. */
const OTHERS = ["end_because"];
/** Reasons that quote a stranger's packet; they stay English, as the log does. */
const QUOTES = /%s|type=|0x%|PRI|^First packet|^Got unexpected/;

/** The configuration tells its reasons to the log only, before there is a trace; zkdump is another program. */
const UNTRACED = /^src\/(ensemble\/quorum_peer_config|zkdump\.c)/;

const files = execFileSync("git", ["ls-files", "src/*.c"], { cwd: repository, encoding: "utf8" }).trim().split("\n").filter((file) => !UNTRACED.test(file));
const sources = files.map((file) => fs.readFileSync(path.join(repository, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, ""));

/** The functions of which a parameter is called why. */
function takers() {
  const names = new Set(OTHERS);
  for (const source of sources)
    for (const [, name] of source.matchAll(/\b([a-z_0-9]+)\([^(){};]*\bconst char \*why\w*[^(){};]*\)/g)) names.add(name);
  return [...names];
}

/** From the bracket at this place to the one that closes it. */
function bracketed(source, at) {
  let depth = 0;
  let quoted = false;
  for (let k = at; k < source.length; k++) {
    if (source[k] === '"' && source[k - 1] !== "\\") quoted = !quoted;
    if (quoted) continue;
    if (source[k] === "(") depth++;
    if (source[k] === ")" && --depth === 0) return source.slice(at, k);
  }
  return "";
}

function literals(text) {
  let plain = text;
  for (const [pattern, words] of CONVERSIONS) plain = plain.replace(pattern, words);
  return [...plain.replace(/"\s*\n\s*"/g, "").matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, words]) => words);
}

/** Every text that may become a reason: those handed to a taker, those printed into one, and the words for errors. */
function reasons() {
  const found = new Set();
  const calls = new RegExp(`\\b(?:${takers().join("|")}|snprintf)\\(`, "g");
  for (const source of sources) {
    for (const call of source.matchAll(calls)) {
      const inside = bracketed(source, call.index + call[0].length - 1);
      if (call[0] === "snprintf(" && !/^\(\s*(?:ret_)?why,/.test(inside)) continue;
      literals(inside).forEach((words) => found.add(words));
    }
  }
  const errors = fs.readFileSync(path.join(repository, "src/base/error.c"), "utf8");
  for (const [, words] of errors.matchAll(/return "([^"]+)"/g)) found.add(words);
  // Not reasons: the step of a connection, the name of an epoch or a state, and how a learner is synchronised; they stand
  // beside them.
  return [...found].filter((words) => !/^([a-z]+|[A-Z]+)$/.test(words));
}

function kinds() {
  const trace = fs.readFileSync(path.join(repository, "src/runtime/trace.c"), "utf8");
  return [...trace.matchAll(/trace_begin\(ctx, "(\w+)"\)/g)].map(([, kind]) => kind);
}

let failed = 0;

function judge(what, wrong) {
  console.log(wrong.length === 0 ? `ok ${what}` : `FAILED ${what}: ${wrong.join("; ")}`);
  failed += wrong.length > 0;
}

const all = reasons();
judge(`all ${all.length} reasons are known in Chinese`,
  all.filter((words) => !QUOTES.test(words) && !REASONS_ZH.some(([pattern]) => pattern.test(words))));
judge("enough reasons were found", all.length >= 25 ? [] : all);
judge("no reason is left half in English", all.filter((words) => !QUOTES.test(words) && /[a-z]{4,} [a-z]{3,}/.test(reason_zh(words))));
judge(`all ${kinds().length} kinds of events have their caption in Chinese`, kinds().filter((kind) => !SENTENCES_ZH[kind]));

const scripts = fs.readdirSync(PAGE).map((file) => fs.readFileSync(path.join(PAGE, file), "utf8")).join("\n");
const asked = [...scripts.matchAll(/(?:data-text|data-label)="(\w+)"|\btr\("(\w+)"\)/g)].map(([, element, call]) => element || call);
judge("every text that the page asks for is there", asked.filter((name) => !TEXTS[name]));
judge("every text of the page is in both languages", Object.entries(TEXTS).filter(([, text]) => !text.en || !text.zh).map(([name]) => name));
judge("every text of the page is used", Object.keys(TEXTS).filter((name) => !scripts.includes(`"${name}"`)));
/** Half-width marks beside a Chinese letter. */
const HALF_WIDTH = /[\u4e00-\u9fff][,:;?!(]|[)?!][\u4e00-\u9fff]/;

function chinese_of(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.entries(value).flatMap(([name, inner]) => (name === "en" ? [] : chinese_of(inner))) : [];
}

judge("Chinese texts have Chinese marks",
  [...chinese_of(TEXTS), ...chinese_of(COURSE), ...REASONS_ZH.map(([, words]) => words)].filter((text) => HALF_WIDTH.test(text)));
process.exit(failed > 0 ? 1 : 0);
