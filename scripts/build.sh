#!/usr/bin/env bash
# Builds the peer: Release, into build/release, and puts the program at build/zkpeer.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'END'
Usage: build.sh [-j N] [--help]

Builds the C peer (Release) in build/release and puts the program at build/zkpeer. Installs the
compiler, CMake, cmocka and zlib where they are missing. Says one line, or what went wrong.

  -j, --jobs N   compile N files at a time (default: as many as there are processors)
  -h, --help     this text

Exit: 0 built, 1 it does not compile, 2 wrong usage.
END
}

# run_step WHAT COMMAND...: the command's output goes to the log and is shown only if it fails.
run_step() {
  local what=$1
  shift
  if ! "$@" >>"$log" 2>&1; then
    tail -n 60 "$log" >&2
    die "$what failed; all of its output is in ${log#"$REPO"/}"
  fi
}

main() {
  local jobs started
  jobs=$(nproc)
  while (($# > 0)); do
    case $1 in
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"

  need_packages "to build the peer" cmake:cmake gcc:gcc make:make \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h
  started=$(now_ms)
  mkdir -p "$REPO/build"
  log=$REPO/build/build.log
  : >"$log"
  run_step "configuring" cmake -S "$REPO" -B "$REPO/build/release" -DCMAKE_BUILD_TYPE=Release
  run_step "compiling" cmake --build "$REPO/build/release" --target zkpeer -j "$jobs"
  ln -sfn release/zkpeer "$REPO/build/zkpeer"
  say "built build/zkpeer in $(human_ms $(($(now_ms) - started)))"
}

main "$@"
