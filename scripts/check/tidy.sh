#!/usr/bin/env bash
# The rules of the house that a machine can check on the text of the sources, and clang-tidy.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: tidy.sh [--text | --comments] [--help]

Checks all C files: lines up to 100 columns, functions up to 70 lines (120 with the line
"/* LONG: one Java method */" first), files up to 800; every file begins with a comment that says
what it is for; threads, sockets, clocks, files and streams are called in src/base, src/runtime and src/io only, and some
functions nowhere; no leftovers. Then runs clang-tidy with the checks of .clang-tidy, clang's own
warnings among them (in src also those about locks), on the sources of build/dev, on all processors.
What was clean and has not changed is not looked at again: it is remembered in build/dev/clang-tidy
and in $XDG_CACHE_HOME/zkpeer (default ~/.cache/zkpeer).

      --text      leave clang-tidy out
      --comments  only print which share of the lines of each file of the algorithm holds a comment
  -h, --help      this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  local text_only=false comments=false
  while (($# > 0)); do
    case $1 in
      --text) text_only=true && shift ;;
      --comments) comments=true && shift ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  need_packages "to read the sources" python3:python3
  if $comments; then
    gate_in_python tidy --comments
    exit
  fi
  gate_in_python tidy
  $text_only || gate_in_python clang_tidy
}

main "$@"
