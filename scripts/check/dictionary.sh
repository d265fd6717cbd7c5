#!/usr/bin/env bash
# The log dictionary: every line of the log explained, in include/zk/runtime/LOG.md.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: dictionary.sh [--print | --write] [--help]

Holds include/zk/runtime/log_dictionary.txt, which says what each line of the log means, whether to worry
and what to do, against include/zk/runtime/log_table.h, which has the lines: none without a meaning, no
meaning without a line. Every line must be written by some code of src; those that are marked as
Java's must consist of words that are in Java 3.8.0's jar. include/zk/runtime/LOG.md must hold the
dictionary as it is now.

      --print  print the dictionary as Markdown
      --write  put it into LOG.md between <!-- dictionary:begin --> and <!-- dictionary:end -->
  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  (($# <= 1)) || die_usage "one option at a time"
  case ${1:-} in
    --print | --write) ;;
    *) no_arguments "$@" ;;
  esac
  need_packages "to look up Java's words" libzookeeper-java:/usr/share/java/zookeeper.jar python3:python3
  gate_in_python dictionary "$@"
}

main "$@"
