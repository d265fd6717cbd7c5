#!/usr/bin/env bash
# The numbers that the code cites, and the tables of NOTES.md.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: notes.sh [--help]

Checks NOTES.md against the code: every number that the code, the tests and the scripts cite (D-7,
K-3, R-1, A-2, L-30, T-9, Q-4, W-2) has exactly one row or heading; the names of threads and queues in the code are
those of tables T and Q, and the ranks of locks those of table L, with nothing missing on either side.
Every link of every Markdown file leads somewhere, the files and C names that the book names exist, and
every play and story stands in the list beside it.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  no_arguments "$@"
  need_packages "to read the sources" python3:python3
  gate_in_python notes
}

main "$@"
