#!/usr/bin/env bash
# Builds the peer (or the simulator): Release, into build/release, and puts the programs into build.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'END'
Usage: build.sh [zksim] [-j N] [--help]

Builds the C peer (Release) in build/release and puts it at build/zkpeer, and zkdump beside it.
Installs the compiler, CMake, cmocka, zlib, libdeflate, libmicrohttpd and libsnappy where they are missing. Says
what it has built, or what went wrong. With the word zksim it builds the simulator instead, as build/zksim.

  -j, --jobs N   compile N files at a time (default: as many as there are processors)
  -h, --help     this text

Exit: 0 built, 1 it does not compile, 2 wrong usage.
END
}

# run_step WHAT COMMAND...: the command's output goes to the log; if it fails, what the compiler, the linker or
# CMake complain about is shown, without the lines of make around it.
run_step() {
  local what=$1
  shift
  if ! "$@" >>"$log" 2>&1; then
    { grep -vE '^(gmake|make)(\[[0-9]+\])?: |^\[ *[0-9]+%\] |^-- ' "$log" |
      grep -E -B1 -A5 'error|CMake Error|undefined reference' || tail -n 20 "$log"; } | head -n 40 >&2
    die "$what failed; all of its output is in ${log#"$REPO"/}"
  fi
}

# was_elsewhere CACHE: CMake keeps the place of the sources, and refuses to go on at another one. A symbolic link to
# the same place is none.
was_elsewhere() {
  [[ -f $1 && $(realpath -m "$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$1")") != "$(realpath "$REPO")" ]]
}

main() {
  local jobs started fresh=() programs=(zkpeer zkdump) folder=release program
  jobs=$(nproc)
  while (($# > 0)); do
    case $1 in
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      zksim) programs=(zksim) folder=release/tests/sim && shift ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"

  need_packages "to build the peer" cmake:cmake gcc:gcc make:make \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h \
    libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h
  need_directory "$REPO/build" "the program is built in it; take a checkout of your own"
  started=$(now_ms)
  log=$REPO/build/build.log
  : >"$log"
  [[ -d $REPO/build/release ]] || say "building for the first time; that takes about a minute"
  if was_elsewhere "$REPO/build/release/CMakeCache.txt"; then
    say "this checkout has been moved or copied since it was built; building it anew"
    fresh=(--fresh)
  fi
  run_step "configuring" cmake "${fresh[@]}" -S "$REPO" -B "$REPO/build/release" -DCMAKE_BUILD_TYPE=Release
  run_step "compiling" cmake --build "$REPO/build/release" --target "${programs[@]}" -j "$jobs"
  for program in "${programs[@]}"; do
    ln -sfn "$folder/$program" "$REPO/build/$program"
  done
  say "built build/${programs[0]} in $(human_ms $(($(now_ms) - started)))"
}

main "$@"
