#!/usr/bin/env bash
# The crosswalk between the code and Java's classes.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: xref.sh [--table | --write | --missing | --warn] [--help]

Collects the tags "Java: Class.method()" of include/ and src/ (their grammar stands in
scripts/check/crosswalk.py) and holds them against Java 3.8.0's jars with javap: every class, method
and field that is named must exist there. Every method of scripts/check/xref/java-methods.txt must be tagged
somewhere, or stand in scripts/check/xref/not-mirrored.txt with the reason. include/zk/CROSSWALK.md must
hold the table as it is now.

      --table     print the crosswalk as a Markdown table
      --write     put it into CROSSWALK.md between <!-- xref:begin --> and <!-- xref:end -->
      --missing   print the methods that are neither tagged nor excused
      --warn      also name public functions that look like a Java method and have no tag
  -h, --help      this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  (($# <= 1)) || die_usage "one option at a time"
  case ${1:-} in
    --table | --write | --missing | --warn) ;;
    *) no_arguments "$@" ;;
  esac
  need_packages "javap reads Java's classes" default-jdk-headless:javap python3:python3 \
    libzookeeper-java:/usr/share/java/zookeeper.jar
  gate_in_python xref "$@"
}

main "$@"
