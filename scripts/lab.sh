#!/usr/bin/env bash
# The laboratory: an ensemble that runs in a page.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: lab.sh [-o FILE] [--help]

Builds the laboratory: one HTML file in which a whole ensemble runs, and in which you kill peers, cut
cables and watch the votes. It is the C code of src/ and the simulator of tests/sim, compiled to
WebAssembly. The file needs no server and no network: open it in a browser. What is missing is
installed (Debian's emscripten, for its C library).

  -o, --output FILE   where to write it (default: out/lab.html in the repository)
  -h, --help          this text

Exit: 0 written, 1 it does not compile, 2 wrong usage.
TEXT
}

main() {
  local output=$REPO/out/lab.html size
  while (($# > 0)); do
    case $1 in
      -o | --output) need_value "$1" $# && output=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ -d $(dirname "$output") ]] || die_usage "there is no directory $(dirname "$output")"
  need_packages "to make the page" python3:python3
  need_directory "$REPO/build/lab" "the module is built in it; take a checkout of your own"
  "$REPO/scripts/lab/module.sh" "$REPO/build/lab/lab.wasm"
  size=$(python3 "$REPO/scripts/lab/make_page.py" "$REPO/build/lab/lab.wasm" "$output") || die "the page cannot be made"
  say "wrote $output: $size"
  say "next: open it in a browser, for example with: xdg-open ${output@Q}"
}

main "$@"
