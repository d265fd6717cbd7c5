#!/usr/bin/env bash
# Fuzzes what reads bytes from outside.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: fuzz.sh [TARGET]... [--seconds N] [--merge] [--help]

Builds the fuzz targets (tests/fuzz/fuzz_<TARGET>.c) with clang, libFuzzer, AddressSanitizer and
UndefinedBehaviorSanitizer in build/fuzz and fuzzes each, or those named, from its corpus. What they
find goes to build/fuzz/found/<TARGET>, an input that breaks a promise to build/fuzz/crashes/<TARGET>,
with the command that replays it. The corpus of the repository stays as it is.

      --seconds N  fuzz each for N seconds (default 30)
      --merge      afterwards add to tests/fuzz/corpus/<TARGET> what was found and reaches code that
                   no input there does; as little of it as will do
      --list       print the names of the targets
  -h, --help       this text

Exit: 0 nothing found, 1 an input breaks a promise, 2 wrong usage.
TEXT
}

readonly FUZZ_DIR=$REPO/tests/fuzz BUILD=$REPO/build/fuzz
# Longer inputs find nothing that shorter ones do not, more slowly.
readonly LONGEST_INPUT=8192 MEMORY_MB=2048 SLOWEST_INPUT_S=20

all_targets() {
  local file
  for file in "$FUZZ_DIR"/fuzz_*.c; do
    file=${file##*/fuzz_}
    printf '%s\n' "${file%.c}"
  done
}

build_targets() {
  local log=$BUILD/build.log
  mkdir -p "$BUILD"
  if ! { cmake -S "$REPO" -B "$BUILD" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DZK_FUZZ=ON &&
    cmake --build "$BUILD" --target fuzzers -j "$(nproc)"; } >"$log" 2>&1; then
    grep -E -A3 'error|Error' "$log" | head -n 20 >&2 || true
    die "the fuzz targets do not compile; all words are in ${log#"$REPO"/}"
  fi
}

# The text targets know the words of a configuration.
dictionary() {
  case $1 in
    config_text | properties | server_line | zoo_cfg) printf -- '-dict=%s\n' "$FUZZ_DIR/dict/config.dict" ;;
  esac
}

# fuzz_one TARGET: one line; false if an input breaks a promise.
fuzz_one() {
  local target=$1 program=$BUILD/tests/fuzz/fuzz_$1 found=$BUILD/found/$1 crashes=$BUILD/crashes/$1
  local log=$BUILD/$1.log options input
  mkdir -p "$found" "$crashes"
  options=(-max_total_time="$seconds" "-rss_limit_mb=$MEMORY_MB" "-timeout=$SLOWEST_INPUT_S"
    "-max_len=$LONGEST_INPUT" -fork=0 -artifact_prefix="$crashes/" -print_final_stats=1)
  # shellcheck disable=SC2207  # one word or none
  options+=($(dictionary "$target"))
  if "$program" "${options[@]}" "$found" "$FUZZ_DIR/corpus/$target" >"$log" 2>&1; then
    say "${GREEN}ok${RESET}    $target ($(awk '/number_of_executed_units/ {n = $2} /cov:/ {c = $4}
      END {print n " inputs, coverage " c}' "$log"))"
    return 0
  fi
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  say "${RED}FAIL${RESET}  $target"
  { grep -E '^panic|runtime error|^SUMMARY|ERROR: ' "$log" || tail -n 3 "$log"; } | head -n 5 | sed 's/^/      /'
  say "      replay: ${program#"$REPO"/} ${input#"$REPO"/}"
  return 1
}

# merge_one TARGET: coverage alone counts, not how often a line was reached, so that little comes in.
merge_one() {
  local target=$1 corpus=$FUZZ_DIR/corpus/$1
  "$BUILD/tests/fuzz/fuzz_$target" -merge=1 -use_counters=0 -rss_limit_mb=$MEMORY_MB "$corpus" \
    "$BUILD/found/$target" >"$BUILD/$target.merge.log" 2>&1 || die "merging $target fails; see build/fuzz"
  say "      corpus of $target: $(find "$corpus" -type f | wc -l) files, $(cat "$corpus"/* | wc -c) bytes"
}

main() {
  local seconds=30 merge=false targets=() target bad=0
  while (($# > 0)); do
    case $1 in
      --seconds) need_value "$1" $# && seconds=$2 && shift 2 ;;
      --merge) merge=true && shift ;;
      --list) all_targets && exit 0 ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *) targets+=("$1") && shift ;;
    esac
  done
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die_usage "--seconds needs a number above 0, not $seconds"
  ((${#targets[@]} > 0)) || mapfile -t targets < <(all_targets)
  for target in "${targets[@]}"; do
    [[ -f $FUZZ_DIR/fuzz_$target.c ]] || die_usage "there is no target $target"
  done
  need_packages "to fuzz" cmake:cmake make:make clang:clang libcmocka-dev:/usr/include/cmocka.h \
    zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h \
    libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h
  trap 'exit 130' INT TERM # a fuzzer that is interrupted ends as if all were well
  build_targets
  for target in "${targets[@]}"; do
    fuzz_one "$target" || bad=$((bad + 1))
    ! $merge || merge_one "$target"
  done
  if ((bad > 0)); then
    say "$bad of ${#targets[@]} targets break a promise; the inputs are in build/fuzz/crashes"
    exit 1
  fi
  say "${#targets[@]} targets, $seconds seconds each, nothing found"
}

main "$@"
