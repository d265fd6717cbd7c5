# Reads the log dictionary.
#   awk -v mode=MODE -f log_dictionary.awk TABLE include/zk/runtime/log_dictionary.txt
# TABLE is what log_table.awk prints; the form of the second file stands at its head. The modes:
#   markdown  include/zk/runtime/LOG.md
#   check     findings: what is not explained, or explained and not there
#   words     with tabs: place, "Java" or "loosely", words that must be Java's, of all lines

BEGIN { FS = "\t"; WIDTH = 128; SHORTEST = 6 }

function finding(text) {
  if (mode == "check") printf "%s:%d: %s\n", FILENAME, FNR, text
}

# The format with one value for each of its conversions.
function filled(id, values,    format, text, value, count, i, conversion) {
  format = formats[id]
  count = values == "" ? 0 : split(values, value, / [|] /)
  while (match(format, /%(z?[dux]|s)/)) {
    conversion = substr(format, RSTART, RLENGTH)
    i++
    if (i <= count && conversion ~ /^%(z?u|d)$/ && value[i] !~ /^-?[0-9]+$/)
      finding(id ": " conversion " stands for no " value[i])
    if (i <= count && conversion == "%x" && value[i] !~ /^[0-9a-f]+$/)
      finding(id ": " conversion " stands for no " value[i])
    text = text substr(format, 1, RSTART - 1) value[i]
    format = substr(format, RSTART + RLENGTH)
  }
  if (i + 0 != count) finding(id ": " i + 0 " values are needed, " count " are there")
  return text format
}

function wrapped(text,    word, count, i, line, out) {
  count = split(text, word, " ")
  for (i = 1; i <= count; i++) {
    if (line != "" && length(line) + 1 + length(word[i]) > WIDTH - 2) {
      out = out "  " line "\n"
      line = ""
    }
    line = line (line == "" ? "" : " ") word[i]
  }
  return out "  " line
}

function end_entry(    i, words) {
  if (lines == 0) return
  if (worry == "") finding("the entry above does not say fine, look or act")
  if (worry != "" && worry != "fine" && todo == "") finding("the entry above says " worry ", and not what to do")
  if (worry == "fine" && todo != "") finding("the entry above has something to do, so it is no fine one")
  if (mode == "markdown") {
    for (i = 1; i <= lines; i++) print (i == 1 ? "* " : "  ") line[i] "\\"
    words = worry == "fine" ? "Fine. " : worry == "look" ? "**Look.** " : "**Act.** "
    print wrapped(words meaning (todo == "" ? "" : " *Do:* " todo))
  }
  lines = 0; worry = meaning = todo = ""
}

function add_line(text, about) {
  sub(/ +$/, "", text)
  if (worry != "") end_entry()
  line[++lines] = "`" text "` " about
}

# The pieces of a line between its values. The cause at its end is ours: Java prints a stack trace.
function print_words(where, how, format,    piece, count, i) {
  sub(/:?( (remote|sid)=%[ds])* reason=.*|: %s$/, "", format)
  if (how == "loosely") gsub(/ *[\/=:'] */, "%s", format)
  count = split(format, piece, /%(z?[dux]|s)|[{][^}]*[}]/)
  for (i = 1; i <= count; i++)
    if (length(piece[i]) >= SHORTEST) print where "\t" how "\t" piece[i]
}

# The table.
NR == FNR {
  levels[$1] = $2
  whose[$1] = $3
  place[$1] = $4
  formats[$1] = $5
  ids[++id_count] = $1
  next
}

/^#/ { next }
/^ *$/ { end_entry(); next }
/^= / {
  end_entry()
  if (mode == "markdown") print (headings++ ? "\n" : "") "## " substr($0, 3) "\n"
  next
}
/^Java (DEBUG|INFO|WARN|ERROR): / {
  text = $0
  sub(/^[^:]*: /, "", text)
  if (mode == "words") print_words(FILENAME ":" FNR, "Java", text)
  gsub(/[{}]/, "", text)
  add_line(text, substr($0, 6, index($0, ":") - 6) ", of Java alone")
  next
}
/^[A-Z][A-Z0-9_]*:( |$)/ {
  id = substr($0, 1, index($0, ":") - 1)
  values = substr($0, length(id) + 3)
  if (!(id in formats)) { finding(id " is no line of the log table"); next }
  known[id] = 1
  add_line(filled(id, values), levels[id] (whose[id] == "ours" ? ", ours" : ""))
  next
}
/^  (fine|look|act): / {
  if (worry != "") finding("a second meaning")
  worry = substr($0, 3, index($0, ":") - 3)
  meaning = substr($0, length(worry) + 5)
  next
}
/^  do: / { todo = substr($0, 7); next }
/^  [^ ]/ {
  if (todo != "") todo = todo " " substr($0, 3)
  else meaning = meaning " " substr($0, 3)
  next
}
{ finding("I do not understand this line") }

END {
  end_entry()
  for (i = 1; mode == "words" && i <= id_count; i++)
    if (whose[ids[i]] != "ours") print_words(table ":" place[ids[i]], whose[ids[i]], formats[ids[i]])
  if (mode != "check") exit
  for (i = 1; i <= id_count; i++)
    if (!(ids[i] in known))
      printf "%s:%d: ZK_LOG_%s is not explained in log_dictionary.txt\n", table, place[ids[i]], ids[i]
}
