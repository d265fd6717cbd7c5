#!/usr/bin/env bash
# Names in the product: taken once, and used.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: names.sh [--help]

Checks that no two files of src have a static function of the same name; that every function which a
header in include declares is used in src by another file than its own (what tests alone use has no
place in the product, but for a few that names.py lists with the reason); that no function says
(void)x of a parameter that it does not use, unless it is called by its address, so that a type
prescribes its parameters; and that the settings which src reads are those which the table of
settings serves: a user is told of all others that they have no effect.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  no_arguments "$@"
  need_packages "to read the sources" python3:python3
  gate_in_python names
}

main "$@"
