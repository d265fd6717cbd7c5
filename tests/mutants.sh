#!/usr/bin/env bash
# Plants mistakes in copies of the product, one at a time: the simulator must find each of them.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: mutants.sh [--list] [--write] [-j N] [NAME...] [--help]

For each patch of tests/sim/mutants (or those named): applies it to a copy of the tree, builds zksim
there, and runs what ctest runs with zksim, the seeds and the plays, until something fails. Prints
"ok  NAME  found by TEST: what it said", or "FAILED NAME: ..." if nobody finds it, if the patch does
not apply, or if it does not compile. First the tree as it is must pass all of that. The copies and
builds are kept in build/mutants.

A patch begins with some lines on what is broken and what harm it does; the last of them says
"Found by: TEST", which is run first.

      --list    name the patches and what they do; run nothing
      --write   afterwards put the table of all patches into tests/sim/README.md
  -j, --jobs N  so many at a time, each in a copy of its own (default: one per processor, at most 4)
  -h, --help    this text

Exit: 0 all are found, 1 some are not, 2 wrong usage, 130 interrupted.
TEXT
}

readonly PATCHES=$REPO/tests/sim/mutants
readonly WORK=$REPO/build/mutants
readonly README=$REPO/tests/sim/README.md
readonly BEGIN_MARK='<!-- mutants:begin -->' END_MARK='<!-- mutants:end -->'
readonly RUN_LIMIT_S=300 # as ctest's

# ---- patches -----------------------------------------------------------------------------------

# prose NAME: the words of the patch, on one line.
prose() {
  sed '/^--- /,$d' "$PATCHES/$1.patch" | grep -v '^Found by: ' | paste -sd ' ' - | sed 's/  */ /g; s/ $//'
}

# finder NAME: whom the patch names.
finder() {
  sed -n 's/^Found by: //p;/^--- /q' "$PATCHES/$1.patch"
}

all_names() {
  find "$PATCHES" -name '*.patch' -printf '%f\n' | sed 's/\.patch$//' | LC_ALL=C sort
}

list() {
  local name
  for name; do
    printf '%-26s %s\n' "$name" "$(prose "$name")"
  done
}

# ---- a copy of the tree, and its build -----------------------------------------------------------

# fresh_copy SLOT: the tree as it is now. The times of its files are kept, so that what was built
# before is built no more; but what a run before has patched must be.
fresh_copy() {
  local tree=$WORK/$1/tree file
  mkdir -p "$WORK/$1"
  rm -rf "$tree"
  mkdir "$tree"
  cp -a "$REPO"/{CMakeLists.txt,src,include,scripts,tests} "$tree/"
  [[ ! -f $WORK/$1/patched ]] || while read -r file; do
    [[ ! -f $tree/$file ]] || touch "$tree/$file"
  done <"$WORK/$1/patched"
  cmake -S "$tree" -B "$WORK/$1/build" -DCMAKE_BUILD_TYPE=Release >"$WORK/$1/build.log" 2>&1 ||
    die "cmake fails; its words are in build/mutants/$1/build.log"
}

build() {
  cmake --build "$WORK/$1/build" --target zksim >"$WORK/$1/build.log" 2>&1
}

# plant SLOT NAME: false if the patch does not apply, or if it does not compile; $why says which.
plant() {
  local tree=$WORK/$1/tree patch=$PATCHES/$2.patch
  sed -n 's|^+++ b/||p' "$patch" >>"$WORK/$1/patched"
  why='the patch does not apply'
  patch -s -p1 -F1 --no-backup-if-mismatch -r - -d "$tree" <"$patch" >"$WORK/$1/patch.log" 2>&1 || return 1
  why="it does not compile: $WORK/$1/build.log"
  build "$1" || return 1
}

# restore SLOT NAME: the files of the patch as they were, and younger than what was built of them.
restore() {
  local file
  while read -r file; do
    cp "$REPO/$file" "$WORK/$1/tree/$file"
  done < <(sed -n 's|^+++ b/||p' "$PATCHES/$2.patch")
}

# ---- runs ----------------------------------------------------------------------------------------

# test_runs SLOT: what zksim alone makes of ctest's tests and of the plays, a run a line: its name, then
# its arguments, with tabs between.
test_runs() {
  local play
  ctest --test-dir "$WORK/$1/build" --show-only=json-v1 | jq -r '
    .tests[] | select((.command // [""])[0] | endswith("/zksim")) | select(.command[1] == "explore") |
    [.name] + .command[1:] | @tsv'
  for play in "$WORK/$1"/tree/tests/sim/plays/*.txt; do
    [[ ! -f $play ]] || printf '%s\tplay\t%s\n' "$(basename "$play")" "$play"
  done
}

# first_words FILE: what a run says that has failed, on one line. Of a play: the first line that
# differs, as it was expected and as it came.
first_words() {
  local words
  words=$(sed -nE '
    s/^seed ([0-9]+) fails: (.*)/seed \1: \2/p
    s/^(zksim dies in seed .*|seed .* has two transcripts)/\1/p
    s/^.*: the world ends: //p
    s/^ +(expected|got): +/\1: /p' "$1" |
    sed -E 's/ \(host [0-9]+, thread .*//; s/  +/ /g; s/^(.{90}).+/\1.../' |
    awk -F : '!seen[$1]++ { printf "%s%s", separator, $0; separator = "; " }')
  printf '%s\n' "${words:-$(head -n 1 "$1")}"
}

# run SLOT NAME ARGUMENT...: true if the test passes. Otherwise $found says what it said.
run() {
  local slot=$1 test=$2 status=0 words=$WORK/$1/words
  shift 2
  timeout --foreground -k 10 "$RUN_LIMIT_S" "$WORK/$slot/build/tests/sim/zksim" "$@" >"$words" 2>&1 || status=$?
  ((status != 0)) || return 0
  if ((status == 124 || status == 137)); then
    found="$test: no end within $RUN_LIMIT_S s"
  else
    found="$test: $(first_words "$words")"
  fi
  return 1
}

# hunt SLOT FIRST: true if a test fails, which $found tells then. The test named first is run first.
hunt() {
  local slot=$1 line call lines=()
  mapfile -t lines < <(test_runs "$slot" | awk -F '\t' -v first="$2" '
    $1 == first { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }')
  for line in "${lines[@]}"; do
    IFS=$'\t' read -ra call <<<"$line"
    run "$slot" "${call[@]}" || return 0
  done
  return 1
}

# ---- one after the other -------------------------------------------------------------------------

# result WORD NAME TEXT: one line for the reader and one for the table.
result() {
  printf '%-6s %-26s %s\n' "$1" "$2" "$3"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$WORK/results"
}

try_mutant() {
  local slot=$1 name=$2 why='' found=''
  if ! plant "$slot" "$name"; then
    result FAILED "$name" "$why"
  elif hunt "$slot" "$(finder "$name")"; then
    result ok "$name" "found by $found"
  else
    result FAILED "$name" "nobody finds it"
  fi
  restore "$slot" "$name"
}

# prepare SLOT: the copy and what is built of it, without any mistake.
prepare() {
  fresh_copy "$1"
  build "$1" || die "the tree does not compile: build/mutants/$1/build.log"
  rm -f "$WORK/$1/patched"
}

# worker SLOT NAME...: takes every jobs-th of the names.
worker() {
  local slot=$1 i
  shift
  for ((i = slot - 1; i < $#; i += jobs)); do
    try_mutant "$slot" "${@:i+1:1}"
  done
}

# Without this nothing would be proved: whoever always fails finds everything.
no_mutant() {
  local found='' count
  count=$(test_runs 1 | wc -l)
  ((count > 0)) || die "there are neither seeds nor plays to run"
  ! hunt 1 '' || die "nothing can be proved: this fails without any mistake: $found"
  result ok "(none planted)" "all $count runs pass"
}

# in_all_slots FUNCTION ARGUMENT...: FUNCTION SLOT ARGUMENT..., at the same time, each in a process group
# of its own. False if one fails.
in_all_slots() {
  local slot pids=() status=0
  set -m
  for ((slot = 1; slot <= jobs; slot++)); do
    "$1" "$slot" "${@:2}" </dev/null &
    pids+=("$!")
  done
  set +m
  for slot in "${pids[@]}"; do
    wait "$slot" || status=1
  done
  return $status
}

# ---- the table -----------------------------------------------------------------------------------

table() {
  local name test
  say '| mutant | what is wrong | found by |'
  say '| --- | --- | --- |'
  for name in $(all_names); do
    test=$(awk -F '\t' -v name="$name" '$1 == "ok" && $2 == name { print $3 }' "$WORK/results" |
      sed -E 's/^found by ([^:]*):.*/\1/')
    say "| $name | $(prose "$name") | ${test:-$(finder "$name")} |"
  done
}

write_table() {
  [[ $(grep -cxF -e "$BEGIN_MARK" -e "$END_MARK" "$README") == 2 ]] ||
    die "${README#"$REPO"/} lacks the marks $BEGIN_MARK and $END_MARK"
  table >"$WORK/table"
  awk -v begin="$BEGIN_MARK" -v end="$END_MARK" -v table="$WORK/table" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { inside = 1; while ((getline line < table) > 0) print line }' "$README" >"$WORK/readme"
  cp "$WORK/readme" "$README"
}

main() {
  local how=run write='' jobs good bad names=() started
  jobs=$(($(nproc) < 4 ? $(nproc) : 4))
  started=$(now_ms)
  while (($# > 0)); do
    case $1 in
      --list) how=list && shift ;;
      --write) write=1 && shift ;;
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *)
        [[ -f $PATCHES/$1.patch ]] || die_usage "there is no patch $1"
        names+=("$1") && shift
        ;;
    esac
  done
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"
  ((${#names[@]} > 0)) || mapfile -t names < <(all_names)
  ((${#names[@]} > 0)) || die "there are no patches in ${PATCHES#"$REPO"/}"
  if [[ $how == list ]]; then
    list "${names[@]}"
    exit 0
  fi
  need_packages "to plant mistakes" cmake:cmake gcc:gcc make:make jq:jq patch:patch \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h
  trap 'end_jobs TERM' INT TERM
  mkdir -p "$WORK"
  : >"$WORK/results"
  in_all_slots prepare || exit 1
  no_mutant
  in_all_slots worker "${names[@]}" || true # what it has left out counts as failed
  [[ -z $write ]] || write_table
  good=$(grep -c '^ok' "$WORK/results" || true)
  bad=$((${#names[@]} + 1 - good))
  say "it took $(human_ms $(($(now_ms) - started)))"
  say "$good passed, $bad failed"
  ((bad == 0))
}

main "$@"
