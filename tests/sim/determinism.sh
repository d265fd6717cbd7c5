#!/usr/bin/env bash
# Same seed, same transcript: whatever the compiler, the sanitizer, the way to switch stacks.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/lib.sh"

usage() {
  cat <<'END'
Usage: determinism.sh [--twice N] [--across N] [--slow N] [--builds DIR] [-j N]
       determinism.sh --short ZKSIM

Runs seeds of the mixed fault scenario in several builds of the simulator and compares the hash of all
transcripts: each decision, and all that was sent or stored. Builds what is missing, in build/.

      --twice N    seeds that run twice in the release build (default 10000): in two processes, and on
                   another number of workers, so that others ran before
      --across N   of these so many again as built by clang, with ucontext, with AddressSanitizer and
                   UndefinedBehaviorSanitizer (default 1000)
      --slow N     and so many with a thread of the system for each thread, and on ThreadSanitizer's
                   fibers (default 200)
      --builds DIR where the builds are, or are made (default build/)
      --short BIN  only this simulator: 8 seeds, twice, with each way to switch stacks
  -j, --jobs N     so many processes at a time (default: as many as there are processors)
  -h, --help       this text

In ThreadSanitizer's build log and trace take virtual time, because it must see their locks. It is
compared with a build in which they do so, too (ZK_SIM_OBSERVE=OFF).
Exit: 0 all transcripts are the same, 1 some differ, 2 wrong usage.
END
}

twice=10000 across=1000 slow=200 builds=$REPO/build short='' jobs=$(nproc)
failed=0

# transcripts SEEDS ZKSIM [OPTION]...: their hash, or words that are none.
transcripts() {
  local seeds=$1 zksim=$2
  shift 2
  "$zksim" explore --faults --mix --seeds "1..$seeds" --fingerprint "$@" || printf 'zksim ended with %d' $?
}

# same WHAT EXPECTED SEEDS ZKSIM [OPTION]...: a line of the report.
same() {
  local what=$1 expected=$2 seeds=$3 started found
  shift 2
  started=$(now_ms)
  found=$(transcripts "$@")
  if [[ $found == "$expected" && $found =~ ^[0-9a-f]{16}$ ]]; then
    say "ok      $what: $seeds seeds, $found ($(human_ms $(($(now_ms) - started))))"
  else
    say "FAILED  $what: $seeds seeds, $found and not $expected"
    failed=1
  fi
}

# built NAME CMAKE_OPTION...: the simulator of that build is up to date.
built() {
  local name=$1 log=$builds/determinism-$1.log
  shift
  mkdir -p "$builds"
  if ! { cmake -S "$REPO" -B "$builds/$name" "$@" &&
    cmake --build "$builds/$name" --target zksim -j "$jobs"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "the build $name failed; all of its output is in ${log#"$REPO"/}"
  fi
}

run_short() {
  local first backend
  first=$(transcripts 8 "$short")
  same "again" "$first" 8 "$short" --jobs 3
  for backend in asm ucontext thread; do
    same "$backend" "$first" 8 "$short" --backend "$backend"
  done
}

run_all() {
  local release=$builds/release/tests/sim/zksim seen=$builds/seen/tests/sim/zksim
  local first
  need_packages "to build the simulator" cmake:cmake gcc:gcc make:make clang:clang \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h \
    libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h
  built release -DCMAKE_BUILD_TYPE=Release
  built clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang
  built asan -DCMAKE_BUILD_TYPE=Debug -DZK_SANITIZE=address,undefined
  built tsan -DCMAKE_BUILD_TYPE=Debug -DZK_SANITIZE=thread
  built seen -DCMAKE_BUILD_TYPE=Release -DZK_SIM_OBSERVE=OFF

  first=$(transcripts "$twice" "$release" --jobs "$jobs")
  same "gcc, again" "$first" "$twice" "$release" --jobs "$((jobs + 1))"

  first=$(transcripts "$across" "$release" --jobs "$jobs")
  same "clang" "$first" "$across" "$builds/clang/tests/sim/zksim" --jobs "$jobs"
  same "ucontext" "$first" "$across" "$release" --backend ucontext --jobs "$jobs"
  same "AddressSanitizer" "$first" "$across" "$builds/asan/tests/sim/zksim" --jobs "$jobs"

  first=$(transcripts "$slow" "$release" --jobs "$jobs")
  same "threads of the system" "$first" "$slow" "$release" --backend thread --jobs "$jobs"
  first=$(transcripts "$slow" "$seen" --jobs "$jobs")
  same "fibers of ThreadSanitizer" "$first" "$slow" "$builds/tsan/tests/sim/zksim" --jobs "$jobs"
}

while (($# > 0)); do
  case $1 in
    --twice | --across | --slow | -j | --jobs)
      need_value "$1" $#
      [[ $2 =~ ^[1-9][0-9]*$ ]] || die_usage "$1 needs a number above 0, not $2"
      name=${1#--}
      [[ $1 != -j ]] || name="jobs"
      printf -v "$name" %s "$2"
      shift 2
      ;;
    --builds) need_value "$1" $# && builds=$2 && shift 2 ;;
    --short) need_value "$1" $# && short=$2 && shift 2 ;;
    -h | --help) usage && exit 0 ;;
    *) die_usage "I do not know $1" ;;
  esac
done
if [[ -n $short ]]; then
  run_short
else
  run_all
fi
exit "$failed"
