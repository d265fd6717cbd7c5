#!/usr/bin/env bash
# Plants mistakes in copies of the product, one at a time: the tests must find each of them.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: mutants.sh [--list] [--write] [--part K/N [--recent N]] [-j N] [NAME...] [--help]

For each patch of tests/unit/mutants and tests/sim/mutants (or those named): applies it to a copy of
the tree, builds there what must find it, and runs that until something fails:
  tests/unit/mutants  the unit test program that the patch names; it has eight times as long as without
                      a mistake and ten seconds more, but no more than a minute
  tests/sim/mutants   zksim, with the seeds and the plays that ctest runs; the one that the patch names
                      comes first
Prints "ok  NAME  found by TEST: what it said", or "FAILED NAME: ..." if no test finds the mistake, if
the patch does not apply, or if it does not compile. First all these tests must pass on the tree as it
is. The copies and builds are kept in build/mutants.

A patch begins with some lines on what is broken and what harm it does; the last of them says
"Found by: TEST".

      --list    name the patches and what they do; run nothing
      --write   afterwards put the table of tests/sim/mutants into tests/sim/README.md
      --part K/N  only every Nth patch, from the Kth on: N such calls are all of them
      --recent N  with --part: besides, up to as many again that the last N commits are nearest to: they
                  changed the patch, a file that it patches, or the unit test that must find it
  -j, --jobs N  so many at a time, each in a copy of its own (default: one per processor, at most 4)
  -h, --help    this text

Exit: 0 all are found, 1 some are not, 2 wrong usage, 130 interrupted.
TEXT
}

readonly FOLDERS=("$REPO/tests/unit/mutants" "$REPO/tests/sim/mutants")
readonly WORK=$REPO/build/mutants
readonly README=$REPO/tests/sim/README.md
readonly BEGIN_MARK='<!-- mutants:begin -->' END_MARK='<!-- mutants:end -->'
# What takes longer has found the mistake: zksim, and a unit test, the slowest of which takes about ten seconds
# (see limit_of).
run_limit_s=300 unit_limit_s=60

# ---- patches -----------------------------------------------------------------------------------

# patch_of NAME: its path; false if there is none.
patch_of() {
  local folder
  for folder in "${FOLDERS[@]}"; do
    [[ ! -f $folder/$1.patch ]] || { say "$folder/$1.patch" && return 0; }
  done
  return 1
}

# prose NAME: the words of the patch, on one line.
prose() {
  sed '/^--- /,$d' "$(patch_of "$1")" | grep -v '^Found by: ' | paste -sd ' ' - | sed 's/  */ /g; s/ $//'
}

# finder NAME: the test that the patch names.
finder() {
  sed -n 's/^Found by: //p;/^--- /q' "$(patch_of "$1")"
}

# is_unit NAME: true if a unit test must find it, false if the simulator must.
is_unit() {
  [[ $(patch_of "$1") == "${FOLDERS[0]}"/* ]]
}

# all_names FOLDER...
all_names() {
  find "$@" -name '*.patch' -printf '%f\n' | sed 's/\.patch$//' | LC_ALL=C sort
}

# near_the_last N: the names of the patches that the last N commits changed, or that patch a file which they changed, or
# whose unit test they changed. None where there is no history.
near_the_last() {
  local changed
  changed=$(git -C "$REPO" log "-$1" --name-only --format= 2>/dev/null || true)
  {
    sed -nE 's|^(src/.*)|+++ b/\1|p; s|^tests/unit/(test_.*)\.c$|Found by: \1|p' <<<"$changed" |
      grep -rlxF -f - "${FOLDERS[@]}" || true
    say "$changed"
  } | sed -nE 's|.*/mutants/([^/]*)\.patch$|\1|p' | LC_ALL=C sort -u
}

# part_of K/N RECENT NAME...: every Nth of the names, from the Kth on; then as many again at most of the others that are near
# the last RECENT commits: all in turn as K changes, if they are more.
part_of() {
  local k=${1%/*} n=${1#*/} near=''
  (($2 == 0)) || near=$(near_the_last "$2" | paste -sd ' ')
  printf '%s\n' "${@:3}" | awk -v k="$k" -v n="$n" -v near="$near" '
    BEGIN { split(near, list, " "); for (i in list) is_near[list[i]] }
    NR % n == k % n { print; size++; next }
    $0 in is_near { others[count++] = $0 }
    END { for (i = 0; i < size && i < count; i++) print others[((k - 1) * size + i) % count] }'
}

# targets_of NAME...: the programs that must find them, each once.
targets_of() {
  local name
  for name; do
    if is_unit "$name"; then finder "$name"; else say zksim; fi
  done | LC_ALL=C sort -u
}

# check_heads NAME...: each head names one test, and that is there; no name is there twice.
check_heads() {
  local name patch twice
  twice=$(all_names "${FOLDERS[@]}" | uniq -d | head -n 1)
  [[ -z $twice ]] || die "tests/unit/mutants and tests/sim/mutants both have a patch $twice"
  for name; do
    patch=$(patch_of "$name") patch=${patch#"$REPO"/}
    [[ -n $(finder "$name") ]] || die "$patch: its head lacks the line 'Found by: TEST'"
    ! is_unit "$name" || [[ -f $REPO/tests/unit/$(finder "$name").c ]] ||
      die "$patch: there is no unit test $(finder "$name")"
  done
}

list() {
  local name
  for name; do
    printf '%-34s %s (%s)\n' "$name" "$(prose "$name")" "$(finder "$name")"
  done
}

# ---- a copy of the tree, and its build -----------------------------------------------------------

# sums DIR: the files of that tree that a build needs, each with its checksum.
sums() {
  (cd "$1" && find CMakeLists.txt src include scripts tests -type f -exec sha256sum {} + 2>/dev/null) | LC_ALL=C sort
}

# fresh_copy SLOT: the tree as it is now. Only files with other contents are written, so that what was built
# of all others is not built again.
fresh_copy() {
  local tree=$WORK/$1/tree
  mkdir -p "$tree"
  sums "$REPO" >"$WORK/$1/wanted"
  sums "$tree" >"$WORK/$1/present" || true # a new tree has nothing
  LC_ALL=C comm -13 "$WORK/$1/wanted" "$WORK/$1/present" | cut -c 67- | (cd "$tree" && xargs -r -d '\n' rm -f)
  LC_ALL=C comm -23 "$WORK/$1/wanted" "$WORK/$1/present" | cut -c 67- |
    (cd "$REPO" && xargs -r -d '\n' cp --parents -t "$tree")
  cmake -S "$tree" -B "$WORK/$1/build" -DCMAKE_BUILD_TYPE=Release >"$WORK/$1/build.log" 2>&1 ||
    die "cmake fails; its words are in build/mutants/$1/build.log"
}

# build SLOT TARGET...
build() {
  cmake --build "$WORK/$1/build" --target "${@:2}" >"$WORK/$1/build.log" 2>&1
}

# plant SLOT NAME TARGET: false if the patch does not apply, or if it does not compile; $why says which.
plant() {
  local tree=$WORK/$1/tree patch
  patch=$(patch_of "$2")
  why='the patch does not apply'
  patch -s -p1 -F1 --no-backup-if-mismatch -r - -d "$tree" <"$patch" >"$WORK/$1/patch.log" 2>&1 || return 1
  why="it does not compile: build/mutants/$1/build.log"
  build "$1" "$3" || return 1
}

# restore SLOT NAME: the files of the patch as they were, and younger than what was built of them.
restore() {
  local file
  while read -r file; do
    cp "$REPO/$file" "$WORK/$1/tree/$file"
  done < <(sed -n 's|^+++ b/||p' "$(patch_of "$2")")
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
  timeout --foreground -k 10 "$run_limit_s" "$WORK/$slot/build/tests/sim/zksim" "$@" >"$words" 2>&1 || status=$?
  ((status != 0)) || return 0
  if ((status == 124 || status == 137)); then
    found="$test: no end within $run_limit_s s"
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

# unit_words FILE STATUS: what a unit test program says that has failed, on one line: the first test that
# fails and why, or how the program ended.
unit_words() {
  local words
  words=$(sed -nE 's/^\[  FAILED  \] ([a-z_0-9]+).*/\1/p' "$1" | head -n 1)
  words=${words:-$(tail -n 1 "$1")}
  (($2 <= 128)) || words+=" (it dies of SIG$(kill -l $(($2 - 128))))"
  say "$words"
}

# limit_of TEST: so many seconds it has. What it took without a mistake, beside the same load, says how fast the
# machine is; so a mistake after which somebody waits for ever costs ten seconds, and not a minute.
limit_of() {
  local ms=0 limit
  [[ ! -s $WORK/took/$1 ]] || read -r ms <"$WORK/took/$1"
  limit=$((10 + 8 * ms / 1000))
  say $((ms > 0 && limit < unit_limit_s ? limit : unit_limit_s))
}

# run_unit SLOT TEST [NAME=VALUE]: with that in its environment; true if that unit test program passes. Otherwise $found says what it said. A program
# that hangs or dies may leave the product behind that it has started.
run_unit() {
  local status=0 words=$WORK/$1/words dir=$WORK/$1/build/tests limit
  limit=$(limit_of "$2")
  { # the shell itself would say that it aborts
    (cd "$dir" && exec timeout --foreground -k 5 "$limit" env "${@:3}" "$dir/$2" >"$words" 2>&1) || status=$?
  } 2>/dev/null
  ((status != 0)) || return 0
  pkill -KILL -f "^$WORK/$1/build/" || true
  if ((status == 124 || status == 137)); then
    found="$2: no end within $limit s"
  else
    found="$2: $(unit_words "$words" "$status")"
  fi
  return 1
}

# ---- one after the other -------------------------------------------------------------------------

# result WORD NAME TEXT: one line for the reader and one for the table.
result() {
  printf '%-6s %-34s %s\n' "$1" "$2" "$3"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$WORK/results"
}

# try_mutant SLOT NAME
try_mutant() {
  local slot=$1 name=$2 first why='' found=''
  first=$(finder "$name")
  if is_unit "$name"; then
    try_unit
  elif ! plant "$slot" "$name" zksim; then
    result FAILED "$name" "$why"
  elif hunt "$slot" "$first"; then
    result ok "$name" "found by $found"
  else
    result FAILED "$name" "no seed and no play finds it"
  fi
  restore "$slot" "$name"
}

# The part of try_mutant for a mistake that a unit test must find.
try_unit() {
  if ! plant "$slot" "$name" "$first"; then
    result FAILED "$name" "$why"
  elif run_unit "$slot" "$first" ZK_TEST_PATIENCE_MS=20000; then
    result FAILED "$name" "$first does not find it"
  else
    result ok "$name" "found by $found"
  fi
}

# prepare SLOT TARGET...: the copy and what is built of it, without any mistake.
prepare() {
  fresh_copy "$1"
  build "$@" || die "the tree does not compile: build/mutants/$1/build.log"
}

# worker SLOT NAME...: takes every jobs-th of the names.
worker() {
  local slot=$1 i
  shift
  for ((i = slot - 1; i < $#; i += jobs)); do
    try_mutant "$slot" "${@:i+1:1}"
  done
}

# no_mutant TARGET...: without this nothing would be proved: a test that always fails finds everything.
no_mutant() {
  local found='' count=0 target started run_limit_s=1200 unit_limit_s=600 # as ctest's
  rm -rf "$WORK/took" && mkdir "$WORK/took"
  for target; do
    if [[ $target == zksim ]]; then
      count=$((count + $(test_runs 1 | wc -l)))
      ! hunt 1 '' || die "nothing can be proved: this fails without any mistake: $found"
    else
      count=$((count + 1)) started=$(now_ms)
      run_unit 1 "$target" || die "nothing can be proved: this fails without any mistake: $found"
      say $(($(now_ms) - started)) >"$WORK/took/$target"
    fi
  done
  ((count > 0)) || die "there are neither unit tests nor seeds nor plays to run"
  result ok "(none planted)" "all $count runs pass"
}

# in_all_slots FUNCTION ARGUMENT...: FUNCTION SLOT ARGUMENT..., at the same time, each in a process group
# of its own. all_well is false afterwards if one has failed. Not to be called in a condition: there bash ignores set -e, and
# a worker would look for the next mistake in a copy that it could not restore.
in_all_slots() {
  local slot pids=()
  all_well=true
  set -m
  for ((slot = 1; slot <= jobs; slot++)); do
    "$1" "$slot" "${@:2}" </dev/null &
    pids+=("$!")
  done
  set +m
  for slot in "${pids[@]}"; do
    wait "$slot" || all_well=false
  done
}

# ---- the table -----------------------------------------------------------------------------------

table() {
  local name test
  say '| mutant | what is wrong | found by |'
  say '| --- | --- | --- |'
  for name in $(all_names "${FOLDERS[1]}"); do
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
  local how=run write='' part='' recent=0 jobs good bad names=() targets=() started
  jobs=$(($(nproc) < 4 ? $(nproc) : 4))
  started=$(now_ms)
  while (($# > 0)); do
    case $1 in
      --list) how=list && shift ;;
      --write) write=1 && shift ;;
      --part)
        need_value "$1" $# && part=$2 && shift 2
        [[ $part =~ ^[1-9][0-9]*/[1-9][0-9]*$ && ${part%/*} -le ${part#*/} ]] || die_usage "--part takes 1/3, 2/3 or the like, not $part"
        ;;
      --recent) need_value "$1" $# && recent=$2 && shift 2 ;;
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *)
        patch_of "$1" >/dev/null || die_usage "there is no patch $1"
        names+=("$1") && shift
        ;;
    esac
  done
  [[ $recent =~ ^[0-9]+$ ]] || die_usage "--recent needs a number, not $recent"
  ((recent == 0)) || [[ -n $part ]] || die_usage "--recent needs --part"
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"
  ((${#names[@]} > 0)) || mapfile -t names < <(all_names "${FOLDERS[@]}")
  ((${#names[@]} > 0)) || die "there are no patches in tests/unit/mutants and tests/sim/mutants"
  if [[ -n $part ]]; then
    mapfile -t names < <(part_of "$part" "$recent" "${names[@]}")
  fi
  if [[ $how == list ]]; then
    list "${names[@]}"
    exit 0
  fi
  need_packages "to plant mistakes" cmake:cmake gcc:gcc make:make jq:jq patch:patch \
    procps:pkill libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h
  check_heads "${names[@]}"
  mapfile -t targets < <(targets_of "${names[@]}")
  trap 'end_jobs TERM' INT TERM
  mkdir -p "$WORK"
  : >"$WORK/results"
  in_all_slots prepare "${targets[@]}"
  $all_well || exit 1
  no_mutant "${targets[@]}"
  in_all_slots worker "${names[@]}" # what one has left out counts as failed
  [[ -z $write ]] || write_table
  good=$(grep -c '^ok' "$WORK/results" || true)
  bad=$((${#names[@]} + 1 - good))
  say "it took $(human_ms $(($(now_ms) - started)))"
  say "$good passed, $bad failed"
  ((bad == 0))
}

main "$@"
