# Reads include/zk/runtime/log_table.h. For each entry one line with tabs: id, level, whose, line number,
# format (PRId64 is there as %d, PRIx32 as %x).
#
# Whose words they are says the comment right above: "J" Java's; "J, ..." loosely Java's; else ours.

function unquote(text) {
  gsub(/\\"/, "\"", text)
  return text
}

function whose(comment) {
  return comment ~ /^\/\* J,/ ? "loosely" : comment ~ /^\/\* J/ ? "Java" : "ours"
}

# The format that a definition's text stands for: strings and PRI macros, joined.
function joined(text,    format) {
  while (match(text, /"([^"\\]|\\.)*"|PRI[a-z][0-9]+/)) {
    if (substr(text, RSTART, 1) == "\"")
      format = format unquote(substr(text, RSTART + 1, RLENGTH - 2))
    else
      format = format substr(text, RSTART + 3, 1)
    text = substr(text, RSTART + RLENGTH)
  }
  return format
}

/^\/\*/ { comment = $0; next }
/^$/ { comment = "" }
/^#define ZK_LOG_/ {
  id = $2; sub(/^ZK_LOG_/, "", id)
  line = FNR
  text = $0
  while (text ~ /\\$/ && (getline more) > 0) {
    sub(/ *\\$/, "", text)
    text = text " " more
  }
  sub(/^#define +[A-Z0-9_]+ +/, "", text)
  level = text; sub(/,.*/, "", level); sub(/^ *ZK_/, "", level)
  sub(/^[^,]*, */, "", text)
  printf "%s\t%s\t%s\t%d\t%s\n", id, level, whose(comment), line, joined(text)
  comment = ""
}
