#!/usr/bin/env bash
# Which lines of the election and of the connections do all tests together run?
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: coverage.sh [--text | --html DIR] [-j N] [--help]

Builds with gcc's line counters (build/coverage), runs the unit tests, the simulator's seeds and the
fuzz corpora, and an ensemble of three real processes. Then tells for each file of election and
quorum, and of the part of the ground floors that is connection code, how many of its lines ran, and which did
not. scripts/check/coverage/excused.txt says why; what it does not explain is a finding, and so is an excuse
for a line that runs.

      --text      the table on the standard output: the default
      --html DIR  also a page for each file in DIR
  -j, --jobs N    so many things at a time (default: as many as there are processors)
  -h, --help      this text

Exit: 0 at least 95 % of election and quorum, the rest explained; 1 not, or a test failed; 2 wrong
usage.
TEXT
}

# ZKPEER_COVERAGE_DIR: build elsewhere.
readonly COVERAGE_DIR=${ZKPEER_COVERAGE_DIR:-$REPO/build/coverage}

# step WHAT COMMAND...: quiet unless it fails.
step() {
  local what=$1 log started
  shift
  log=$COVERAGE_DIR.log
  started=$(now_ms)
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "$what failed; all words are in $log"
  fi
  say "$what ($(human_ms $(($(now_ms) - started))))"
}

build() {
  cmake -S "$REPO" -B "$COVERAGE_DIR" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DZK_COVERAGE=ON &&
    cmake --build "$COVERAGE_DIR" -j "$jobs"
}

# Counters of an earlier run, or of a source that is no more, are not ours.
forget_counters() {
  find "$COVERAGE_DIR" -name '*.gcda' -delete
}

unit_tests() {
  ctest --test-dir "$COVERAGE_DIR" -j "$jobs" --output-on-failure
}

# Peers that are told to stop leave their counters; those that are killed do not.
real_processes() {
  ZKPEER_BINARY=$COVERAGE_DIR/zkpeer QUIET_SECONDS=1 "$REPO/tests/process/interop/mixed.sh" c,c,c
}

main() {
  local jobs html=()
  jobs=$(nproc)
  while (($# > 0)); do
    case $1 in
      --text) shift ;;
      --html) need_value "$1" $# && html=(--html "$2") && shift 2 ;;
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"
  need_packages "to count lines" cmake:cmake make:make gcc:gcc gcc:gcov python3:python3 \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h \
    libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h
  mkdir -p "$COVERAGE_DIR"
  step "build" build
  forget_counters
  step "unit tests, simulator, fuzz corpora" unit_tests
  step "an ensemble of three processes" real_processes
  python3 "$REPO/scripts/check/coverage/coverage.py" "$COVERAGE_DIR" "${html[@]}"
}

main "$@"
