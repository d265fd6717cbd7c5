#!/usr/bin/env bash
# All checks that run nothing of the product.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"
# shellcheck source=check/gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/check/gate.sh"

usage() {
  cat <<'TEXT'
Usage: check.sh [--quick] [--help]

Runs the static checks, each of which prints one line, or what it found:
  format      every C file is as clang-format writes it
  shellcheck  every script
  tidy        lengths, leftovers, calls that only the ground floors may make; clang-tidy
  floors      who includes and calls whom
  audit       what the archive needs from outside; no writable data in it
  xref        every "Java: ..." tag exists in Java 3.8.0; every method is mirrored or excused
  notes       every number, thread, queue and lock has its row in NOTES.md
  dictionary  every line of the log is explained in NOTES.md, and Java's words are Java's
  conformance every scenario that is proved is claimed by a test that runs
The archive is built first (build/dev). What is missing is installed.

      --quick   without clang-tidy, which takes a minute
  -h, --help    this text

Exit: 0 all clean, 1 findings, 2 wrong usage.
TEXT
}

format() {
  local files
  cd "$REPO"
  mapfile -t files < <(sources include src tests scripts)
  report < <(clang-format --dry-run --style=file "${files[@]}" 2>&1 |
    sed -nE 's/^([^:]+):([0-9]+):.*/\1:\2: not as clang-format writes it/p' | sort -t: -k1,1 -u)
  verdict "${#files[@]} files"
}

scripts_clean() {
  local files
  cd "$REPO"
  mapfile -t files < <(find scripts tests -name '*.sh' | sort)
  report < <(shellcheck -x --format=gcc "${files[@]}" .ci/run)
  verdict "$((${#files[@]} + 1)) scripts"
}

# gate NAME COMMAND...: one line if it is clean, else its findings.
gate() {
  local name=$1 words
  shift
  if words=$("$@" 2>&1); then
    say "${GREEN}ok${RESET}    $name ($words)"
  else
    say "${RED}FAIL${RESET}  $name"
    printf '      %s\n' "${words//$'\n'/$'\n'      }"
    failed=$((failed + 1))
  fi
}

build_archive() {
  local log=$REPO/build/archive.log
  mkdir -p "$REPO/build"
  if ! { cmake -S "$REPO" -B "$BUILD_DIR" -DCMAKE_BUILD_TYPE=Debug &&
    cmake --build "$BUILD_DIR" --target zkpeer_archive -j "$(nproc)"; } >"$log" 2>&1; then
    grep -E 'error|Error' "$log" | head -n 20 >&2 || true
    die "the archive does not compile; all words are in ${log#"$REPO"/}"
  fi
}

main() {
  local failed=0 tidy=("$REPO/scripts/check/tidy.sh")
  while (($# > 0)); do
    case $1 in
      --quick) tidy+=(--text) && shift ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  need_packages "to check the sources" cmake:cmake make:make gcc:gcc binutils:nm clang-format:clang-format \
    clang-tidy:clang-tidy shellcheck:shellcheck libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h \
    default-jdk-headless:javap libzookeeper-java:/usr/share/java/zookeeper.jar
  gate format format
  gate shellcheck scripts_clean
  build_archive
  gate tidy "${tidy[@]}"
  gate floors "$REPO/scripts/check/floors.sh"
  gate audit "$REPO/scripts/check/audit.sh"
  gate xref "$REPO/scripts/check/xref.sh"
  gate notes "$REPO/scripts/check/notes.sh"
  gate dictionary "$REPO/scripts/check/dictionary.sh"
  gate conformance "$REPO/scripts/check/conformance.sh"
  ((failed == 0)) || exit 1
}

main "$@"
