#!/usr/bin/env bash
# All tests: the one command.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
Usage: test.sh [--quick | --full] [-j N] [--help]

Runs all tests and ends with the line "N passed, N failed", which counts every single one. Prints a
line for each part; what failed is shown, everything else is in build/test-logs. What is missing is
installed.

The parts: the static checks of check.sh; the unit tests as built by gcc, by gcc with AddressSanitizer
and UndefinedBehaviorSanitizer, and by gcc with ThreadSanitizer; a build by clang; then ensembles of
real processes, of C and of Java peers (tests/interop), and two mixes again with sanitized C peers;
the README's commands; filming, the replay page in a browser, and two of the stories.

      --quick   only the static checks (without clang-tidy) and the unit tests as built by gcc
      --full    also the unit tests as built by clang and for release, all stories, and all ensembles
                again with sanitized C peers
  -j, --jobs N  so many things at a time (default: as many as there are processors)
  -h, --help    this text

Exit: 0 all passed, 1 some failed, 2 wrong usage.
TEXT
}

readonly LOGS=$REPO/build/test-logs
readonly PLAYS=$REPO/tests/interop
# Mixes of an ensemble, peers 1, 2 and 3: every one with at least one peer of each kind. Sanitized C
# peers play the first two.
readonly MIXES=('java,c,java' 'c,java,c' 'c,c,java' 'c,java,java' 'java,c,c' 'java,java,c')
# Stories that show the most in a minute; --full plays all.
readonly FEW_STORIES=(larger-id-wins old-leader-returns)
readonly FEW_MIXES=("${MIXES[@]:0:2}")

passed=0 failed=0

# part_line NAME PASSED FAILED STARTED: the line of a part that has ended.
part_line() {
  local word="${GREEN}ok${RESET}  "
  (($3 == 0)) || word="${RED}FAIL${RESET}"
  printf '%s  %-34s %4d passed, %d failed  (%s)\n' "$word" "$1" "$2" "$3" "$(human_ms $(($(now_ms) - $4)))"
  passed=$((passed + $2))
  failed=$((failed + $3))
}

detail() {
  sed 's/^/      /'
}

static_checks() {
  local started log=$LOGS/check.log good bad status=0
  started=$(now_ms)
  "$REPO/scripts/check.sh" "$@" >"$log" 2>&1 || status=$?
  good=$(grep -c '^ok ' "$log" || true)
  bad=$(grep -c '^FAIL ' "$log" || true)
  # It may have ended before its first check, or between two.
  ((status == 0 || bad > 0)) || bad=1
  ((good + bad > 0)) || bad=1
  part_line "static checks" "$good" "$bad" "$started"
  ((bad == 0)) || grep -v '^ok ' "$log" | detail
}

# build NAME CMAKE_OPTION...: false if it does not compile, which counts as one failure; that it
# compiles is no test.
build() {
  local name=$1 started log=$LOGS/build-$1.log
  shift
  started=$(now_ms)
  if cmake -S "$REPO" -B "$REPO/build/$name" "$@" >"$log" 2>&1 &&
    cmake --build "$REPO/build/$name" -j "$jobs" >>"$log" 2>&1; then
    part_line "build $name" 0 0 "$started"
  else
    part_line "build $name" 0 1 "$started"
    { grep -E -A3 'error:|undefined reference|CMake Error' "$log" || tail -n 20 "$log"; } | head -n 40 | detail
    return 1
  fi
}

# unit_tests NAME: all programs that CMake knows as tests.
unit_tests() {
  local name=$1 started log=$LOGS/unit-$1.log counts programs number program
  started=$(now_ms)
  ctest --test-dir "$REPO/build/$name" -V -j "$jobs" >"$log" 2>&1 || true
  { read -r counts && mapfile -t programs; } < <(awk -f "$REPO/scripts/awk/ctest_counts.awk" "$log")
  [[ $counts != '0 0' ]] || counts='0 1' # no tests at all is a failure
  part_line "unit tests, $name" "${counts% *}" "${counts#* }" "$started"
  for program in "${programs[@]}"; do
    number=${program%% *}
    say "      $name ${program#* }"
    grep -E "^$number: " "$log" | sed "s/^$number: //" |
      grep -E -B6 -A2 'FAILED|SKIPPED|ERROR|WARNING: ThreadSanitizer|runtime error|panic|SUMMARY' |
      head -n 60 | detail || grep -E "^ *[0-9]+/.* Test +#$number: " "$log" | detail
  done
}

# play NAME SCRIPT [ARGUMENT]...: an ensemble of real processes; its words and how it ended go to a log.
play() {
  local name=$1 status=0
  shift
  "$@" >"$(play_log "$name")" 2>&1 || status=$?
  say "$status" >"$(play_log "$name").status"
}

play_log() {
  printf '%s/interop-%s.log\n' "$LOGS" "${1//[^a-z0-9]/-}"
}

# count_play NAME STARTED: the line of a play that has ended. Each of its tests is a line.
count_play() {
  local log good bad status
  log=$(play_log "$1")
  status=$(<"$log.status")
  good=$(grep -c '^ok ' "$log" || true)
  bad=$(grep -c '^FAILED ' "$log" || true)
  ((status == 0 || bad > 0)) || bad=1
  ((good + bad > 0)) || bad=1
  part_line "$1" "$good" "$bad" "$2"
  grep '^skipped ' "$log" | sed 's/^/      /' || true # never silently
  ((bad == 0)) || detail play_words "$log" "$status"
}

plays() {
  local started
  started=$(now_ms)
  play "$@"
  count_play "$1" "$started"
}

# mixes PREFIX MIX...: the play about a mix, with each of these; two at a time, because most of it is
# quiet waiting.
mixes() {
  local prefix=$1 mix started
  shift
  while (($# > 0)); do
    started=$(now_ms)
    for mix in "${@:1:2}"; do
      play "${prefix}mixed $mix" "$PLAYS/mixed.sh" "$mix" &
    done
    wait
    for mix in "${@:1:2}"; do
      count_play "${prefix}mixed $mix" "$started"
    done
    shift "$(($# < 2 ? $# : 2))"
  done
}

# ensembles PREFIX: all plays that need no mix.
ensembles() {
  local play name
  for play in "$PLAYS"/*.sh; do
    name=$(basename "$play" .sh)
    case $name in
      lib | mixed) ;;
      *) plays "$1$name" "$play" ;;
    esac
  done
}

# sanitized NAME COMMAND...: with the program of a sanitizer's build as the C peer.
sanitized() {
  export ZKPEER_BINARY=$REPO/build/$1/zkpeer
  export ASAN_OPTIONS=abort_on_error=0:exitcode=99 TSAN_OPTIONS=exitcode=99:halt_on_error=1
  shift
  "$@"
  unset ZKPEER_BINARY ASAN_OPTIONS TSAN_OPTIONS
}

install_all() {
  need_packages "to build and test" cmake:cmake gcc:gcc make:make binutils:nm clang:clang \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h clang-format:clang-format \
    clang-tidy:clang-tidy shellcheck:shellcheck default-jdk-headless:javap \
    zookeeper:/usr/share/zookeeper/bin/zkServer.sh libzookeeper-java:/usr/share/java/zookeeper.jar \
    jq:jq zktop:zktop bsdutils:script procps:ps
}

run_quick() {
  static_checks --quick
  ! build dev -DCMAKE_BUILD_TYPE=Debug || unit_tests dev
}

run_normal() {
  static_checks
  ! build dev -DCMAKE_BUILD_TYPE=Debug || unit_tests dev
  ! build asan -DCMAKE_BUILD_TYPE=Debug -DZK_SANITIZE=address,undefined || unit_tests asan
  ! build tsan -DCMAKE_BUILD_TYPE=Debug -DZK_SANITIZE=thread || unit_tests tsan
  build clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang || true
  build release -DCMAKE_BUILD_TYPE=Release || return 0
  ln -sfn release/zkpeer "$REPO/build/zkpeer"
  mixes '' "${MIXES[@]}"
  ensembles ''
  plays readme "$REPO/scripts/readme.sh"
  plays film "$REPO/tests/film/run.sh"
  plays replay "$REPO/tests/replay/run.sh"
  plays stories "$REPO/tests/stories/run.sh" "${FEW_STORIES[@]}"
  [[ ! -x $REPO/build/asan/zkpeer ]] || sanitized asan mixes 'asan ' "${FEW_MIXES[@]}"
  [[ ! -x $REPO/build/tsan/zkpeer ]] || sanitized tsan mixes 'tsan ' "${FEW_MIXES[@]}"
}

run_full() {
  run_normal
  plays 'all stories' "$REPO/tests/stories/run.sh"
  plays verbs "$REPO/tests/stories/verbs.sh"
  [[ ! -x $REPO/build/clang/zkpeer ]] || unit_tests clang
  [[ ! -x $REPO/build/release/zkpeer ]] || unit_tests release
  local name
  for name in asan tsan; do
    [[ -x $REPO/build/$name/zkpeer ]] || continue
    sanitized "$name" mixes "$name " c,c,c "${MIXES[@]:2}"
    sanitized "$name" ensembles "$name "
  done
}

main() {
  local how=normal jobs started
  jobs=$(nproc)
  while (($# > 0)); do
    case $1 in
      --quick | --full) how=${1#--} && shift ;;
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"
  started=$(now_ms)
  install_all
  rm -rf "$LOGS"
  mkdir -p "$LOGS"
  "run_$how"
  say "all of it took $(human_ms $(($(now_ms) - started))); the logs are in ${LOGS#"$REPO"/}"
  say "$passed passed, $failed failed"
  ((failed == 0))
}

main "$@"
