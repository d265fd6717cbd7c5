#!/usr/bin/env bash
# Java's methods and our functions side by side, in Java's order.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: side_by_side.sh [CLASS]... [--check] [--help]

Prints for each method of Java's class, in the order of Java's source, the C function that mirrors
it, with its file and line, for a reader who has both open side by side. CLASS is for example Leader or
QuorumCnxManager.SendWorker, and those inside it come too; without one: FastLeaderElection,
QuorumCnxManager, Leader, LearnerHandler and Learner. Marks a method that is

  SPLIT          over several functions
  OUT OF ORDER   not at Java's place among the functions of its C file
  - REASON       not mirrored, with the reason from scripts/check/xref/not-mirrored.txt, or MISSING

      --check  demand of those five classes that each method that is mirrored is one function, in
               Java's order; exceptions stand with their reasons in scripts/check/xref/exceptions.txt
  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

main() {
  local class
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    --check) (($# == 1)) || die_usage "--check takes no class" ;;
    -*) die_usage "I do not know $1" ;;
    *)
      for class; do
        grep -qF -e "$class." -e "$class(" "$REPO/scripts/check/xref/java-methods.txt" ||
          die_usage "java-methods.txt has no class $class"
      done
      ;;
  esac
  need_packages "javap reads Java's classes" default-jdk-headless:javap python3:python3 \
    libzookeeper-java:/usr/share/java/zookeeper.jar
  gate_in_python side_by_side "$@"
}

main "$@"
