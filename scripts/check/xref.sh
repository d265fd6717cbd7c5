#!/usr/bin/env bash
# The crosswalk between the code and Java's classes.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: xref.sh [--table | --write | --missing | --warn] [--help]

Collects the tags "Java: Class.method()" of include/ and src/ (their grammar stands in
scripts/awk/java_tags.awk) and holds them against Java 3.8.0's jars with javap: every class, method
and field that is named must exist there. Every method of scripts/check/xref/java-methods.txt must be tagged
somewhere, or stand in scripts/check/xref/not-mirrored.txt with the reason. include/zk/CROSSWALK.md must
hold the table as it is now.

      --table     print the crosswalk as a Markdown table
      --write     put it into CROSSWALK.md between <!-- xref:begin --> and <!-- xref:end -->
      --missing   print the methods that are neither tagged nor excused
      --warn      also name public functions that look like a Java method and have no tag
  -h, --help      this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

readonly JARS=/usr/share/java/zookeeper.jar:/usr/share/java/zookeeper-jute.jar
readonly BOOK=include/zk/CROSSWALK.md
readonly BEGIN_MARK='<!-- xref:begin -->' END_MARK='<!-- xref:end -->'

# All classes of the jars and those of the JDK that we name, as javap sees them; kept until a jar
# or the list changes.
java_members() {
  local key cache jar
  key=$(cat ${JARS//:/ } scripts/check/xref/jdk-classes.txt scripts/awk/java_members.awk | sha256sum | cut -d' ' -f1)
  cache=$REPO/build/xref/$key
  if [[ ! -s $cache ]]; then
    mkdir -p "${cache%/*}"
    {
      for jar in ${JARS//:/ }; do
        jar tf "$jar" | sed -n 's/\.class$//p' | tr / .
      done
      grep -v '^#' scripts/check/xref/jdk-classes.txt
    } | grep -v module-info | xargs javap -p -cp "$JARS" | awk -f scripts/awk/java_members.awk >"$cache.new"
    mv "$cache.new" "$cache"
  fi
  cat "$cache"
}

tags() {
  local files
  mapfile -t files < <(sources include src)
  awk -f scripts/awk/java_tags.awk "${files[@]}"
}

crosswalk() {
  awk -v mode="$1" -v warnings="$2" -f scripts/awk/java_check.awk <(java_members) <(tags) \
    scripts/check/xref/java-methods.txt scripts/check/xref/not-mirrored.txt
}

table() {
  say '| Java | C | file |'
  say '|---|---|---|'
  crosswalk table 0 | LC_ALL=C sort -u
}

# CROSSWALK.md with the table of today between its marks.
book_of_today() {
  awk -v begin="$BEGIN_MARK" -v end="$END_MARK" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { inside = 1; while ((getline line < "/dev/fd/3") > 0) print line }' "$BOOK" 3< <(table)
}

need_marks() {
  [[ -f $BOOK ]] || die "there is no $BOOK"
  [[ $(grep -cxF -e "$BEGIN_MARK" "$BOOK") == 1 && $(grep -cxF -e "$END_MARK" "$BOOK") == 1 ]] ||
    die "$BOOK needs one line $BEGIN_MARK and one line $END_MARK"
}

check() {
  local scratch counted detail
  make_scratch scratch
  counted=$scratch/counted
  report < <(crosswalk check "$1" 2>"$counted")
  grep '^warning: ' "$counted" >&2 || true
  detail=$(grep -v '^warning: ' "$counted" || true)
  need_marks
  report < <(book_of_today | cmp -s - "$BOOK" ||
    say "$BOOK:1: the crosswalk is not the code's; run scripts/check/xref.sh --write")
  verdict "$detail"
}

main() {
  local mode=${1:-check}
  (($# <= 1)) || die_usage "one option at a time"
  case $mode in
    -h | --help) usage && exit 0 ;;
    check | --table | --missing | --warn | --write) ;;
    *) die_usage "I do not know $mode" ;;
  esac
  need_packages "javap reads Java's classes" default-jdk-headless:javap \
    libzookeeper-java:/usr/share/java/zookeeper.jar
  cd "$REPO"
  case $mode in
    --table) table ;;
    --missing) crosswalk missing 0 ;;
    --warn) check 1 ;;
    --write)
      need_marks
      book_of_today >"$BOOK.new" && mv "$BOOK.new" "$BOOK"
      ;;
    check) check 0 ;;
  esac
}

main "$@"
