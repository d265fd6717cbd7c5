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
real processes, of C and of Java peers (tests/interop).

      --quick   only the static checks (without clang-tidy) and the unit tests as built by gcc
      --full    also the unit tests as built by clang and for release, every mix of C and Java peers,
                and the ensembles again with sanitized C peers
  -j, --jobs N  so many things at a time (default: as many as there are processors)
  -h, --help    this text

Exit: 0 all passed, 1 some failed, 2 wrong usage.
TEXT
}

readonly LOGS=$REPO/build/test-logs
readonly PLAYS=$REPO/tests/interop
# Mixes of an ensemble; peers 1, 2 and 3. The first list lets each kind lead and follow the other.
readonly MIXES=('java,c,java' 'c,java,c')
readonly MORE_MIXES=('c,c,c' 'c,c,java' 'c,java,java' 'java,c,c' 'java,java,c')

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
  local started log=$LOGS/check.log good bad
  started=$(now_ms)
  "$REPO/scripts/check.sh" "$@" >"$log" 2>&1 || true
  good=$(grep -c '^ok ' "$log" || true)
  bad=$(grep -c '^FAIL ' "$log" || true)
  # It may have ended before its first check, or between two.
  ((good + bad == 7)) || bad=$((bad + 1))
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

# plays NAME SCRIPT [ARGUMENT]...: an ensemble of real processes. Each of its tests is a line.
plays() {
  local name=$1 started log=$LOGS/interop-${1//[^a-z0-9]/-}.log good bad status=0
  shift
  started=$(now_ms)
  "$@" >"$log" 2>&1 || status=$?
  good=$(grep -c '^ok ' "$log" || true)
  bad=$(grep -c '^FAILED ' "$log" || true)
  ((status == 0 || bad > 0)) || bad=1
  ((good + bad > 0)) || bad=1
  part_line "$name" "$good" "$bad" "$started"
  ((bad == 0)) || grep -v '^ok ' "$log" | tail -n 40 | detail
}

# ensembles PREFIX MIX...: all plays; those about a mix with each of these.
ensembles() {
  local prefix=$1 play name mix
  shift
  for play in "$PLAYS"/*.sh; do
    name=$(basename "$play" .sh)
    case $name in
      lib) ;;
      mixed)
        for mix; do
          plays "$prefix$name $mix" "$play" "$mix"
        done
        ;;
      *) plays "$prefix$name" "$play" ;;
    esac
  done
}

# The program of a sanitizer's build as the C peer of all ensembles.
sanitized_ensembles() {
  local name=$1
  export ZKPEER_BINARY=$REPO/build/$name/zkpeer
  export ASAN_OPTIONS=abort_on_error=0:exitcode=99 TSAN_OPTIONS=exitcode=99:halt_on_error=1
  ensembles "$name " "${MIXES[@]}"
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
  ensembles '' "${MIXES[@]}"
}

run_full() {
  run_normal
  [[ ! -x $REPO/build/clang/zkpeer ]] || unit_tests clang
  [[ ! -x $REPO/build/release/zkpeer ]] || {
    unit_tests release
    local mix
    for mix in "${MORE_MIXES[@]}"; do
      plays "mixed $mix" "$PLAYS/mixed.sh" "$mix"
    done
  }
  [[ ! -x $REPO/build/asan/zkpeer ]] || sanitized_ensembles asan
  [[ ! -x $REPO/build/tsan/zkpeer ]] || sanitized_ensembles tsan
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
