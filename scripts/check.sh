#!/usr/bin/env bash
# All checks that run nothing of the product.
set -euo pipefail
export LC_ALL=C.UTF-8 # which letters [a-z] has depends on the language
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
  tidy        lengths, leftovers, calls that only the ground floors may make; clang-tidy, and what clang warns
              of as a compiler, of locks too
  floors      who includes and calls whom
  audit       what the archive needs from outside; no writable data in it
  xref        every "Java: ..." tag exists in Java 3.8.0; every method is mirrored or excused
  sides       of the classes that people read beside Java, each method is one C function, in Java's order
  names       a static name is there once; no parameter is handed over for nothing; settings are served if they are read
  notes       every number, thread, queue and lock has its row in NOTES.md
  dictionary  every line of the log is explained in NOTES.md, and Java's words are Java's
  conformance every scenario that is proved is claimed by a test that runs
  mutants     every mistake that the tests must find can still be planted
  gates       these checks find mistakes in small trees made for that
The archive is built first (build/dev). What is missing is installed.

      --quick   without clang-tidy, which takes a minute or two where nothing of it is remembered
  -h, --help    this text

Exit: 0 all clean, 1 findings, 2 wrong usage.
TEXT
}

# A tool that breaks finds nothing: its status is asked for, which < <( ) would not do.
format() {
  local files said=$scratch/format.said
  cd "$REPO"
  mapfile -t files < <(sources include src tests scripts)
  clang-format --dry-run --style=file "${files[@]}" 2>"$said" || { cat "$said" && return 1; }
  report < <(sed -nE 's/^([^:]+):([0-9]+):.*/\1:\2: not as clang-format writes it/p' "$said" | sort -t: -k1,1 -u)
  verdict "${#files[@]} files"
}

scripts_clean() {
  local files status=0 said=$scratch/shellcheck.said
  cd "$REPO"
  mapfile -t files < <(find scripts tests -name '*.sh' | sort && printf '.ci/run\n')
  # A few at a time for each processor, in no order: sorted, the words do not depend on that.
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 6 shellcheck -x --format=gcc >"$said" || status=$?
  report < <(sort "$said")
  ((status == 0 || FINDINGS > 0)) || { say "shellcheck has found nothing, but ended with $status" && return 1; }
  verdict "${#files[@]} scripts"
}

# The mistakes of the mutants must still apply to the product: else a test looks for one that is not there.
# Its head must name one test. patch puts its files into TMPDIR, and makes that directory anew where it is gone: so
# the loop is no < <( ), for which nobody waits after Ctrl-C.
mutants_apply() {
  local patch count=0 found=$scratch/mutants.found
  cd "$REPO"
  for patch in tests/{sim,unit}/mutants/*.patch; do
    # Ctrl-C can leave a file that patch has just made.
    TMPDIR=$scratch patch -s -p1 -F1 --dry-run -r - <"$patch" >/dev/null 2>&1 ||
      say "$patch:1: it does not apply any more"
    [[ $(sed '/^--- /q' "$patch" | grep -c '^Found by: [a-z0-9_.][a-z0-9_.]*$') == 1 ]] ||
      say "$patch:1: its head lacks one line 'Found by: TEST'"
    count=$((count + 1))
  done >"$found"
  report <"$found"
  verdict "$count patches apply"
}

# The gates themselves find what they are there for.
gates_find() {
  local words
  words=$("$REPO/tests/process/gates/run.sh") || { grep -A 8 '^FAILED' <<<"$words" && return 1; }
  say "$(grep -c '^ok ' <<<"$words") tests of the gates"
}

build_archive() {
  local log=$REPO/build/archive.log
  mkdir -p "$REPO/build"
  if ! { cmake -S "$REPO" -B "$BUILD_DIR" -DCMAKE_BUILD_TYPE=Debug &&
    cmake --build "$BUILD_DIR" --target zkpeer_archive -j "$(nproc)"; } >"$log" 2>&1; then
    grep -E 'error|Error' "$log" | head -n 20 || true
    say "the archive does not compile; all words are in ${log#"$REPO"/}"
    return 1
  fi
  say "libzkpeer.a is up to date"
}

# begin NAME COMMAND...: the gate runs in the background, in a process group of its own, so that an end can
# be passed on to it. Its words go to a file.
begin() {
  local name=$1
  shift
  set -m
  "$@" >"$scratch/$name" 2>&1 </dev/null &
  set +m
  running[$name]=$!
}

# tell NAME...: waits for each of these gates; one line if it is clean, else its findings.
tell() {
  local name words status
  for name; do
    status=0
    wait "${running[$name]}" || status=$?
    words=$(<"$scratch/$name")
    if ((status == 0)); then
      say "${GREEN}ok${RESET}    $name (${words//$'\n'/; })"
    else
      say "${RED}FAIL${RESET}  $name"
      printf '      %s\n' "${words//$'\n'/$'\n'      }"
      failed=$((failed + 1))
    fi
  done
}

main() {
  local failed=0 tidy=("$REPO/scripts/check/tidy.sh") scratch
  local -A running=()
  while (($# > 0)); do
    case $1 in
      --quick) tidy+=(--text) && shift ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  need_packages "to check the sources" cmake:cmake make:make gcc:gcc binutils:nm clang-format:clang-format \
    clang-tidy:clang-tidy shellcheck:shellcheck libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h libzookeeper-mt-dev:/usr/include/zookeeper/zookeeper.h \
    default-jdk-headless:javap libzookeeper-java:/usr/share/java/zookeeper.jar python3:python3 patch:patch
  make_scratch scratch
  trap 'end_jobs INT' INT TERM
  begin archive build_archive
  begin format format
  begin shellcheck scripts_clean
  begin xref "$REPO/scripts/check/xref.sh"
  begin sides "$REPO/scripts/check/side_by_side.sh" --check
  begin notes "$REPO/scripts/check/notes.sh"
  begin dictionary "$REPO/scripts/check/dictionary.sh"
  begin conformance "$REPO/scripts/check/conformance.sh"
  begin names "$REPO/scripts/check/names.sh"
  begin mutants mutants_apply
  begin gates gates_find
  tell format shellcheck xref sides names notes dictionary conformance mutants gates
  wait "${running[archive]}" || { tell archive && exit 1; }
  begin floors "$REPO/scripts/check/floors.sh"
  begin audit "$REPO/scripts/check/audit.sh"
  begin tidy "${tidy[@]}"
  tell floors audit tidy
  ((failed == 0)) || exit 1
}

main "$@"
