#!/usr/bin/env bash
# Holds the list of conformance scenarios against the tests that claim them.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: conformance.sh [--table | --write] [--help]

Checks scripts/check/conformance/scenarios.txt: each scenario that is proved, wholly or in part, is claimed
by at least one test that runs; nobody claims one that is for later, or one that is not in the list.
A test claims a scenario in the comment right above it, /* FLE-07 */ or /* FLE-07, FLE-08: why */ in
tests/unit and tests/sim, # FLE-07 in tests/process/interop; or in its name, fle_07_... A play of tests/sim/plays, which
the simulator runs, claims in its head; a function of tests/process/clients, # CLI-07 above it or def cli_07_...
scripts/check/conformance/TABLE.md must hold the table of today.

      --table  print the table: what is proved, where it ran, by which tests
      --write  put the table between the marks in TABLE.md
  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  case ${1:-} in
    --table | --write)
      (($# == 1)) || die_usage "one option at a time, not $*"
      ;;
    *) no_arguments "$@" ;;
  esac
  need_packages "to read the tests" python3:python3
  gate_in_python conformance "$@"
}

main "$@"
