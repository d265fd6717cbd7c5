#!/usr/bin/env bash
# Runs one C peer in the foreground.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'END'
Usage: node.sh [OPTION]... ZOO_CFG
       node.sh [OPTION]... PORT DATA_DIR

Runs one C peer in the foreground on the configuration file ZOO_CFG, or a server alone that takes its
clients at PORT and keeps its data in DATA_DIR. The log goes to stderr. Ctrl-C stops it. The program is
built if it is not there yet. Every option is the peer's own and is handed to it:

      --trace FILE      write the trace of all messages and decisions
      --log-level L     how much it logs
  -Dkey=value           a setting, as with Java
  -h, --help            this text

ZKPEER_BINARY names another program to run instead of build/zkpeer (for example one built with
sanitizers).
Exit: the peer's own status; 2 wrong usage.
END
}

main() {
  local binary=${ZKPEER_BINARY:-$REPO/build/zkpeer} arg
  for arg; do
    case $arg in
      -h | --help) usage && exit 0 ;;
    esac
  done
  (($# > 0)) || die_usage "which configuration file? (or a port and a directory for data)"
  [[ ${*: -1} != -* ]] || die_usage "the configuration file comes last, not ${*: -1}"
  if (($# < 2)) || [[ ! ${*: -2:1} =~ ^[0-9]+$ ]]; then
    [[ -f ${*: -1} ]] || die_usage "there is no configuration file ${*: -1}"
  fi
  need_kinds c >&2
  exec "$binary" "$@"
}

main "$@"
