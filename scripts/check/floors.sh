#!/usr/bin/env bash
# The floors of the house: who may look at whom, in the includes and in the objects.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: floors.sh [--help]

Checks that a floor (a folder of src/ and include/zk/) looks only at the floors that it stands on:
in its #include lines, and in the symbols that its objects in build/dev leave undefined. A floor's
private headers (src/<floor>/*.h) are for that floor alone. Checks also that each lock has a rank in
the band of its floor, so that locks are taken downwards, as calls go.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  no_arguments "$@"
  need_packages "to read the sources and the objects" python3:python3 binutils:nm
  need_archive
  gate_in_python floors
}

main "$@"
