// The line of C: which function wrote an event of the trace. The functions and the rules that choose one
// were taken from the sources when this page was built (make_page.py).

const sources = JSON.parse($("sources").textContent);

/** What a rule may ask beside the fields of the event: does the leader itself write it? */
function facts_of(e) {
  return { ...e, own: e.leader === e.n ? "yes" : "no" };
}

function rule_of(e) {
  const facts = facts_of(e);
  return sources.rules.find(({ event, field, thread }) =>
    event === e.e &&
    (!field || Object.entries(field).every(([name, value]) => new RegExp(`^(?:${value})$`).test(String(facts[name] ?? "")))) &&
    (!thread || (e.thread || "").startsWith(thread)));
}

/** The rows of NOTES.md whose numbers stand in this text. The link works where the page lies in the repository. */
function show_notes(text) {
  const numbers = [...new Set(text.match(/\b[A-Z]-\d+\b/g))].filter((number) => sources.notes[number]);
  $("code_notes").replaceChildren(...numbers.map((number) => {
    const note = sources.notes[number];
    const item = html("li", {});
    if (note.link) html("a", { href: note.link, target: "_blank", rel: "noopener" }, item, number);
    else html("b", {}, item, number);
    item.append(" " + note.text);
    return item;
  }));
}

function show_code(e) {
  const rule = rule_of(e);
  const key = rule ? rule.function + rule.line : "";
  if ($("code").key === key && $("code").language === language) return;
  Object.assign($("code"), { key, language });
  const found = rule && sources.functions[rule.function];
  put($("code_where"), "text", found ? `${found.file}:${rule.line} · ${rule.function}()` : "");
  put($("code_java"), "text", found ? (found.java ? `${tr("java")}: ${found.java}` : "") : tr("code_none"));
  const text = $("code_text");
  text.replaceChildren();
  show_notes(found ? found.text : "");
  if (!found) return;
  found.text.split("\n").forEach((line, k) => {
    const node = html(found.first + k === rule.line ? "mark" : "span", {}, text, line + "\n");
    if (node.tagName === "MARK") requestAnimationFrame(() => (text.scrollTop = Math.max(0, node.offsetTop - text.offsetTop - 90)));
  });
}
