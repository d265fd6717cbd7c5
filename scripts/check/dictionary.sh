#!/usr/bin/env bash
# The log dictionary: every line of the log explained, in include/zk/runtime/LOG.md.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: dictionary.sh [--print | --write] [--help]

Holds include/zk/runtime/log_dictionary.txt, which says what each line of the log means, whether to worry
and what to do, against include/zk/runtime/log_table.h, which has the lines: none without a meaning, no
meaning without a line. Every line must be written by some code of src; those that are marked as
Java's must consist of words that are in Java 3.8.0's jar. include/zk/runtime/LOG.md must hold the
dictionary as it is now.

      --print  print the dictionary as Markdown
      --write  put it into LOG.md between <!-- dictionary:begin --> and <!-- dictionary:end -->
  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

readonly TABLE=include/zk/runtime/log_table.h DICTIONARY=include/zk/runtime/log_dictionary.txt
readonly BOOK=include/zk/runtime/LOG.md
readonly JAR=/usr/share/java/zookeeper.jar
readonly BEGIN_MARK='<!-- dictionary:begin -->' END_MARK='<!-- dictionary:end -->'

table() {
  awk -f scripts/awk/log_table.awk "$TABLE"
}

dictionary() {
  awk -v mode="$1" -v table="$TABLE" -f scripts/awk/log_dictionary.awk <(table) "$DICTIONARY"
}

# Lines that no code writes.
check_dead() {
  local id where
  while IFS=$'\t' read -r id _ _ where _; do
    say "$TABLE:$where: ZK_LOG_$id is written nowhere in src"
  done < <(awk -F '\t' 'NR == FNR { used[$1] = 1; next } !("ZK_LOG_" $1 in used)' \
    <(grep -rhowE 'ZK_LOG_[A-Z0-9_]+' src) <(table))
}

# All classes of the jar in one file, kept until the jar changes.
java_classes() {
  local key cache
  key=$(sha256sum "$JAR" | cut -d' ' -f1)
  cache=$REPO/build/xref/classes-$key
  if [[ ! -s $cache ]]; then
    mkdir -p "${cache%/*}"
    python3 -c 'import sys, zipfile
jar = zipfile.ZipFile(sys.argv[1])
for name in jar.namelist():
    if name.endswith(".class"):
        sys.stdout.buffer.write(jar.read(name))' "$JAR" >"$cache.$$"
    mv "$cache.$$" "$cache"
  fi
  printf '%s\n' "$cache"
}

# Words that are said to be Java's and are not. Of a line that is loosely Java's one piece must be.
check_words() {
  local classes place how words
  local -A found
  classes=$(java_classes)
  while IFS=$'\t' read -r place how words; do
    if grep -aqF -e "$words" "$classes"; then
      found[$place]=yes
    elif [[ $how == Java ]]; then
      say "$place: Java 3.8.0 does not say: $words"
    elif [[ -z ${found[$place]:-} ]]; then
      found[$place]=no
    fi
  done < <(dictionary words)
  for place in "${!found[@]}"; do
    [[ ${found[$place]} == yes ]] || say "$place: Java 3.8.0 says nothing of this"
  done
}

# LOG.md with the dictionary of today between its marks.
book_of_today() {
  awk -v begin="$BEGIN_MARK" -v end="$END_MARK" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { inside = 1; while ((getline line < "/dev/fd/3") > 0) print line }' "$BOOK" 3< <(dictionary markdown)
}

need_marks() {
  [[ $(grep -cxF -e "$BEGIN_MARK" "$BOOK") == 1 && $(grep -cxF -e "$END_MARK" "$BOOK") == 1 ]] ||
    die "$BOOK needs one line $BEGIN_MARK and one line $END_MARK"
}

# Written in place: LOG.md keeps its mode, and may be a link.
write_book() {
  local text
  need_marks
  text=$(book_of_today)
  printf '%s\n' "$text" >"$BOOK"
}

check() {
  report < <(dictionary check)
  report < <(check_dead)
  report < <(check_words | LC_ALL=C sort)
  need_marks
  report < <(book_of_today | cmp -s - "$BOOK" ||
    say "$BOOK:$(grep -nxF -e "$BEGIN_MARK" "$BOOK" | cut -d: -f1): not the dictionary of today: scripts/check/dictionary.sh --write")
  verdict "$(table | wc -l) log lines, all explained; $(table | grep -cP '^[^\t]*\t[^\t]*\tours') ours, the others in Java's words"
}

main() {
  local mode=${1:-}
  (($# <= 1)) || die_usage "one option at a time"
  case $mode in
    -h | --help) usage && exit 0 ;;
    '' | --print | --write) ;;
    *) die_usage "I do not know $mode" ;;
  esac
  cd "$REPO"
  case $mode in
    --print) dictionary markdown ;;
    --write) write_book ;;
    *)
      need_packages "to look up Java's words" libzookeeper-java:$JAR python3:python3
      check
      ;;
  esac
}

main "$@"
