#!/usr/bin/env bash
# What the archive needs from outside, and that it holds no state of its own.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: audit.sh [--help] [ARCHIVE]

Checks the archive of all floors (build/dev/libzkpeer.a, or another one): each symbol that it leaves
undefined must stand in tests/sim/syms.txt (the simulator answers it) or in tests/sim/pure.txt (a
function whose result depends on its arguments alone); and it must hold no writable static data.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  local archive=$ARCHIVE
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    -*) die_usage "I do not know $1" ;;
    ?*) archive=$(realpath -m "$1") ;;
  esac
  (($# <= 1)) || die_usage "one archive at a time"
  [[ $archive != "$ARCHIVE" ]] || need_archive
  [[ -f $archive ]] || die_usage "there is no $archive"
  need_packages "to read the archive" python3:python3 binutils:nm
  gate_in_python audit "$archive"
}

main "$@"
